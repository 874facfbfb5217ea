"""Which journal a workflow writes to."""

from __future__ import annotations

from victor_nb.journal import Journal, open_journal


def journal_of(given: Journal | str | None) -> Journal:
    """Return the journal itself, the one at a URL, or the one that the settings name.

    Of those that are written down, secrets that the settings know are kept out, and each is opened once a process.
    """
    if isinstance(given, Journal):
        return given
    if given == "memory:":
        return open_journal(given)
    from victor_nb.agents.agent import default_journal

    return default_journal(given)
