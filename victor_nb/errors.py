"""The one family of errors that a user can cause.

1. Everything a user can do wrong ends in a `VictorError`: what is wrong, where, and what to do next.
2. A programmer's mistakes stay `TypeError` and `ValueError`.
3. A room defines its own subclasses; only those that several rooms raise live here.

    VictorError
     ├── Resumable            the run is intact and can be resumed
     ├── UsageError           a verb, flag or value that we do not know
     ├── MissingExtra         a feature whose library is not installed
     └── (journal, models, tools, agents, … define theirs)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class VictorError(Exception):
    """An error that a user can cause.

    Args:
        what: what is wrong, one sentence, offending values shown by `repr`.
        where: the file, run, cell or setting that is concerned; empty when `what` says it.
        hint: what to do next, as a command or a sentence.
    """

    def __init__(self, what: str, where: str = "", hint: str = "") -> None:
        super().__init__(what, where, hint)  # args == parameters, so it pickles out of a kernel
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        advice = f"\n  → {self.hint}" if self.hint else ""
        return f"{self.what}{place}{advice}"


class Resumable(VictorError):
    """The work stopped, nothing is lost, and `victor resume RUN` goes on from there."""


class UsageError(VictorError):
    """A verb, flag, name or value that does not exist or does not fit."""


class MissingExtra(VictorError):
    """A feature was asked for whose library is an optional extra that is not installed."""

    @classmethod
    def named(cls, extra: str, *, needed_for: str) -> MissingExtra:
        """Build the error for one of the extras that pyproject.toml lists."""
        return cls(
            f"{needed_for} needs the extra {extra!r}, which is not installed",
            hint=f'pip install "victor-nb[{extra}]"',
        )


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest known word, or the empty string if none is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""
