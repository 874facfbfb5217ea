"""Followers: what other rooms and packages do with every run of a journal that the settings name, told by entry point.

1. The journal knows none of them: a follower is a function `(journal, settings)` that an entry point of GROUP names.
2. One that cannot be loaded, or that raises, is told in the log and passed over: work goes on without it.
"""

from __future__ import annotations

import logging
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from victor_nb.config import Settings
    from victor_nb.journal.journal import Journal

GROUP: Final = "victor_nb.followers"


def follow(journal: Journal, settings: Settings) -> None:
    """Let every installed follower attach itself to a journal that was just opened."""
    if not settings.traces.is_wanted:  # all that is there to follow with, today; looking around takes milliseconds
        return
    for point in entry_points(group=GROUP):
        try:
            point.load()(journal, settings)
        except Exception:
            logging.getLogger(__name__).exception("the follower %s of %s was left out", point.name, journal.url)
