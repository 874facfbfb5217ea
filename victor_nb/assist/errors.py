"""What can go wrong when documentation is asked for.

VictorError
 ├── UsageError
 │    └── NoQuestion        nothing was asked, and no error happened that could be looked up
 └── DocsError
      ├── NoSuchSuggestion  the last answer has no suggestion of that number
      └── NothingKept       there is no place in which anything could be kept
"""

from __future__ import annotations

from victor_nb.errors import UsageError, VictorError


class NoQuestion(UsageError):
    """Nothing was asked."""

    @classmethod
    def at_all(cls) -> NoQuestion:
        """Build the error for an empty question."""
        return cls("nothing was asked", where="docs", hint='victor docs "how do I pivot a frame"')


class DocsError(VictorError):
    """Something that the documentation assistant was asked for and cannot do."""


class NoSuchSuggestion(DocsError):
    """The last answer has no suggestion of that number."""


class NothingKept(DocsError):
    """Neither the machine's folder nor the project's can be written."""
