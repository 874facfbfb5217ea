"""From a projection to a table of metrics: which rows count, which group they fall into, what is counted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from victor_nb.insight.grouping import STEP_WORDS, TIME_WORDS, Groups, Rows, checked, counts_steps, grouped
from victor_nb.insight.growing import Columns
from victor_nb.insight.measures import RUN_COLUMNS, STEP_COLUMNS, AgentMetrics, StepMetrics
from victor_nb.insight.projection import FAMILIES, MARK_NAMES, STATUSES, Projection
from victor_nb.insight.quantiles import quantiles

QUANTILES: Final = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99}

_FAMILY_OF: Final = {"model": "model", "tool": "tool"}

Values = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of metrics.

    Attributes:
        labels: by word, what each group is about; seconds since the epoch for `minute`, `hour`, `day` and `week`.
        values: by column, one number a group.
    """

    labels: Mapping[str, Sequence[str | float]]
    values: Mapping[str, Values]

    @property
    def counts_steps(self) -> bool:
        """Whether the rows are `StepMetrics` rather than `AgentMetrics`."""
        return "calls" in self.values

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def measured(self) -> list[AgentMetrics] | list[StepMetrics]:
        """The numbers of each group with their names."""
        columns = [column.tolist() for column in self.values.values()]
        rows = [dict(zip(self.values, row, strict=True)) for row in zip(*columns, strict=True)]
        return [StepMetrics(**row) for row in rows] if self.counts_steps else [AgentMetrics(**row) for row in rows]


def measured(
    projection: Projection,
    by: Sequence[str] = (),
    *,
    since: float | None = None,
    until: float | None = None,
    run: str = "",
    now: float | None = None,
) -> Table:
    """Measure what a projection holds.

    Args:
        by: words to group by, see `grouping`; none for one group of everything.
        since, until: seconds since the epoch; runs count by when they were started, steps by when they ended.
        run: the id of the only run that counts.
        now: seconds since the epoch; decides who still executes a run.
    Raises:
        UsageError: there is no such group.
    """
    words = checked(by)
    with projection.lock:
        chosen = _Chosen(projection, since, until, run)
        if counts_steps(words):
            return _ordered(_step_table(chosen, words), words, "calls")
        return _ordered(_run_table(chosen, words, projection.clock() if now is None else now), words, "runs")


class _Chosen:
    """The rows of a projection that a question is about."""

    def __init__(self, projection: Projection, since: float | None, until: float | None, run: str) -> None:
        self.projection = projection
        self.since, self.until = since, until
        self.run = None if not run else projection.run_ids.index(run) if run in projection.run_ids else -1

    def places(self, times: Values, runs: Values) -> Values | slice:
        """The rows of which these are the times and runs."""
        wanted: Values | None = None
        for is_wanted in (
            None if self.since is None else times >= self.since,
            None if self.until is None else times < self.until,
            None if self.run is None else runs == self.run,
        ):
            if is_wanted is not None:
                wanted = is_wanted if wanted is None else wanted & is_wanted
        return slice(None) if wanted is None else np.flatnonzero(wanted)

    def of(self, table: Columns, time: str = "time") -> tuple[Rows, Values | slice]:
        """Rows of a table, and their places in it."""
        at = self.places(table[time], table["run"])
        return Rows(table["run"][at], table[time][at]), at

    def steps(self, family: str) -> tuple[Rows, Values | slice]:
        """Rows of steps of a family, and their places."""
        table = self.projection.steps[family]
        rows, at = self.of(table)
        rows.steps = table["step"][at]
        return rows, at

    def runs(self) -> tuple[Rows, Values | slice]:
        """Runs, and their places."""
        runs = self.projection.runs
        numbers = np.arange(len(runs), dtype=np.int32)
        at = self.places(runs["created"], numbers)
        return Rows(numbers[at], runs["created"][at]), at


class _Counting:
    """Counts and sums over the rows of one set, by their groups."""

    def __init__(self, codes: NDArray[np.int64], groups: int) -> None:
        self._inside = None if not len(codes) or codes.min() >= 0 else codes >= 0
        self.codes = codes if self._inside is None else codes[self._inside]
        self._groups = groups

    def _kept(self, values: Values) -> Values:
        return values if self._inside is None else values[self._inside]

    def count(self, which: Values | None = None) -> Values:
        codes = self.codes if which is None else self.codes[self._kept(which)]
        return np.bincount(codes, minlength=self._groups)

    def sum(self, values: Values) -> Values:
        return np.bincount(self.codes, weights=self._kept(values), minlength=self._groups)

    def whole(self, values: Values) -> Values:
        return self.sum(values).astype(np.int64)

    def durations(self, seconds: Values, which: Values | None = None) -> dict[str, Values]:
        """Mean and percentiles of seconds, NaN where there are none."""
        codes, found = self.codes, self._kept(seconds)
        if which is not None:
            kept = self._kept(which)
            codes, found = codes[kept], found[kept]
        number = np.bincount(codes, minlength=self._groups)
        mean = _ratio(np.bincount(codes, weights=found, minlength=self._groups), number)
        at = quantiles(codes, found, self._groups, tuple(QUANTILES.values()))
        return {"mean_s": mean, **dict(zip(QUANTILES, at, strict=True))}


