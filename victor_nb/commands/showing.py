"""Small builders of views, so that every verb's tables and records look alike."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from victor_nb.views import RecordView, TableView

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def table(
    title: str,
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[str],
    *,
    note: str = "",
    empty: str = "Nothing to show.",
) -> TableView:
    """Return a table of named cells; `note` stands below it unless it is empty."""
    cells = [[row.get(column) for column in columns] for row in rows]
    return TableView(columns, cells, title=title, empty=empty, foot=note if rows else "")


def record(title: str, fields: Mapping[str, object]) -> RecordView:
    """Return named values, one a line."""
    return RecordView(fields, title=title)


def when(seconds: float) -> str:
    """Write a point in time in local time, to the second."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")


def age(since: float, now: float | None = None) -> str:
    """Say how long ago something was, in its largest unit: "3 min ago"."""
    seconds = max(0.0, (time.time() if now is None else now) - since)
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "now"
