"""Dates and times of the standard library: exactly, with their time zones by name.

A zone that has no name of its own (of a library other than `zoneinfo`) cannot be found again and is refused.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo


def zone_to_json(zone: tzinfo | None) -> Any:
    """Return a zone as JSON: its name, or its offset in seconds.

    Raises:
        ValueError: the zone has neither.
    """
    if zone is None:
        return None
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    if isinstance(zone, timezone):
        return zone.utcoffset(None).total_seconds()
    raise ValueError(f"a time zone of type {type(zone).__name__} has no name")


def zone_from_json(written: Any) -> tzinfo | None:
    """Return the zone that `zone_to_json` wrote."""
    if written is None:
        return None
    return ZoneInfo(written) if isinstance(written, str) else timezone(timedelta(seconds=written))


def to_json(value: datetime | time) -> Any:
    """Return a date with time, or a time: in ISO format where that says all."""
    if (value.tzinfo is None or isinstance(value.tzinfo, timezone)) and not value.fold:
        return value.isoformat()
    return [value.replace(tzinfo=None, fold=0).isoformat(), zone_to_json(value.tzinfo), value.fold]


def datetime_from_json(written: Any) -> datetime:
    """Return what `to_json` wrote."""
    if isinstance(written, str):
        return datetime.fromisoformat(written)
    return datetime.fromisoformat(written[0]).replace(tzinfo=zone_from_json(written[1]), fold=written[2])


def time_from_json(written: Any) -> time:
    """Return what `to_json` wrote."""
    if isinstance(written, str):
        return time.fromisoformat(written)
    return time.fromisoformat(written[0]).replace(tzinfo=zone_from_json(written[1]), fold=written[2])
