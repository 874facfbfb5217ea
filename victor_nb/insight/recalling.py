"""From a history back to rows of a projection: as many as there were, with the mean of each bin as their seconds.

1. Every count and sum of a group comes out as it went in, whichever words the rows are grouped by.
2. Rows of one step are spread over as many runs as it was called in; which of the like runs that were is not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from victor_nb.insight.counted import FAMILIES, MARK_NAMES, STATUSES, Numbering, family_of
from victor_nb.insight.history import History, StepKey, Sums, Words

Values = NDArray[Any]
Rows = Mapping[str, Values]


@dataclass(frozen=True, slots=True)
class Recalled:
    """Rows by column, as `Projection` has them; places of runs count from 0."""

    runs: Rows
    steps: Mapping[str, Rows]
    marks: Rows


def recalled(history: History, names: Numbering, step_names: Numbering) -> Recalled:
    """Return the rows of a history, whose words are given numbers."""
    places = _Places(history)
    by_family: dict[str, list[tuple[StepKey, Sums]]] = {family: [] for family in FAMILIES}
    for row in history.steps:
        by_family[family_of(row[0][3][0])].append(row)
    steps = {family: _steps(rows, places, step_names) for family, rows in by_family.items()}
    return Recalled(_runs(history, names), steps, _marks(history, places))


class _Places:
    """Where the runs of each kind, name and status are among the rows of runs."""

    def __init__(self, history: History) -> None:
        found = defaultdict[tuple[Words, str], list[Values]](list)
        end = 0
        for (_, words, status, *_), (count, *_) in history.runs:
            found[words, status].append(np.arange(end, end + int(count)))
            end += int(count)
        self._flat = np.concatenate([*(one for many in found.values() for one in many), np.zeros(1, np.int64)])
        self._spans: dict[tuple[Words, str], tuple[int, int]] = {}
        start = 0
        for key, many in found.items():
            length = sum(map(len, many))
            self._spans[key] = start, length
            start += length

    def span(self, words: Words, status: str) -> tuple[int, int]:
        """Where these runs begin in `at`, and how many they are."""
        return self._spans.get((words, status), (len(self._flat) - 1, 1))

    def at(self, places: Values) -> Values:
        """The rows of runs."""
        return self._flat[places]


def _runs(history: History, names: Numbering) -> Rows:
    keys, sums = [key for key, _ in history.runs], _columns([sums for _, sums in history.runs], 3)
    groups = _Groups(sums[0])
    times = groups.repeated([key[0] for key in keys], "f8")
    return {
        "created": times,
        "updated": times,
        "name": groups.repeated([names[key[1]] for key in keys], "i4"),
        "status": groups.repeated([STATUSES.index(key[2]) for key in keys], "i1"),
        "ended": groups.repeated([key[3] for key in keys], "?"),
        "seconds": groups.shared(sums[1]),
        "events": groups.first(sums[2]),
        "is_past": groups.repeated([True for _ in keys], "?"),
    }


def _steps(rows: Sequence[tuple[StepKey, Sums]], places: _Places, step_names: Numbering) -> Rows:
    keys, sums = [key for key, _ in rows], _columns([sums for _, sums in rows], 6)
    groups = _Groups(sums[0])
    return {
        "run": _runs_of(keys, sums[1], groups, places),
        "time": groups.repeated([key[0] for key in keys], "f8"),
        "step": groups.repeated([step_names[key[3]] for key in keys], "i4"),
        "error": groups.repeated([key[4] for key in keys], "?"),
        "hit": groups.repeated([key[5] for key in keys], "?"),
        "seconds": groups.shared(sums[2]),
        "input_tokens": groups.first(sums[3]),
        "output_tokens": groups.first(sums[4]),
        "cost_usd": groups.first(sums[5]),
    }


def _runs_of(keys: Sequence[StepKey], firsts: Values, groups: _Groups, places: _Places) -> Values:
    """Give each first call of a step a run of its own, and every further one the run of the first before it."""
    used: dict[tuple[Words, str, Words], int] = {}
    begins, spans = [], []
    for (_, words, status, step, *_), first in zip(keys, firsts.tolist(), strict=True):
        begins.append(used.get((words, status, step), 0))
        used[words, status, step] = begins[-1] + int(first)
        spans.append(places.span(words, status))
    starts = groups.repeated([start for start, _ in spans], "i8")
    longest = groups.repeated([length - 1 for _, length in spans], "i8")
    nth = np.minimum(groups.nth, groups.repeated(firsts.tolist(), "i8") - 1)
    return places.at(starts + np.clip(groups.repeated(begins, "i8") + nth, 0, longest))


def _marks(history: History, places: _Places) -> Rows:
    keys, sums = [key for key, _ in history.marks], _columns([sums for _, sums in history.marks], 1)
    groups = _Groups(sums[0])
    return {
        "run": places.at(groups.repeated([places.span(*key[1:3])[0] for key in keys], "i8")),
        "time": groups.repeated([key[0] for key in keys], "f8"),
        "mark": groups.repeated([MARK_NAMES.index(key[3]) for key in keys], "i1"),
    }


def _columns(sums: Sequence[Sums], width: int) -> Values:
    return np.array(sums, "f8").reshape(-1, width).T


class _Groups:
    """Groups of rows, one after the other, by how many rows each has."""

    def __init__(self, counts: Values) -> None:
        self._counts = np.rint(counts).astype(np.int64)
        self._begins = np.cumsum(self._counts) - self._counts
        self.nth: Final = np.arange(int(self._counts.sum())) - np.repeat(self._begins, self._counts)

    def repeated(self, values: Sequence[object], type: str) -> Values:
        """The same value for all rows of a group."""
        return np.repeat(np.array(values, type), self._counts)

    def shared(self, sums: Values) -> Values:
        """The mean, of which the sum is given."""
        return np.repeat(sums / np.maximum(self._counts, 1), self._counts)

    def first(self, sums: Values) -> Values:
        """The sum for the first row of a group, nothing for the others."""
        found = np.zeros(len(self.nth))
        found[self._begins[self._counts > 0]] = sums[self._counts > 0]
        return found
