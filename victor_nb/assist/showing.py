"""How suggestions show themselves where there are no buttons: text, Markdown, HTML without script.

Everything that is shown comes from files of others: it is escaped, cut short, and loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Final, Protocol

from victor_nb.assist.passages import Passage
from victor_nb.assist.teaching import Verdict
from victor_nb.retrieval.showing import DIM, HEAD, PRE

CODE_LINES: Final = 12
"""Lines of code that are shown of a suggestion; all of it is copied."""
_FENCE: Final = re.compile(r"`{3,}")
_MARK: Final[Mapping[str, str]] = {"accepted": "✓ accepted", "rejected": "✗ rejected"}
_NOTHING: Final = "Nothing fits; ask in other words, or name a package: --package NAME"


class Shown(Protocol):
    """What an answer shows of itself."""

    @property
    def question(self) -> str: ...
    @property
    def told(self) -> str: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def verdicts(self) -> Mapping[str, Verdict]: ...
    @property
    def passages(self) -> tuple[Passage, ...]: ...


def as_text(answer: Shown, width: int) -> str:
    """One paragraph a suggestion."""
    parts = [_plain(answer.told)] if answer.told else []
    for place, passage in enumerate(answer.passages, start=1):
        lines = [f"{place}. {_head(passage)}{_verdict(answer, passage)}", f"   {passage.source}"]
        lines += [f"   {passage.summary}"] if passage.summary else []
        lines += [f"   ({passage.why})"] if passage.why else []
        lines += [f"     {line}" for line in beginning(passage.code)]
        parts.append("\n".join(_cut(_plain(line), width) for line in lines))
    if not answer.passages:
        parts.append(_NOTHING)
    return "\n\n".join([*parts, *map(_plain, answer.notes)])


def as_markdown(answer: Shown) -> str:
    """A numbered list with code in fences."""
    parts = [f"**{_quiet(answer.told)}**"] if answer.told else []
    for place, passage in enumerate(answer.passages, start=1):
        about = [f"**{place}. {_quiet(_head(passage))}**{_verdict(answer, passage)}", _quiet(passage.source)]
        about += [_quiet(passage.summary)] if passage.summary else []
        parts.append("  \n".join(about))
        if passage.code:
            code = "\n".join(beginning(passage.code))
            fence = "`" * max([3, *(len(found) + 1 for found in _FENCE.findall(code))])
            parts.append(f"{fence}python\n{code}\n{fence}")
    if not answer.passages:
        parts.append(_NOTHING)
    return "\n\n".join([*parts, *map(_quiet, answer.notes)])


def as_html(answer: Shown) -> str:
    """One block a suggestion."""
    blocks = []
    for place, passage in enumerate(answer.passages, start=1):
        code = escape("\n".join(beginning(passage.code)))
        shown = f'<pre style="{PRE}"><code>{code}</code></pre>' if code else ""
        blocks.append(
            f'<li style="margin:0 0 14px" value="{place}"><div style="{HEAD}">{_safe(_head(passage))}'
            f"{escape(_verdict(answer, passage))}</div><div>{_safe(passage.summary)}</div>"
            f'<div style="{DIM}">{_safe(passage.source)}{_safe(" · " + passage.why) if passage.why else ""}</div>'
            f"{shown}</li>"
        )
    told = f'<div style="font-weight:600;margin-bottom:6px">{_safe(answer.told)}</div>' if answer.told else ""
    notes = "".join(f'<div style="{DIM}">{_safe(note)}</div>' for note in answer.notes)
    if not blocks:
        return f'<div>{told}<p style="{DIM}">{_safe(_NOTHING)}</p>{notes}</div>'
    return f'<div>{told}<ol style="padding-left:28px;margin:0">{"".join(blocks)}</ol>{notes}</div>'


def beginning(code: str) -> list[str]:
    """Return the first lines of code, and that there are more."""
    lines = code.splitlines()
    more = [f"# … {len(lines) - CODE_LINES} more lines"] if len(lines) > CODE_LINES + 1 else []
    return [*lines[:CODE_LINES], *more] if more else lines


def _head(passage: Passage) -> str:
    return passage.signature or passage.name


def _verdict(answer: Shown, passage: Passage) -> str:
    verdict = answer.verdicts.get(passage.id)
    return f"  {_MARK[verdict]}" if verdict else ""


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(width - 1, 1)] + "…"


def _plain(text: str) -> str:
    return "".join(each if each in "\t\n" or each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _safe(text: str) -> str:
    return escape(_plain(text))


def _quiet(text: str) -> str:
    """Return text in which Markdown sees no markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|!~$&])", r"\\\1", _plain(text))
