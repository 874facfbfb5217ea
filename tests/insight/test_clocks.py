"""Clocks that go backwards, and questions about nothing; whatever the store."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from tests.insight.conftest import NOON, Clock, Doings
from victor_nb import metrics
from victor_nb.errors import UsageError
from victor_nb.insight import Projection
from victor_nb.insight.charts import dashboard
from victor_nb.journal import Journal

HOUR_S = 3600.0


def backwards(doings: Doings, clock: Clock) -> str:
    """A run that begins at noon, asks a tool an hour earlier, and ends two hours before it began."""
    run = doings.journal.start("agent", "poet")
    clock.now -= HOUR_S
    doings.use(run, "search")
    clock.now -= HOUR_S
    run.finish("done")
    return run.id


def test_events_are_in_the_order_of_their_numbers(doings: Doings, clock: Clock) -> None:
    """Times only tell what the clock showed."""
    events = doings.journal.events(backwards(doings, clock))

    assert [event.seq for event in events] == [1, 2, 3]
    assert [event.time for event in events] == [NOON, NOON - HOUR_S, NOON - 2 * HOUR_S]


def test_no_duration_is_negative(doings: Doings, clock: Clock) -> None:
    """They are measured by another clock, which never goes back."""
    backwards(doings, clock)

    assert metrics(journal=doings.journal).iloc[0]["mean_s"] >= 0
    assert metrics("tool", journal=doings.journal).iloc[0]["mean_s"] >= 0


def test_each_counts_in_the_bucket_that_the_clock_showed(doings: Doings, clock: Clock) -> None:
    """The run where it began, its step an hour before, its end before that; what comes later is found, too."""
    backwards(doings, clock)
    assert len(metrics("hour", journal=doings.journal)) == 3
    backwards(doings, clock)

    table = metrics("hour", journal=doings.journal)

    assert table["hour"].is_monotonic_increasing
    assert table["hour"].dt.hour.tolist() == [8, 9, 10, 11, 12]
    assert table["runs"].tolist() == [0, 0, 1, 0, 1]
    assert table["tool_calls"].tolist() == [0, 1, 0, 1, 0]


def test_charts_are_drawn_of_a_time_that_went_back(doings: Doings, clock: Clock) -> None:
    """A run that ended before it began is shown, and nothing is below zero."""
    backwards(doings, clock)
    clock.now = NOON + HOUR_S
    projection = Projection(doings.journal)
    projection.refresh()

    charts = dashboard(projection)

    values = [value for chart in charts.charts for series in chart.series for value in series.values]
    assert all(math.isnan(value) or value >= 0 for value in values)


def test_a_journal_of_nothing_is_a_row_of_nothing_and_tables_of_none(journal: Journal) -> None:
    """No error: zero runs, and no group."""
    assert metrics(journal=journal)["runs"].tolist() == [0]
    for by in ("agent", "tool", "hour", "agent,day", "run", "status"):
        assert metrics(by, journal=journal).empty
    assert metrics("agent", where="p95_s > 2", derive={"per": "tool_calls / runs"}, journal=journal).empty


def test_nothing_has_happened_in_the_future(doings: Doings) -> None:
    """A time that has not come yet, or an end before the beginning, fits nothing."""
    doings.agent("poet")

    assert metrics(since=NOON + 99 * HOUR_S, journal=doings.journal)["runs"].tolist() == [0]
    assert metrics("agent", since="2999-01-01", journal=doings.journal).empty
    assert metrics("agent", since=NOON, until=NOON - 1, journal=doings.journal).empty


def test_a_word_that_is_none_is_told_with_those_that_are(journal: Journal) -> None:
    """Also in a journal of nothing."""
    with pytest.raises(UsageError, match="Did you mean 'agent'") as told:
        metrics("agnet", journal=journal)
    assert "workflow" in told.value.hint


@pytest.mark.parametrize("words", [["metrics"], ["metrics", "--by", "agent"], ["runs"], ["gc"], ["metrics", "--csv"]])
def test_a_project_without_a_journal_has_none_of_it(tmp_path: Path, words: list[str]) -> None:
    """The first verb that somebody tries is not answered by an error."""
    command = [sys.executable, "-m", "victor_nb.cli", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
