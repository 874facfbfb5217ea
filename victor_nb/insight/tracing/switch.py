"""The switch: traces as the settings ask for them; found by the entry point `victor_nb.followers`."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from victor_nb.config import Settings
    from victor_nb.insight.tracing.tracing import Tracing
    from victor_nb.journal import Journal

INSTALL: Final = 'pip install "victor-nb[otel]"'

_tracings: dict[tuple[int, str, bool], Tracing | None] = {}


def follow(journal: Journal, settings: Settings) -> None:
    """Send spans of the journal's runs as the settings say. Where the extra is missing, the log says so."""
    wish = settings.traces
    key = (os.getpid(), wish.endpoint, wish.content)
    if key not in _tracings:
        _tracings[key] = _made(wish.endpoint, content=wish.content)
    if (tracing := _tracings[key]) is not None:
        tracing.follow(journal)


def _made(endpoint: str, *, content: bool) -> Tracing | None:
    try:
        from victor_nb.insight.tracing.exporting import exporter_to
        from victor_nb.insight.tracing.tracing import Tracing
    except ImportError as missing:
        logging.getLogger(__name__).warning("traces are asked for and not sent: %s (%s)", missing, INSTALL)
        return None
    return Tracing(exporter_to(endpoint), content=content)
