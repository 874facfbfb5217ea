"""Which journal a workflow writes to."""

from __future__ import annotations

import os

from ..journal import Journal, open_journal

_opened: dict[tuple[int, str], Journal] = {}


def journal_of(given: Journal | str | None) -> Journal:
    """Return the journal itself, the one at a URL (opened once a process), or the one below the working directory."""
    if isinstance(given, Journal):
        return given
    if given is None:
        from ..agents.agent import default_journal

        return default_journal()
    if given == "memory:":
        return open_journal(given)
    place = (os.getpid(), given if given.startswith("postgres") else f"{os.getcwd()}:{given}")
    if place not in _opened:
        _opened[place] = open_journal(given)
    return _opened[place]
