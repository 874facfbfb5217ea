"""Points in time as people write them: "2h" ago, "today", a date."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from victor_nb.errors import UsageError

_SECONDS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)")

Moment = str | float | datetime | timedelta


def seconds_of(moment: Moment, now: float) -> float:
    """Return a point in time as seconds since the epoch.

    Args:
        moment: "90s", "30min", "2h", "7d" or "2w" before `now`; "today"; a date or a time as ISO 8601 writes it, local
            unless it names a zone; seconds since the epoch; a datetime; or a timedelta before `now`.
    Raises:
        UsageError: it is none of these.
    """
    if isinstance(moment, timedelta):
        return now - moment.total_seconds()
    if isinstance(moment, datetime):
        return moment.timestamp()
    if not isinstance(moment, str):
        return float(moment)
    text = moment.strip()
    if ago := _AGO.fullmatch(text):
        return now - float(ago[1]) * _SECONDS[ago[2]]
    if text == "today":
        return datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"{moment!r} is no point in time", "since", 'write "2h", "7d", "today", "2026-03-01" or "2026-03-01 14:30"'
        ) from None
