"""Metrics as Prometheus scrapes them: a collector over the projection, brought up to date at each scrape.

1. Counters count events, which are never taken back, so they only grow; how things stand now are gauges.
2. Names follow Prometheus' conventions: base units, `_total` for counters, labels for what a person asks by.
3. Nothing about one run is a label: there would be a series for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from victor_nb.insight.projection import FAMILIES, MARK_NAMES, STATUSES, Projection

STEP_BUCKETS_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
RUN_BUCKETS_S: Final = (0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 14_400, 86_400)
_COUNTED: Final = {
    "miss": ("victor_cache_misses", "Nodes of pipelines that ran because the cache had nothing for them"),
    "save": ("victor_state_saves", "Snapshots of a workflow's state that were written"),
    "restore": ("victor_restores", "Runs resumed, forks begun, notebooks gone on with inside"),
    "retry": ("victor_node_retries", "Nodes that failed and were tried again"),
    "asked": ("victor_questions", "Approvals and questions that a person was asked"),
}
_FINISHED: Final = STATUSES.index("finished")

Values = NDArray[Any]


class JournalCollector(Collector):
    """Hands the metrics of a journal to a registry of `prometheus_client`."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def describe(self) -> list[Metric]:
        """Nothing ahead: a registry that asked would read the whole journal before anybody scrapes."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read what is new, and tell everything."""
        projection = self._projection
        with projection.lock:
            projection.refresh()
            found = [*_runs(projection), *_steps(projection), *_money(projection), *_counted(projection)]
            found += _journal(projection)
        yield from found


def _runs(projection: Projection) -> Iterator[Metric]:
    runs, marks, words = projection.runs, projection.marks, list(projection.names)
    names = runs["name"]
    started = CounterMetricFamily("victor_runs_started", "Runs that were started", labels=("kind", "name"))
    ended = CounterMetricFamily("victor_run_ends", "Executions that ended", labels=("kind", "name", "outcome"))
    active = GaugeMetricFamily("victor_runs_active", "Runs that somebody executes now", labels=("kind", "name"))
    seconds = HistogramMetricFamily(
        "victor_run_duration_seconds", "Seconds that finished runs worked", labels=("kind", "name")
    )
    is_active = (runs["status"] == STATUSES.index("running")) & (runs["lease_until"] > projection.clock())
    finished = runs["status"] == _FINISHED
    ends = {word: _by(names[marks["run"][marks["mark"] == MARK_NAMES.index(word)]], words) for word in STATUSES[1:]}
    counts, now = _by(names, words), _by(names[is_active], words)
    for number, labels in enumerate(words):
        started.add_metric(labels, counts[number])
        active.add_metric(labels, now[number])
        for outcome, found in ends.items():
            ended.add_metric((*labels, outcome), found[number])
    for number, own in _groups(np.where(finished, names, -1)):
        if number >= 0:
            _add(seconds, words[number], runs["seconds"][own], RUN_BUCKETS_S)
    yield from (started, ended, active, seconds)


def _steps(projection: Projection) -> Iterator[Metric]:
    words = list(projection.step_names)
    ended = CounterMetricFamily("victor_steps", "Steps that ended", labels=("kind", "name", "outcome"))
    hits = CounterMetricFamily("victor_cache_hits", "Steps whose result of earlier was taken", labels=("kind", "name"))
    seconds = HistogramMetricFamily("victor_step_duration_seconds", "Seconds that steps took", labels=("kind", "name"))
    for family in FAMILIES:
        table = projection.steps[family]
        for number, own in _groups(table["step"]):
            errors = int(table["error"][own].sum())
            ended.add_metric((*words[number], "ok"), len(own) - errors)
            ended.add_metric((*words[number], "error"), errors)
            if (taken := int(table["hit"][own].sum())) > 0:
                hits.add_metric(words[number], taken)
            _add(seconds, words[number], table["seconds"][own], STEP_BUCKETS_S)
    yield from (ended, hits, seconds)


def _money(projection: Projection) -> Iterator[Metric]:
    models, words = projection.steps["model"], list(projection.step_names)
    tokens = CounterMetricFamily("victor_model_tokens", "Tokens of requests to models", labels=("model", "type"))
    cost = CounterMetricFamily("victor_model_cost_usd", "US dollars, where the price is known", labels=("model",))
    sums = {
        column: np.bincount(models["step"], weights=models[column], minlength=len(words))
        for column in ("input_tokens", "output_tokens", "cost_usd")
    }
    for number in np.unique(models["step"]).tolist():
        name = words[number][1]
        tokens.add_metric((name, "input"), sums["input_tokens"][number])
        tokens.add_metric((name, "output"), sums["output_tokens"][number])
        cost.add_metric((name,), sums["cost_usd"][number])
    yield from (tokens, cost)


def _counted(projection: Projection) -> Iterator[Metric]:
    found = np.bincount(projection.marks["mark"], minlength=len(MARK_NAMES))
    for mark, (name, about) in _COUNTED.items():
        yield CounterMetricFamily(name, about, value=float(found[MARK_NAMES.index(mark)]))
    waits = projection.waits
    is_open = np.isnan(waits["answered"]) & (projection.runs["status"][waits["run"]] != _FINISHED)
    about = "Approvals and questions that wait for an answer"
    yield GaugeMetricFamily("victor_questions_open", about, value=float(is_open.sum()))


def _journal(projection: Projection) -> Iterator[Metric]:
    events = int(projection.runs["events"].sum())
    yield CounterMetricFamily("victor_journal_events", "Events that were stored", value=events)
    size = projection.store.size_bytes()
    yield GaugeMetricFamily("victor_journal_size_bytes", "Room that the journal takes", value=size)


def _groups(numbers: Values) -> Iterator[tuple[int, Values]]:
    """Each number that occurs, with the places where it does."""
    order = np.argsort(numbers, kind="stable")
    cuts = np.flatnonzero(np.diff(numbers[order])) + 1
    yield from ((int(numbers[own[0]]), own) for own in np.split(order, cuts) if len(own))


def _by(numbers: Values, words: list[tuple[str, str]]) -> Values:
    return np.bincount(numbers, minlength=len(words))


def _add(family: HistogramMetricFamily, labels: tuple[str, ...], seconds: Values, bounds: tuple[float, ...]) -> None:
    """Count durations at or below each bound; Prometheus' buckets hold those of the smaller ones, too."""
    below: Mapping[str, int] = {
        f"{bound:g}": int(number)
        for bound, number in zip(bounds, np.searchsorted(np.sort(seconds), bounds, "right"), strict=True)
    }
    buckets = [*((bound, float(number)) for bound, number in below.items()), ("+Inf", float(len(seconds)))]
    family.add_metric(labels, buckets=buckets, sum_value=float(seconds.sum()))
