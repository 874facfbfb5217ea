"""One parser: verbs, flags, help and mistakes."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import click
import pytest

from tests.commands.conftest import Call
from victor_nb.commands import VERBS, Session, invoke, parse
from victor_nb.commands.group import root
from victor_nb.errors import UsageError


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(call: Call, verb: str) -> None:
    """`--help` works for every verb and shows how the verb is used."""
    text = call(verb, "--help").to_text()

    assert f"Usage: victor {verb}" in text
    assert "Example:" in text
    assert "victor" in text.split("Example:")[1]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_gives_json(verb: str) -> None:
    """`--json` is a flag of every verb, and of the verbs inside a verb."""
    command = root.get_command(root.make_context("victor", ["version"]), verb)
    assert command is not None

    assert all(any("--json" in param.opts for param in one.params) for one in _verbs_inside(command))


def _verbs_inside(command: click.Command) -> list[click.Command]:
    """The verb itself, or those of a group and of the groups in it."""
    if not isinstance(command, click.Group):
        return [command]
    return [verb for one in command.commands.values() for verb in _verbs_inside(one)]


def test_the_root_s_help_lists_every_verb_without_importing_one() -> None:
    """Help is read from the table; the modules of the verbs stay unloaded."""
    program = (
        "import sys; from victor_nb.commands import Session, parse\n"
        "parse(['--help'], Session())\n"
        "print([m for m in sys.modules if m.startswith('victor_nb.commands.')])\n"
        "print([m for m in ('pydantic', 'pandas', 'pydantic_ai', 'rich') if m in sys.modules])"
    )

    loaded, heavy = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert "victor_nb.commands.ask" not in loaded
    assert heavy == "[]"


def test_importing_the_package_imports_no_click() -> None:
    """The kernel extension imports this package when it is loaded."""
    program = "import sys, victor_nb.commands; print('click' in sys.modules, 'pydantic' in sys.modules)"

    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert out.split() == ["False", "False"]


def test_no_words_at_all_show_the_help(call: Call) -> None:
    """`%victor` alone is a question for help, not a mistake."""
    assert "Verbs:" in call().to_text()
    assert "check" in call("config").to_text()


def test_every_verb_s_module_has_its_command() -> None:
    """The table tells the truth."""
    for name, verb in VERBS.items():
        module = import_module(f"victor_nb.commands.{verb.module}")
        assert hasattr(module, "command") or name in module.commands, name


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["rnus"], "unknown verb 'rnus'. Did you mean 'runs'?"),
        (["config", "shw"], "unknown verb 'shw'. Did you mean 'show'?"),
        (["runs", "--limt", "3"], "unknown flag '--limt'. Did you mean '--limit'?"),
        (["ask", "--wiht", "df", "what?"], "unknown flag '--wiht'. Did you mean '--with'?"),
        (["ask", "--bogus", "what?"], "unknown flag '--bogus'. (victor ask)"),
        (["runs", "--limit", "many"], "'many' is not a valid integer"),
        (["runs", "--status", "asleep"], "'asleep' is not one of"),
        (["ask", "--max-cost", "-1", "what?"], "-1"),
        (["show", "a", "b"], "unexpected extra argument"),
        (["runs", "--limit"], "requires an argument"),
    ],
)
def test_a_mistake_is_a_usage_error_with_the_nearest_name(session: Session, argv: list[str], words: str) -> None:
    """The parser's own errors never leak, and a typing mistake is answered with what was meant."""
    with pytest.raises(UsageError) as caught:
        parse(argv, session)

    assert words in str(caught.value)


def test_json_is_the_value_of_the_view(call: Call) -> None:
    """`--json` gives the same facts as the view, as values."""
    view = call("version", "--json")

    assert view.to_json() == {"text": call("version").to_text()}
    assert view.to_text().startswith("{")
    assert "```json" in view.to_markdown()
    assert "<pre" in view.to_html()


def test_a_face_can_look_at_the_flags_before_running(session: Session) -> None:
    """`parse` runs nothing."""
    invocation = parse(["ask", "--background", "what?"], session)

    assert (invocation.verb, invocation.flags["background"], invocation.wants_json) == ("ask", True, False)


def test_invoke_is_parse_and_run(session: Session) -> None:
    """The short way does the same."""
    assert invoke(["version"], session) == parse(["version"], session).run()
