"""Followers: who makes traces of a journal that the settings name, where the settings ask for traces.

1. The journal knows none of them: a follower is a function `(journal, settings)` that an entry point of GROUP names.
2. One that cannot be loaded, or that raises, is told in the log and passed over: work goes on without it.
"""

from __future__ import annotations

import logging
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final

from victor_nb.journal.opening import open_journal
from victor_nb.journal.redaction import Redactor

if TYPE_CHECKING:
    from victor_nb.config import Settings
    from victor_nb.journal.journal import Journal

GROUP: Final = "victor_nb.followers"


def open_followed(url: str, settings: Settings) -> Journal:
    """Open the journal at a URL as the settings have it: their secrets never get into it, and their followers do.

    Raises:
        UsageError, JournalError: there can be no journal at that URL.
    """
    journal = open_journal(url, Redactor(settings.values_to_hide()))
    follow(journal, settings)
    return journal


def follow(journal: Journal, settings: Settings) -> None:
    """Let every installed follower attach itself to a journal that was just opened, if traces are asked for."""
    if not settings.traces.is_wanted:  # looking around takes milliseconds
        return
    for point in entry_points(group=GROUP):
        try:
            point.load()(journal, settings)
        except Exception:
            logging.getLogger(__name__).exception("the follower %s of %s was left out", point.name, journal.url)
