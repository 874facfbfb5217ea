"""Input transformer: a cell that is one victor call becomes an awaited call.

IPython does not await magics. While a magic blocks the main thread, no front end's click reaches Python on
ipykernel 7.4, nor on 7.0 to 7.3 without subshells; while a cell is awaited they do.

1. Only whole cells change: `%%victor …` on top, or a single `%victor …` line; anything else stays a plain magic.
2. Only the outermost cell changes: `%%time` and `%%capture` compile their body without top-level await.
3. The text in `In` and in the history stays what was typed, because IPython keeps the raw cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_CELL: Final = re.compile(r"%%victor(?:[ \t]+(?P<line>.*))?$")
_LINE: Final = re.compile(r"%victor(?:[ \t]+(?P<line>.*))?$")


@dataclass(eq=False, slots=True)
class AwaitVictor:
    """The transformer; an entry of `input_transformers_cleanup`.

    Attributes:
        may_await: False where the shell cannot await cells (`%autoawait off`, a terminal).
        depth: how many cells run inside each other at this moment.
    """

    may_await: Callable[[], bool]
    depth: int = 0

    def __call__(self, lines: list[str]) -> list[str]:
        """Return the lines of the awaited call, or `lines` untouched."""
        if self.depth or not self.may_await():
            return lines
        return awaited_call(lines)

    def enter(self, *_: object) -> None:
        """Note that a cell begins to run (event pre_run_cell)."""
        self.depth += 1

    def leave(self, *_: object) -> None:
        """Note that a cell has run (event post_run_cell); IPython fires it for empty cells without the other."""
        self.depth = max(0, self.depth - 1)


def awaited_call(lines: list[str]) -> list[str]:
    """Rewrite a cell's lines if they are one victor call; pure."""
    if lines and (found := _CELL.match(lines[0].rstrip())):
        return [_call(found["line"] or "", "".join(lines[1:]))]
    code = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if len(code) == 1 and (found := _LINE.match(code[0].rstrip())) and not code[0].rstrip().endswith("\\"):
        return [_call(found["line"] or "", None)]
    return lines


def _call(line: str, body: str | None) -> str:
    """The call as Python; it goes through the registered magic, so that `%unload_ext` ends it too."""
    kind = "cell" if body is not None else "line"
    return f"await get_ipython().find_{kind}_magic('victor').awaited({line!r}, {body!r})\n"
