"""Ten charts of a journal: numbers over time, in buckets of one length; nothing here knows how they are drawn.

Of active runs and of questions each bucket tells how many there were at some time in it; all else is what came in it.
Between two executions of a run nobody worked; it is drawn as one span, from its start to its last change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from victor_nb.insight.growing import Columns
from victor_nb.insight.projection import FAMILIES, MARK_NAMES, STATUSES, Projection
from victor_nb.insight.quantiles import quantiles

BUCKETS: Final = 60
"""At most so many buckets, so that each is wide enough to be seen."""
_LENGTHS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200)
_DAY: Final = 86_400
_TOOLS: Final = 4
_PERCENTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}

Values = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Series:
    """One line or row of bars; NaN where there is nothing to tell."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    Attributes:
        key: "throughput", "latency", "errors", "tokens", "cost", "tools", "cache", "active", "queue" or "journal".
        unit: "count", "s", "USD" or "tokens".
        is_level: whether values tell how things stood; else they are what came in a bucket, and add up.
        now: of active runs and questions, how many there are at the end.
    """

    key: str
    title: str
    unit: str
    series: tuple[Series, ...]
    is_level: bool = False
    now: int = 0


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The ten charts.

    Attributes:
        begin: seconds since the epoch at which the first bucket begins.
        bucket_s: the length of a bucket in seconds.
        size_bytes: how much room the journal takes.
    """

    begin: float
    bucket_s: float
    buckets: int
    charts: tuple[Chart, ...]
    runs: int
    events: int
    size_bytes: int


def dashboard(projection: Projection, *, since: float | None = None, now: float | None = None) -> Dashboard:
    """Draw up the charts from `since` until `now`, seconds since the epoch; by default from the first run on."""
    with projection.lock:
        now = projection.clock() if now is None else now
        runs = projection.runs
        first = float(runs["created"].min()) if len(runs) else now
        time = _Time(first if since is None else since, now)
        makers = (_throughput, _latency, _errors, _tokens, _cost, _tools, _cache, _active, _queue, _journal)
        charts = tuple(make(projection, time) for make in makers)
        events = int(runs["events"].sum())
        size = projection.store.size_bytes()
        return Dashboard(time.begin, time.length, time.count, charts, len(runs), events, size)


