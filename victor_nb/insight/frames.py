"""Metrics as a table of pandas: the one question that a cell, a terminal and a program ask.

1. Nothing is evaluated that somebody wrote: filters and derived columns are the small language of row conditions, which
   has no attribute, no index and no name but those of columns.
2. One projection is kept for each journal that is open, so that asking again reads only what is new.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from victor_nb.errors import UsageError, VictorError
from victor_nb.insight.grouping import TIME_WORDS
from victor_nb.insight.measuring import Table, measured
from victor_nb.insight.moments import Moment, seconds_of
from victor_nb.insight.projection import Projection
from victor_nb.journal import Journal, open_journal

if TYPE_CHECKING:
    import pandas as pd

_VARIABLE: Final = "metrics"
_projections: WeakKeyDictionary[Journal, Projection] = WeakKeyDictionary()
_opened: dict[tuple[int, str, str], Journal] = {}


def metrics(
    by: str | Sequence[str] = (),
    *,
    since: Moment | None = None,
    until: Moment | None = None,
    where: str = "",
    derive: Mapping[str, str] | None = None,
    run: str = "",
    journal: Journal | str | None = None,
) -> pd.DataFrame:
    """Measure the runs of a journal: one row a group, with the columns of `AgentMetrics` or of `StepMetrics`.

    Args:
        by: what to group by, words or one text with commas: agent, workflow, pipeline, kind, name, status, run; model,
            tool, node, notebook, step, which count steps; minute, hour, day, week of UTC. None for one row of all.
        since, until: "2h" or "7d" ago, "today", a date, a datetime, or seconds since the epoch.
        where: a condition that the rows must meet, such as "p95_s > 2 & error_rate > 0.1".
        derive: further columns by name, such as {"tokens": "input_tokens + output_tokens"}; `where` may use them.
        run: an id, the beginning of one, or "last"; only that run counts.
        journal: an open journal or its URL; by default the one that the settings name.
    Raises:
        UsageError: there is no such group or point in time, or a derived column has the name of another.
        ExpressionError: a condition or a derived column cannot be read; UnknownColumn names the nearest.
        RunNotFound: there is no such run.

    Example:
        >>> from victor_nb import metrics, open_journal
        >>> with open_journal("memory:") as journal:
        ...     with journal.start("agent", "poet") as run:
        ...         _ = run.step_sync("write", lambda: "a verse", kind="tool")
        ...     metrics("agent", journal=journal)[["agent", "runs", "tool_calls"]].to_dict("records")
        [{'agent': 'poet', 'runs': 1, 'tool_calls': 1}]
    """
    table = measured_in(journal_of(journal), by, since=since, until=until, run=run)
    return refined(frame_of(table), where, derive or {})


def measured_in(
    journal: Journal,
    by: str | Sequence[str] = (),
    *,
    since: Moment | None = None,
    until: Moment | None = None,
    run: str = "",
) -> Table:
    """Read what is new in a journal, and measure it; see `metrics`."""
    words = [word.strip() for word in by.split(",") if word.strip()] if isinstance(by, str) else list(by)
    now = journal.clock()
    begin, end = (None if moment is None else seconds_of(moment, now) for moment in (since, until))
    run_id = journal.find(run).run_id if run else ""
    projection = projection_of(journal)
    projection.refresh()
    return measured(projection, words, since=begin, until=end, run=run_id, now=now)


def projection_of(journal: Journal) -> Projection:
    """Return the journal's projection; the same object each time."""
    found = _projections.get(journal)
    return found if found is not None else _projections.setdefault(journal, Projection(journal))


def journal_of(given: Journal | str | None) -> Journal:
    """Return the journal itself, the one at a URL, or the one that the settings name; each is opened once."""
    if isinstance(given, Journal):
        return given
    if given is None:
        from victor_nb.config import Settings

        given = Settings.load().journal_url
    place = (os.getpid(), os.getcwd(), given)
    if place not in _opened or given == "memory:":
        _opened[place] = open_journal(given)
    return _opened[place]


def frame_of(table: Table) -> pd.DataFrame:
    """A table of metrics as a DataFrame; times are moments of UTC."""
    import pandas as pd

    labels: dict[str, Any] = {word: pd.Series(found) for word, found in table.labels.items()}
    for word in labels.keys() & TIME_WORDS.keys():
        labels[word] = pd.to_datetime(labels[word].astype("float64"), unit="s", utc=True)
    return pd.DataFrame({**labels, **table.values})


def refined(frame: pd.DataFrame, where: str, derive: Mapping[str, str]) -> pd.DataFrame:
    """Add derived columns, then keep the rows that meet a condition.

    Raises:
        UsageError: a derived column has no name, or that of another column.
        ExpressionError: an expression cannot be read, or does not fit its columns.
    """
    from victor_nb.tools.builtin.row_masks import computed_column, matching_rows

    for name, expression in derive.items():
        if not name.isidentifier() or name in frame.columns:
            why = "the table has a column of that name" if name in frame.columns else "it is no name"
            raise UsageError(f"a derived column cannot be called {name!r}: {why}", "derive", "call it otherwise")
        with _named(f"derived column {name!r}"):
            frame = frame.assign(**{name: computed_column(expression, frame, _VARIABLE)})
    if not where.strip():
        return frame
    with _named("where"):
        kept: pd.DataFrame = frame.loc[matching_rows(where, frame, _VARIABLE)].reset_index(drop=True)
        return kept


class _named:
    """Context manager: an error says which of the expressions it is about."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, VictorError):
            error.where = f"{self._place}: {error.where}" if error.where else self._place
