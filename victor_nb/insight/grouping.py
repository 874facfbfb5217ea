"""Groups: which words metrics can be grouped by, and which group each row of a projection belongs to.

1. A word is about runs (`agent`), about steps (`tool`), or about time (`hour`); a group may have several.
2. With a word about steps a table counts steps, without one it counts runs.
3. A row that a word does not fit is left out: `agent` counts no workflows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from victor_nb.errors import UsageError, nearest
from victor_nb.insight.projection import STATUSES, Projection

RUN_WORDS: Final = ("agent", "workflow", "pipeline", "kind", "name", "status", "run")
STEP_WORDS: Final = ("model", "tool", "node", "notebook", "step")
TIME_WORDS: Final = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
"""Seconds of a bucket. Buckets are of UTC; a week begins on Monday."""

_MONDAY: Final = 345_600
"""The epoch began on a Thursday."""
_MOST_CELLS: Final = 4_000_000

Codes = NDArray[np.int64]


def checked(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words that metrics are grouped by, each once.

    Raises:
        UsageError: there is no such word; the error names the nearest.
    """
    known = (*RUN_WORDS, *STEP_WORDS, *TIME_WORDS)
    for word in words:
        if word not in known:
            raise UsageError(
                f"metrics cannot be grouped by {word!r}.{nearest(word, known)}", "by", f"one of: {', '.join(known)}"
            )
    return tuple(dict.fromkeys(words))


def counts_steps(words: Sequence[str]) -> bool:
    """Whether a table that is grouped so counts steps rather than runs."""
    return any(word in STEP_WORDS for word in words)


@dataclass
class Rows:
    """Rows of a projection that are counted.

    Attributes:
        runs: the place of each row's run.
        times: when, in seconds since the epoch.
        steps: the number of each row's step; None for rows that are about runs.
    """

    runs: NDArray[np.int32]
    times: NDArray[np.float64]
    steps: NDArray[np.int32] | None = None


@dataclass
class Groups:
    """The groups of one question, found from the rows that are handed in, in the order of `labels`.

    Attributes:
        words: what is grouped by.
        labels: by word, the value of each group; seconds since the epoch for words about time.
        codes: for each of the sets of rows, the group of each row; -1 where it belongs to none.
    """

    words: tuple[str, ...]
    labels: dict[str, list[str | float]] = field(default_factory=dict)
    codes: list[Codes] = field(default_factory=list)
    count: int = 0


def grouped(projection: Projection, words: tuple[str, ...], sets: Sequence[Rows]) -> Groups:
    """Sort sets of rows into common groups."""
    if not words:
        return Groups(words, {}, [np.zeros(len(rows.runs), np.int64) for rows in sets], 1)
    parts = [_part(projection, word, sets) for word in words]
    cells, sizes = _cells([part.codes for part in parts], [len(part.labels) for part in parts])
    present = _present(cells, int(np.prod(sizes)))
    places = np.unravel_index(present, sizes)
    labels = {word: [part.labels[place] for place in at] for word, part, at in zip(words, parts, places, strict=True)}
    return Groups(words, labels, [_found(present, cell) for cell in cells], len(present))


@dataclass
class _Part:
    """One word's codes for each set of rows, and what they stand for."""

    codes: list[Codes]
    labels: Sequence[str | float]


def _part(projection: Projection, word: str, sets: Sequence[Rows]) -> _Part:
    if word in TIME_WORDS:
        return _times(TIME_WORDS[word], sets)
    if word in STEP_WORDS:
        codes, labels = _coded(projection.step_names, _STEP_LABEL[word])
        return _Part([codes[rows.steps] if rows.steps is not None else _none(rows) for rows in sets], labels)
    if word == "status":
        statuses = projection.runs["status"].astype(np.int64)
        return _Part([statuses[rows.runs] for rows in sets], STATUSES)
    if word == "run":
        by_place = np.where(projection.runs["is_past"], -1, np.arange(len(projection.run_ids)))
        return _Part([by_place[rows.runs] for rows in sets], projection.run_ids)
    by_name, labels = _coded(projection.names, _RUN_LABEL[word])
    by_run = by_name[projection.runs["name"]] if len(by_name) else np.zeros(0, np.int64)
    return _Part([by_run[rows.runs] for rows in sets], labels)


def _times(size: int, sets: Sequence[Rows]) -> _Part:
    offset = _MONDAY if size == TIME_WORDS["week"] else 0
    buckets = [np.floor((rows.times - offset) / size).astype(np.int64) for rows in sets]
    labels = np.unique(np.concatenate([_few(one) for one in buckets]))
    return _Part([np.searchsorted(labels, one) for one in buckets], [float(one * size + offset) for one in labels])


def _few(buckets: Codes) -> Codes:
    """Each bucket at least once; rows come nearly in the order of time, so most repeat the one before."""
    return buckets[np.flatnonzero(np.diff(buckets, prepend=buckets[0] + 1))] if len(buckets) else buckets


def _none(rows: Rows) -> Codes:
    return np.full(len(rows.runs), -1, np.int64)


_Label = Callable[[str, str], str | None]


def _of_kind(wanted: str) -> _Label:
    return lambda kind, name: name if kind == wanted else None


_RUN_LABEL: Final[dict[str, _Label]] = {
    "agent": _of_kind("agent"),
    "workflow": _of_kind("workflow"),
    "pipeline": _of_kind("pipeline"),
    "kind": lambda kind, name: kind,
    "name": lambda kind, name: name,
}
_STEP_LABEL: Final[dict[str, _Label]] = {
    "model": _of_kind("model"),
    "tool": _of_kind("tool"),
    "node": _of_kind("node"),
    "notebook": _of_kind("notebook"),
    "step": lambda kind, name: f"{kind} {name}".rstrip(),
}


def _coded(names: dict[tuple[str, str], int], label: _Label) -> tuple[Codes, list[str | float]]:
    """Number the labels of numbered names; -1 for those that have none."""
    labels: dict[str, int] = {}
    codes = np.full(len(names), -1, np.int64)
    for words, number in names.items():
        if (said := label(*words)) is not None:
            codes[number] = labels.setdefault(said, len(labels))
    return codes, list(labels)


def _cells(parts: Sequence[Sequence[Codes]], sizes: Sequence[int]) -> tuple[list[Codes], tuple[int, ...]]:
    """One number for each combination of codes; -1 where one of them is missing."""
    whole = tuple(max(1, size) for size in sizes)
    cells = []
    for codes in zip(*parts, strict=True):
        cell, is_out = codes[0].copy(), codes[0] < 0
        for code, size in zip(codes[1:], whole[1:], strict=True):
            cell = cell * size + code
            is_out |= code < 0
        cell[is_out] = -1
        cells.append(cell)
    return cells, whole


def _present(cells: Sequence[Codes], size: int) -> Codes:
    """The cells that occur, in their order."""
    if size > _MOST_CELLS:
        found = np.unique(np.concatenate([np.unique(cell) for cell in cells]))
        return found[found >= 0]
    seen = np.zeros(size + 1, bool)  # the last place takes the -1
    for cell in cells:
        seen[cell] = True
    return np.flatnonzero(seen[:-1])


def _found(present: Codes, cell: Codes) -> Codes:
    """The place of each cell among those that are present; -1 for those that are not."""
    if not len(present):
        return np.full(len(cell), -1, np.int64)
    places = np.minimum(np.searchsorted(present, cell), len(present) - 1)
    return np.where(present[places] == cell, places, -1)