def _run_table(chosen: _Chosen, words: tuple[str, ...], now: float) -> Table:
    projection = chosen.projection
    families = [chosen.steps(family) for family in FAMILIES]
    sets = [chosen.runs(), *families, chosen.of(projection.marks)]
    groups = grouped(projection, words, [rows for rows, _ in sets])
    runs, models, tools, others, marks = (_Counting(codes, groups.count) for codes in groups.codes)
    values = _of_runs(projection, runs, sets[0][1], now)
    for name, counting, (_, at) in zip(("model", "tool"), (models, tools), families[:2], strict=True):
        table = projection.steps[name]
        calls = counting.count()
        values |= {f"{name}_calls": calls, f"{name}_errors": counting.count(table["error"][at])}
        values[f"{name}_mean_s"] = _ratio(counting.sum(table["seconds"][at]), calls)
    model, model_at = projection.steps["model"], families[0][1]
    for column in ("input_tokens", "output_tokens"):
        values[column] = models.whole(model[column][model_at])
    values["cost_usd"] = models.sum(model["cost_usd"][model_at])
    other, other_at = projection.steps["other"], families[2][1]
    values["steps"] = others.count()
    tool_hits = tools.count(projection.steps["tool"]["hit"][families[1][1]])
    values["cache_hits"] = others.count(other["hit"][other_at]) + tool_hits
    kinds = projection.marks["mark"][sets[4][1]]
    told = {name: marks.count(kinds == number) for number, name in enumerate(MARK_NAMES)}
    values["cache_misses"], values["saves"], values["restores"] = told["miss"], told["save"], told["restore"]
    values["retries"], values["questions"] = told["retry"], told["asked"]
    values["transitions"] = told["transition"] + others.count(_is_node(projection)[other["step"][other_at]])
    return Table(groups.labels, {column: values[column] for column in RUN_COLUMNS})


def _of_runs(projection: Projection, counting: _Counting, at: Values | slice, now: float) -> dict[str, Values]:
    runs = projection.runs
    status = runs["status"][at]
    held = runs["lease_until"][at] > now
    values = {name: counting.count(status == STATUSES.index(name)) for name in ("finished", "failed", "stopped")}
    is_running = status == STATUSES.index("running")
    values["runs"] = counting.count()
    values["active"], values["interrupted"] = counting.count(is_running & held), counting.count(is_running & ~held)
    ended = values["finished"] + values["failed"]
    values["success_rate"], values["error_rate"] = _ratio(values["finished"], ended), _ratio(values["failed"], ended)
    has_ended = runs["ended"][at] & ((status == STATUSES.index("finished")) | (status == STATUSES.index("failed")))
    values |= counting.durations(runs["seconds"][at], has_ended)
    values["events"] = counting.whole(runs["events"][at])
    return values


def _step_table(chosen: _Chosen, words: tuple[str, ...]) -> Table:
    projection = chosen.projection
    wanted = {_FAMILY_OF.get(word, "other") for word in words if word in STEP_WORDS}
    families = FAMILIES if "step" in words else [family for family in FAMILIES if family in wanted]
    tables = [(projection.steps[family], *chosen.steps(family)) for family in families]
    groups = grouped(projection, words, [rows for _, rows, _ in tables])
    columns = ("seconds", "error", "input_tokens", "output_tokens", "cost_usd", "hit", "run")
    whole = {column: np.concatenate([table[column][at] for table, _, at in tables]) for column in columns}
    counting = _Counting(np.concatenate(groups.codes), groups.count)
    values = {"calls": counting.count(), "errors": counting.count(whole["error"])}
    values["error_rate"] = _ratio(values["errors"], values["calls"])
    values |= counting.durations(whole["seconds"])
    values["runs"] = _distinct(np.concatenate(groups.codes), whole["run"], groups, len(projection.run_ids))
    for column in ("input_tokens", "output_tokens"):
        values[column] = counting.whole(whole[column])
    values["cost_usd"], values["cache_hits"] = counting.sum(whole["cost_usd"]), counting.count(whole["hit"])
    return Table(groups.labels, {column: values[column] for column in STEP_COLUMNS})


def _distinct(codes: Values, runs: Values, groups: Groups, of_runs: int) -> Values:
    """How many different runs each group has."""
    pairs = codes.astype(np.int64) * of_runs + runs
    pairs = pairs[codes >= 0]
    if groups.count * of_runs < 20_000_000:
        seen = np.zeros(max(1, groups.count * of_runs), bool)
        seen[pairs] = True
        pairs = np.flatnonzero(seen)
    else:
        pairs = np.unique(pairs)
    return np.bincount(pairs // max(1, of_runs), minlength=groups.count)


def _is_node(projection: Projection) -> Values:
    return np.array([kind == "node" for kind, _ in projection.step_names] or [False])


def _ratio(part: Values, whole: Values) -> Values:
    """Divide; NaN where there is nothing to divide by."""
    found: Values = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole != 0)
    return found


def _ordered(table: Table, words: Sequence[str], by: str) -> Table:
    """Oldest first where the groups are about time, else those with most first."""
    if not words:
        return table
    times = [np.array(table.labels[word]) for word in reversed(words) if word in TIME_WORDS]
    order = np.lexsort((-table.values[by], *times))
    labels = {word: [table.labels[word][place] for place in order] for word in words}
    return Table(labels, {column: values[order] for column, values in table.values.items()})
