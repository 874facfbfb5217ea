"""The projection: every event of a journal folded into columns of numbers, from which all metrics are computed.

1. It is made from events alone and kept in memory: the engine knows nothing of it, and it can be thrown away at will.
2. `refresh` reads what is new. A finished run is read once; of every other run only what came after the last look.
3. Runs that nobody can add to are read many at a time, a run that may go on up to the event that its head named: an
   event is counted once, whoever writes meanwhile.
4. Times are what the writers' clocks showed. Durations are measured by the engine, so a clock that is set back makes
   none negative.
5. What is remembered of runs that were removed is read last: a run is counted from its events or from the history,
   whoever removes runs meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from victor_nb.insight import bodies
from victor_nb.insight.counted import FAMILIES as FAMILIES
from victor_nb.insight.counted import MARK_NAMES as MARK_NAMES
from victor_nb.insight.counted import MARKS as MARKS
from victor_nb.insight.counted import STATUSES as STATUSES
from victor_nb.insight.counted import Numbering as Numbering
from victor_nb.insight.growing import Columns
from victor_nb.insight.history import History, history_of, merged, read
from victor_nb.insight.recalling import Recalled, recalled

if TYPE_CHECKING:
    from victor_nb.journal import Journal
    from victor_nb.journal.rows import Head, Swept

_MARK_NUMBERS: Final = {type: MARK_NAMES.index(name) for type, name in MARKS.items()}
_ANSWERS: Final = ("approval.decided", "interrupt.answered")
_TYPES: Final = (*MARKS, *_ANSWERS, "step.failed")
_ENDS: Final = frozenset({"run.finished", "run.failed", "run.stopped"})

EVENTS_AT_ONCE: Final = 1000
"""How many events are held at the same time while they are read; one may take 128 KB, and a database hands out 1 GB."""
LOOK_BACK: Final = 200
"""Runs below the newest number that are looked for again: a server may show a later one first."""
_NO_END: Final = 2**62


class Projection:
    """What the events of a journal say in numbers.

    Attributes:
        lock: held while the columns change; whoever reads them holds it too.
        names: kind and name of runs, numbered.
        step_names: kind and name of steps, numbered.
        run_ids: by the place of a run in `runs`; empty for one that was removed.
        runs: one row a run: `number` in the store, `name`, `status` (a place in `STATUSES`), `created`, `updated`,
            `lease_until` (0 where nobody executes it), `seconds` that it worked, `ended` (whether some execution came
            to an end), `events`, `is_past` (it was removed).
        steps: by family, one row for each end of a step: `run`, `step`, `time`, `seconds`, `error`, `input_tokens`,
            `output_tokens`, `cost_usd`, `hit` (a result of earlier was taken).
        marks: one row for each event in `MARKS`: `run`, `time`, `mark` (a place in `MARK_NAMES`).
        waits: one row for each question to a person: `run`, `asked`, `answered` (NaN while it is open).
    """

    def __init__(self, journal: Journal) -> None:
        self.store, self.clock = journal.store, journal.clock
        self.lock = threading.RLock()
        self._begin()

    def _begin(self) -> None:
        self.names, self.step_names = Numbering(), Numbering()
        self.run_ids: list[str] = []
        self.runs = Columns(
            dict.fromkeys(("created", "updated", "lease_until", "seconds"), "f8")
            | {"name": "i4", "status": "i1", "ended": "?", "events": "i8", "number": "i8", "is_past": "?"}
        )
        self.steps = {family: Columns(_STEP_TYPES) for family in FAMILIES}
        self.marks = Columns({"run": "i4", "time": "f8", "mark": "i1"})
        self.waits = Columns({"run": "i4", "asked": "f8", "answered": "f8"})
        self._places: dict[int, int] = {}
        self._open: dict[int, int] = {}
        self._questions: dict[tuple[int, str], int] = {}
        self._newest = self._generation = 0

    def refresh(self) -> int:
        """Read what is new in the journal; returns how many events that is. Any thread."""
        with self.lock:
            try:
                return self._read()
            except BaseException:
                self._begin()  # what was half folded would be counted twice
                raise

    def _read(self) -> int:
        heads = self.store.heads(max(0, self._newest - LOOK_BACK), self._open)
        news = [head for head in heads if head.number in self._open or head.number not in self._places]
        before = self._count(news)
        self._take(news)
        found = self._count(news) - before
        remains = self.store.disposal.remains(self._generation)
        if remains is not None:
            self._drop_all_but(remains.numbers)
            histories = [read(summary.content, self.store.url) for summary in remains.summaries]
            self._recall(recalled(merged(histories), self.names, self.step_names))
            self._generation = remains.generation
        return found

    def history(self, heads: Sequence[Head]) -> History:
        """Return what is to be remembered of these runs; the projection must be new, and is of no use afterwards."""
        self._take(heads)
        return history_of(self.names, self.step_names, self.runs, self.steps, self.marks)

    def _take(self, heads: Sequence[Head]) -> None:
        """Fold what these runs have that is new."""
        self._make_places([head for head in heads if head.number not in self._places])
        for first, last, after, through in _stretches(heads, self._open):
            self._fold(self.store.sweep(first, last, _TYPES, after=after, through=through))
        self._remember(heads)

    def _count(self, heads: Sequence[Head]) -> int:
        return sum(self._open.get(head.number, head.newest if head.number in self._places else 0) for head in heads)

    # -- runs ----------------------------------------------------------------------------------------------------------

    def _make_places(self, heads: Sequence[Head]) -> None:
        """Give runs that were not known a row each."""
        if not heads:
            return
        names = [self.names[head.kind, head.name] for head in heads]
        numbers = [head.number for head in heads]
        start = self.runs.add({"created": [head.created for head in heads], "name": names, "number": numbers})
        self._places |= {head.number: place for place, head in enumerate(heads, start)}
        self._open |= {head.number: 0 for head in heads}
        self.run_ids += [head.run_id for head in heads]
        self._newest = max(self._newest, *(head.number for head in heads))

    def _remember(self, heads: Sequence[Head]) -> None:
        """Note what the heads said, and how far their runs were read."""
        if not heads:
            return
        places = [self._places[head.number] for head in heads]
        self.runs["status"][places] = [STATUSES.index(head.status) for head in heads]
        self.runs["updated"][places] = [head.updated for head in heads]
        self.runs["events"][places] = [head.newest for head in heads]
        self.runs["lease_until"][places] = [head.lease_until if head.owner else 0.0 for head in heads]
        for head in heads:
            if head.status == "finished":
                del self._open[head.number]
            else:
                self._open[head.number] = head.newest

    # -- runs that were removed ----------------------------------------------------------------------------------------

    def _drop_all_but(self, numbers: frozenset[int]) -> None:
        """Forget the rows of runs that are gone, and what was remembered of earlier ones."""
        stays = np.array([number in numbers for number in self.runs["number"].tolist()], bool)
        places = np.cumsum(stays) - 1
        self.runs.keep(stays)
        self.run_ids = [run_id for run_id, is_there in zip(self.run_ids, stays, strict=True) if is_there]
        waits = stays[self.waits["run"]]
        rows = np.cumsum(waits) - 1
        self._questions = {
            (int(places[run]), question): int(rows[row])
            for (run, question), row in self._questions.items()
            if waits[row]
        }
        for table in (*self.steps.values(), self.marks, self.waits):
            table.keep(stays[table["run"]])
            table["run"][:] = places[table["run"]]
        self._places = {number: place for place, number in enumerate(self.runs["number"].tolist())}
        self._open = {number: newest for number, newest in self._open.items() if number in self._places}

    def _recall(self, past: Recalled) -> None:
        """Add the rows of what is remembered."""
        start = self.runs.add(past.runs)
        self.run_ids += [""] * (len(self.runs) - start)
        for family, rows in past.steps.items():
            self.steps[family].add({**rows, "run": rows["run"] + start})
        self.marks.add({**past.marks, "run": past.marks["run"] + start})

    # -- folding -------------------------------------------------------------------------------------------------------

    def _fold(self, swept: Sequence[Swept]) -> None:
        known = [(self._places[one.number], one) for one in swept if one.number in self._open]
        self._fold_results([(run, one) for run, one in known if one.times])
        marks = [mark for run, one in known for mark in self._fold_others(run, one.others)]
        if marks:
            runs, times, kinds = zip(*marks, strict=True)
            self.marks.add({"run": runs, "time": times, "mark": kinds})

    def _fold_results(self, swept: Sequence[tuple[int, Swept]]) -> None:
        if not swept:
            return
        ends = bodies.step_ends(b",".join([one.results for _, one in swept]))
        runs = np.repeat(np.array([run for run, _ in swept], "i4"), [len(one.times) for _, one in swept])
        times = np.fromiter(chain.from_iterable(one.times for _, one in swept), "f8", len(ends))
        self._add_steps(ends, runs, times)

    def _add_steps(self, ends: Sequence[bodies.StepEnd], runs: np.ndarray, times: np.ndarray) -> None:
        numbers = self.step_names
        steps = np.array([numbers[end.kind, end.name] for end in ends], "i4")
        families = np.array([_FAMILY.get(kind, 2) for kind, _ in numbers], "i1")[steps]
        for number, family in enumerate(FAMILIES):
            rows = np.flatnonzero(families == number)
            if len(rows):
                own = [ends[row] for row in rows.tolist()]
                self.steps[family].add({"run": runs[rows], "step": steps[rows], "time": times[rows], **_measured(own)})

    def _fold_others(self, run: int, others: Iterable[tuple[float, str, bytes]]) -> Iterator[tuple[int, float, int]]:
        """Fold what is no result; yields run, time and mark of what is only counted."""
        for time, type, raw in others:
            if type == "step.failed":
                self._fail(run, time, bodies.step_end(raw))
            elif type in _ANSWERS:
                self._answer(run, time, bodies.question(raw))
            else:
                if type in _ENDS:
                    self.runs["seconds"][run] += max(0.0, bodies.run_end(raw).seconds)
                    self.runs["ended"][run] = True
                if MARKS[type] == "asked":
                    self._ask(run, time, bodies.question(raw))
                yield run, time, _MARK_NUMBERS[type]

    def _fail(self, run: int, time: float, end: bodies.StepEnd) -> None:
        if not end.resumable:  # it only asks to be gone on with, as a budget does
            end.is_error = True
            self._add_steps([end], np.array([run], "i4"), np.array([time]))

    def _ask(self, run: int, time: float, question: str) -> None:
        self._questions[run, question] = self.waits.add({"run": [run], "asked": [time], "answered": [np.nan]})

    def _answer(self, run: int, time: float, question: str) -> None:
        place = self._questions.pop((run, question), None)
        if place is not None:
            self.waits["answered"][place] = time


_FAMILY: Final = {"model": 0, "tool": 1}
_STEP_TYPES: Final = {
    "run": "i4",
    "step": "i4",
    "time": "f8",
    "seconds": "f8",
    "error": "?",
    "input_tokens": "i8",
    "output_tokens": "i8",
    "cost_usd": "f8",
    "hit": "?",
}


def _stretches(heads: Sequence[Head], known: Mapping[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """What to sweep: first and last run, after which number and through which one.

    Many finished runs go at a time, since nobody can add to them; every other run by itself, up to its newest event.
    """
    together: list[int] = []
    events = 0
    for head in heads:
        is_whole = head.status == "finished" and not known[head.number] and head.newest <= EVENTS_AT_ONCE
        is_next = together and head.number == together[-1] + 1
        if together and not (is_whole and is_next and events + head.newest <= EVENTS_AT_ONCE):
            yield together[0], together[-1], 0, _NO_END
            together, events = [], 0
        if is_whole:
            together.append(head.number)
            events += head.newest
            continue
        for after in range(known[head.number], head.newest, EVENTS_AT_ONCE):
            yield head.number, head.number, after, min(after + EVENTS_AT_ONCE, head.newest)
    if together:
        yield together[0], together[-1], 0, _NO_END


def _measured(ends: Sequence[bodies.StepEnd]) -> dict[str, Sequence[object] | np.ndarray]:
    """The columns that come from the bodies; those that nothing is said in are left out."""
    found: dict[str, Sequence[object] | np.ndarray] = {
        "seconds": np.maximum(np.array([end.ms for end in ends]), 0.0) / 1000,
        "error": [end.is_error for end in ends],
        "hit": [end.cached for end in ends],
    }
    told = [end.usage for end in ends]
    if any(told):
        found["input_tokens"] = [usage.input_tokens if usage else 0 for usage in told]
        found["output_tokens"] = [usage.output_tokens if usage else 0 for usage in told]
    costs = [end.cost_usd for end in ends]
    if any(costs):
        found["cost_usd"] = [cost or 0.0 for cost in costs]
    return found
