"""The ten charts: what they count, in buckets that fit the span."""

from __future__ import annotations

import numpy as np
import pytest

from tests.insight.conftest import NOON, Clock, Doings
from victor_nb.insight import Projection
from victor_nb.insight.charts import BUCKETS, Chart, Dashboard, dashboard

KEYS = ["throughput", "latency", "errors", "tokens", "cost", "tools", "cache", "active", "queue", "journal"]


def drawn_up(doings: Doings, since: float | None = None) -> Dashboard:
    projection = Projection(doings.journal)
    projection.refresh()
    return dashboard(projection, since=since)


def chart(found: Dashboard, key: str) -> Chart:
    return next(one for one in found.charts if one.key == key)


def totals(found: Dashboard, key: str) -> dict[str, float]:
    return {series.name: float(np.nansum(series.values)) for series in chart(found, key).series}


def last(found: Dashboard, key: str) -> list[float]:
    return [series.values[-1] for series in chart(found, key).series]


def test_there_are_ten_charts_of_one_length(in_memory: Doings) -> None:
    """Also of a journal that holds nothing."""
    found = drawn_up(in_memory)

    assert [one.key for one in found.charts] == KEYS
    assert {len(series.values) for one in found.charts for series in one.series} == {found.buckets}
    assert (found.runs, found.events) == (0, 0)


@pytest.mark.parametrize(
    ("span", "bucket_s"), [(0, 1), (59, 1), (60, 2), (3600, 120), (86_400, 1800), (400 * 86_400, 7 * 86_400)]
)
def test_buckets_fit_the_span(in_memory: Doings, clock: Clock, span: float, bucket_s: float) -> None:
    """Round lengths, at most sixty of them."""
    found = drawn_up(in_memory, since=NOON - span)

    assert found.bucket_s == bucket_s
    assert 1 <= found.buckets <= BUCKETS
    assert found.begin <= NOON - span
    assert found.begin + found.buckets * bucket_s > NOON


def test_what_comes_is_counted_in_its_bucket(in_memory: Doings, clock: Clock) -> None:
    """Steps, runs, errors, tokens, cost, tools."""
    for minute in range(3):
        clock.now = NOON + 60 * minute
        in_memory.agent("poet", tools=("search",) * (minute + 1), fails=minute == 2)

    found = drawn_up(in_memory)

    assert found.bucket_s == 5
    steps, _ = chart(found, "throughput").series
    assert (steps.values[0], steps.values[12], steps.values[24]) == (2, 3, 4)
    assert totals(found, "throughput") == {"steps": 9, "runs ended": 3}
    assert totals(found, "errors") == {"runs": 1, "models": 0, "tools": 0, "other steps": 0}
    assert totals(found, "tokens") == {"input": 300, "output": 30}
    assert totals(found, "cost") == {"US dollars": pytest.approx(0.03)}
    assert totals(found, "tools") == {"search": 6}
    assert np.isnan(chart(found, "latency").series[0].values[1])
    assert last(found, "journal") == [found.events]


def test_tools_beyond_the_most_used_are_drawn_together(in_memory: Doings) -> None:
    """Four names fit under a chart."""
    in_memory.agent("poet", tools=("a", "b", "b", "c", "c", "d", "d", "e", "e", "f"))

    assert totals(drawn_up(in_memory), "tools") == {"b": 2, "c": 2, "d": 2, "e": 2, "others": 2}


def test_active_runs_and_open_questions_are_told_for_each_bucket_and_for_now(in_memory: Doings, clock: Clock) -> None:
    """What came and went within a bucket is seen, too."""
    run = in_memory.journal.start("workflow", "review")
    run.record("interrupt.requested", {"id": "q1"})
    run.record("interrupt.requested", {"id": "q2"})
    clock.now += 5
    run.record("interrupt.answered", {"id": "q1"})
    open_now = drawn_up(in_memory)
    clock.now += 5
    run.finish()
    in_memory.agent("quick")

    assert (chart(open_now, "active").now, chart(open_now, "queue").now) == (1, 1)
    ended = drawn_up(in_memory)
    assert (chart(ended, "active").now, chart(ended, "queue").now) == (0, 0)
    assert chart(ended, "queue").series[0].values == (2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1)
    assert last(ended, "active") == [2]


def test_a_clock_that_is_set_back_breaks_no_chart(in_memory: Doings, clock: Clock) -> None:
    """Runs of the future are left out until then."""
    in_memory.agent("poet")
    clock.now -= 3600

    found = drawn_up(in_memory)

    assert found.buckets == 1
    assert totals(found, "throughput")["steps"] == 0


def test_only_the_span_is_drawn(in_memory: Doings, clock: Clock) -> None:
    """What came before is in no chart but the journal's."""
    in_memory.agent("poet", tools=("search",))
    clock.now += 1000

    found = drawn_up(in_memory, since=NOON + 900)

    assert totals(found, "throughput") == {"steps": 0, "runs ended": 0}
    assert last(found, "journal") == [found.events]
