"""The guides name only verbs and flags that exist, and every verb is in one of them."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from victor_nb.commands import VERBS
from victor_nb.commands.group import root

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs" / "guides").glob("*.md")), ROOT / "README.md"]
LINE = re.compile(r"(?:^|[`\s(])(?:%{1,2}victor|victor)[ \t]+(?P<words>[^`\n]+)", re.MULTILINE)


def lines_in(page: Path) -> list[list[str]]:
    """The words of each victor line inside code, comments cut off."""
    code = re.findall(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", page.read_text(encoding="utf-8"), re.DOTALL)
    text = "\n".join(one or other for one, other in code)
    return [re.split(r"\s+#\s|&&|\|", found["words"])[0].split() for found in LINE.finditer(text)]


def flags_of(words: list[str]) -> tuple[click.Command | None, list[str]]:
    """The verb that a line calls, and the long flags that it uses."""
    context = click.Context(root)
    verb = words[0] if words and words[0] in VERBS else "ask"
    command = root.get_command(context, verb)
    inner = getattr(command, "commands", {}).get(words[1]) if len(words) > 1 else None
    before_dashes = words[: words.index("--")] if "--" in words else words
    return inner or command, [word.partition("=")[0] for word in before_dashes if re.match(r"--[a-z]", word)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_flag_in_a_guide_exists(page: Path) -> None:
    """What a reader copies works."""
    for words in lines_in(page):
        command, flags = flags_of(words)
        assert command is not None
        inner = getattr(command, "commands", {}).values()
        known = {flag for one in (command, *inner) for param in one.params for flag in param.opts} | {"--help"}
        assert set(flags) <= known, f"{page.name}: victor {' '.join(words)}"


def test_every_verb_is_in_a_guide() -> None:
    """A verb that nobody can read about does not exist; `run` is another word for `ask`."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert [verb for verb in VERBS if verb not in ("run", "version") and f"victor {verb}" not in text] == []
