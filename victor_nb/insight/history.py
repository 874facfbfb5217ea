"""The history: what is remembered of runs that were removed, in numbers by bucket of time.

1. It is made from a projection and becomes rows of a projection again, so that whoever measures knows no difference.
2. Counts and sums are exact, whichever way histories are merged. Durations are in bins, see `sketch`; times are the
   beginning of their bucket: an hour, later a day, of UTC.
3. It holds words and numbers, nothing that was asked or answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from victor_nb.insight.counted import FAMILIES, MARK_NAMES, STATUSES
from victor_nb.insight.growing import Columns
from victor_nb.insight.sketch import bins_of
from victor_nb.journal.errors import JournalCorrupt

HOUR_S: Final = 3600
DAY_S: Final = 86_400
FORMAT: Final = 1

Words = tuple[str, str]
Values = NDArray[Any]
RunKey = tuple[int, Words, str, bool, int]
"""Bucket, kind and name, status, whether an execution came to an end, bin of the seconds that it worked."""
StepKey = tuple[int, Words, str, Words, bool, bool, int]
"""Bucket, kind and name of the run, its status, kind and name of the step, error, hit, bin of its seconds."""
MarkKey = tuple[int, Words, str, str]
"""Bucket, kind and name of the run, its status, what happened."""
Sums = tuple[float, ...]


class History(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of some runs.

    Attributes:
        runs: how many, their seconds, and their events; by `RunKey`.
        steps: how many, in how many runs they are the first of their kind and name, their seconds, input tokens, output
            tokens and US dollars; by `StepKey`.
        marks: how many; by `MarkKey`.
    """

    format: int
    runs: list[tuple[RunKey, Sums]]
    steps: list[tuple[StepKey, Sums]]
    marks: list[tuple[MarkKey, Sums]]


NOTHING: Final = History(FORMAT, [], [], [])
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(History).decode


def written(history: History) -> bytes:
    """Return a history as bytes."""
    return _encode(history)


def read(content: bytes, where: str) -> History:
    """Return the history that `written` made bytes of.

    Raises:
        JournalCorrupt: they are none, or from a later version.
    """
    try:
        found = _decode(content)
    except msgspec.MsgspecError as failure:
        raise JournalCorrupt("the history of removed runs cannot be read", where, _HINT) from failure
    if found.format != FORMAT:
        raise JournalCorrupt(f"the history of removed runs has format {found.format}", where, _HINT)
    return found


_HINT: Final = "pip install --upgrade victor-nb, or restore the journal from a backup"


def merged(histories: Iterable[History], *, days_before: float | None = None) -> History:
    """Return one history of several.

    Args:
        days_before: seconds since the epoch; what is older goes into buckets of a day.
    """
    runs, steps, marks = (defaultdict[Any, list[float]](list) for _ in range(3))
    for history in histories:
        for into, rows in ((runs, history.runs), (steps, history.steps), (marks, history.marks)):
            for key, sums in rows:
                into[_coarser(key, days_before)].append(sums)  # type: ignore[arg-type]
    return History(FORMAT, _added(runs), _added(steps), _added(marks))


def _coarser(key: Any, days_before: float | None) -> Any:
    if days_before is None or key[0] + DAY_S > days_before:
        return key
    return (key[0] // DAY_S * DAY_S, *key[1:])


def _added(rows: Mapping[Any, Sequence[Any]]) -> list[tuple[Any, Sums]]:
    found = ((key, tuple(map(sum, zip(*sums, strict=True)))) for key, sums in rows.items())
    return sorted(found, key=lambda row: row[0])


def history_of(
    names: Mapping[Words, int],
    step_names: Mapping[Words, int],
    runs: Columns,
    steps: Mapping[str, Columns],
    marks: Columns,
) -> History:
    """Return what is remembered of the runs of a projection, by the hour; these are its columns."""
    words, step_words = list(names), list(step_names)
    about = [(words[name], STATUSES[status]) for name, status in zip(runs["name"], runs["status"], strict=True)]
    return History(
        FORMAT,
        _grouped(_run_keys(runs, about), (runs["seconds"], runs["events"])),
        _added(_steps(steps, step_words, about)),
        _grouped(_mark_keys(marks, about), ()),
    )


def _run_keys(runs: Columns, about: Sequence[tuple[Words, str]]) -> list[RunKey]:
    columns = (_hours(runs["created"]), runs["ended"].tolist(), bins_of(runs["seconds"]).tolist())
    return [(hour, *of, ended, bin) for of, hour, ended, bin in zip(about, *columns, strict=True)]


def _mark_keys(marks: Columns, about: Sequence[tuple[Words, str]]) -> list[MarkKey]:
    columns = (marks["run"].tolist(), _hours(marks["time"]), marks["mark"].tolist())
    return [(hour, *about[run], MARK_NAMES[mark]) for run, hour, mark in zip(*columns, strict=True)]


def _steps(
    steps: Mapping[str, Columns], words: Sequence[Words], about: Sequence[tuple[Words, str]]
) -> dict[StepKey, list[Sums]]:
    found = defaultdict(list)
    for family in FAMILIES:
        table = steps[family]
        keys = [
            (hour, *about[run], words[step], error, hit, bin)
            for run, hour, step, error, hit, bin in zip(
                table["run"].tolist(),
                _hours(table["time"]),
                table["step"].tolist(),
                table["error"].tolist(),
                table["hit"].tolist(),
                bins_of(table["seconds"]).tolist(),
                strict=True,
            )
        ]
        sums = (table[name] for name in ("seconds", "input_tokens", "output_tokens", "cost_usd"))
        for key, added in _grouped(keys, (_firsts(table), *sums)):
            found[key].append(added)
    return found


def _firsts(table: Columns) -> Values:
    """Which rows are the first of their step in their run; rows of a run are in their order."""
    pairs = table["run"].astype(np.int64) * (int(table["step"].max(initial=0)) + 1) + table["step"]
    found = np.zeros(len(pairs))
    found[np.unique(pairs, return_index=True)[1]] = 1
    return found


def _grouped(keys: Sequence[Any], columns: Sequence[Values]) -> list[tuple[Any, Sums]]:
    """Count the rows of each key, and add up the columns."""
    places: dict[Any, int] = {}
    codes = np.fromiter((places.setdefault(key, len(places)) for key in keys), np.int64, len(keys))
    counts = np.bincount(codes, minlength=len(places))
    sums = [np.bincount(codes, weights=column, minlength=len(places)) for column in columns]
    return list(zip(places, zip(*(column.tolist() for column in (counts, *sums)), strict=True), strict=True))


def _hours(times: Values) -> list[int]:
    hours: list[int] = (np.floor(times / HOUR_S) * HOUR_S).astype(np.int64).tolist()
    return hours