class _Time:
    """The buckets, the last of which holds now."""

    def __init__(self, since: float, now: float) -> None:
        self.now, span = now, max(0.0, now - since)
        fitting = [length for length in _LENGTHS if span / length <= BUCKETS - 1]
        self.length = float(fitting[0] if fitting else _DAY * np.ceil(span / _DAY / (BUCKETS - 1)))
        self.begin = float(np.floor(min(since, now) / self.length) * self.length)
        self.count = int((now - self.begin) // self.length) + 1
        self.ends = self.begin + self.length * np.arange(1, self.count + 1)

    def places(self, times: Values) -> tuple[Values, Values]:
        """Which rows are in the span, and the bucket of each of those."""
        rows = np.flatnonzero((times >= self.begin) & (times < self.ends[-1]))
        return rows, ((times[rows] - self.begin) // self.length).astype(np.int64)

    def counted(self, times: Values, weights: Values | None = None) -> Values:
        """How many, or how much, came in each bucket."""
        rows, buckets = self.places(times)
        chosen = None if weights is None else weights[rows]
        return np.bincount(buckets, weights=chosen, minlength=self.count)

    def spans(self, begins: Values, ends: Values) -> tuple[Values, int]:
        """How many spans go on at some time in each bucket, and how many go on now."""
        begins, ends = np.sort(begins), np.sort(np.maximum(begins, ends))
        begun = np.searchsorted(begins, np.minimum(self.ends, self.now), "right")
        present: Values = begun - np.searchsorted(ends, self.ends - self.length, "left")
        return present, int(begun[-1] - np.searchsorted(ends, self.now, "right"))


def _series(name: str, values: Values) -> Series:
    return Series(name, tuple(map(float, values)))


def _throughput(projection: Projection, time: _Time) -> Chart:
    steps: Values = sum((time.counted(projection.steps[family]["time"]) for family in FAMILIES), np.zeros(time.count))
    marks = projection.marks
    ended = [MARK_NAMES.index(name) for name in ("finished", "failed", "stopped")]
    runs = time.counted(marks["time"][np.isin(marks["mark"], ended)])
    return Chart("throughput", "Throughput", "count", (_series("steps", steps), _series("runs ended", runs)))


def _latency(projection: Projection, time: _Time) -> Chart:
    asked = [projection.steps[family] for family in ("model", "tool")]
    tables = asked if any(map(len, asked)) else [projection.steps["other"]]
    found = [(table["seconds"], *time.places(table["time"])) for table in tables]
    seconds = np.concatenate([values[rows] for values, rows, _ in found])
    buckets = np.concatenate([places for _, _, places in found])
    lines = quantiles(buckets, seconds, time.count, tuple(_PERCENTILES.values()))
    series = tuple(_series(name, line) for name, line in zip(_PERCENTILES, lines, strict=True))
    return Chart("latency", "Latency of models and tools", "s", series, is_level=True)


def _errors(projection: Projection, time: _Time) -> Chart:
    marks = projection.marks
    failed = time.counted(marks["time"][marks["mark"] == MARK_NAMES.index("failed")])
    names = {"model": "models", "tool": "tools", "other": "other steps"}
    steps = [_series(names[family], _flagged(projection.steps[family], "error", time)) for family in FAMILIES]
    return Chart("errors", "Errors", "count", (_series("runs", failed), *steps))


def _flagged(table: Columns, column: str, time: _Time) -> Values:
    return time.counted(table["time"][table[column]])


def _tokens(projection: Projection, time: _Time) -> Chart:
    models = projection.steps["model"]
    found = [(name, time.counted(models["time"], models[f"{name}_tokens"])) for name in ("input", "output")]
    return Chart("tokens", "Tokens", "tokens", tuple(_series(name, values) for name, values in found))


def _cost(projection: Projection, time: _Time) -> Chart:
    models = projection.steps["model"]
    return Chart("cost", "Cost", "USD", (_series("US dollars", time.counted(models["time"], models["cost_usd"])),))


def _tools(projection: Projection, time: _Time) -> Chart:
    """Those that are called most in the span, and all others together."""
    tools = projection.steps["tool"]
    rows, buckets = time.places(tools["time"])
    steps = tools["step"][rows]
    calls = np.bincount(steps, minlength=len(projection.step_names))
    most = [int(step) for step in np.argsort(-calls, kind="stable")[:_TOOLS] if calls[step]]
    names = [name for _, name in projection.step_names]
    series = [_series(names[step], np.bincount(buckets[steps == step], minlength=time.count)) for step in most]
    others = np.bincount(buckets[~np.isin(steps, most)], minlength=time.count)
    if others.any():
        series.append(_series("others", others))
    return Chart("tools", "Tool calls", "count", tuple(series) or (_series("calls", others),))


def _cache(projection: Projection, time: _Time) -> Chart:
    hits: Values = sum((_flagged(projection.steps[family], "hit", time) for family in FAMILIES), np.zeros(time.count))
    marks = projection.marks
    misses = time.counted(marks["time"][marks["mark"] == MARK_NAMES.index("miss")])
    return Chart("cache", "Cache", "count", (_series("hits", hits), _series("misses", misses)))


def _active(projection: Projection, time: _Time) -> Chart:
    runs = projection.runs
    is_running = (runs["status"] == STATUSES.index("running")) & (runs["lease_until"] > time.now)
    ends = np.where(is_running, np.inf, runs["updated"])
    present, now = time.spans(runs["created"], ends)
    return Chart("active", "Active runs", "count", (_series("runs", present),), True, now)


def _queue(projection: Projection, time: _Time) -> Chart:
    waits, runs = projection.waits, projection.runs
    over = np.isin(runs["status"], [STATUSES.index("finished"), STATUSES.index("failed")])
    end_of_run = np.where(over, runs["updated"], np.inf)[waits["run"]]
    ends = np.where(np.isnan(waits["answered"]), end_of_run, waits["answered"])
    present, now = time.spans(waits["asked"], ends)
    return Chart("queue", "Questions that wait for a person", "count", (_series("questions", present),), True, now)


def _journal(projection: Projection, time: _Time) -> Chart:
    """Events are dated by the last change of their run."""
    runs = projection.runs
    order = np.argsort(runs["updated"], kind="stable")
    until = np.concatenate([[0], np.cumsum(runs["events"][order])])
    events = until[np.searchsorted(runs["updated"][order], np.minimum(time.ends, time.now), "right")]
    events[-1] = until[-1]
    return Chart("journal", "Journal", "count", (_series("events", events),), True)
