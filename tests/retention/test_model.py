"""Random runs and clearances against a model: nothing lacks a part, and metrics are as if nothing had gone."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.insight.conftest import NOON, Clock, Doings
from tests.retention.conftest import missing_blobs
from victor_nb.config import Settings
from victor_nb.insight import metrics
from victor_nb.journal import Journal
from victor_nb.journal.memory import MemoryStore
from victor_nb.journal.rows import Row
from victor_nb.retention import gc
from victor_nb.retention.marking import References

WORDS = ("", "agent", "tool", "model", "status", "day", "hour", "tool,agent,status", "kind,day", "step,hour")
TEXTS = [random.Random(number).randbytes(20_000).hex() for number in range(4)]

doing = st.one_of(
    st.tuples(st.just("agent"), st.sampled_from(["poet", "critic"]), st.lists(st.sampled_from(["search", "sql"]))),
    st.tuples(st.just("long"), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("fails"), st.just(""), st.just(0)),
    st.tuples(st.just("fork"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("wait"), st.sampled_from([60.0, -5.0, 4000.0, 90_000.0, -90_000.0]), st.just(0)),
    st.tuples(st.just("pin"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("clear"), st.integers(0, 4), st.booleans()),
)


class Model:
    """A journal that is cleared, and one with the same runs that never is."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.cleared, self.whole = (Journal(MemoryStore(), clock=self.clock) for _ in range(2))
        self.pinned: set[str] = set()
        self.doings = [Doings(journal, self.clock) for journal in (self.cleared, self.whole)]

    def do(self, what: str, one: Any, other: Any) -> None:
        """One thing, in both journals; clearing only in the first."""
        if what == "wait":
            self.clock.now += one
        elif what == "clear":
            states = ("finished", "failed", "stopped") if other else ("finished",)
            gc(keep=one, states=states, journal=self.cleared, settings=Settings(), yes=True)
        elif what == "pin":
            self.pin(one)
        elif what == "fork":
            self.fork(one)
        else:
            for doings in self.doings:
                self.run(doings, what, one, other)

    def run(self, doings: Doings, what: str, one: Any, other: Any) -> None:
        if what == "agent":
            doings.agent(one, tools=tuple(other))
        elif what == "fails":
            doings.agent("poet", fails=True)
        else:
            with doings.journal.start("workflow", "long", {"text": TEXTS[one]}) as run:
                run.step_sync("read", lambda: [TEXTS[other], TEXTS[one]], kind="node")
                run.finish({"both": [TEXTS[one], TEXTS[other]]})

    def pin(self, place: int) -> None:
        runs = self.cleared.runs()
        if runs:
            run_id = runs[place % len(runs)].run_id
            self.cleared.store.disposal.pin(run_id, 0.0)
            self.pinned.add(run_id)

    def fork(self, place: int) -> None:
        """A fork is only in the journal that is cleared: it tests what stays, not what is counted."""
        runs = [info for info in self.cleared.runs() if info.is_finished]
        if runs:
            fork = self.cleared.fork(runs[place % len(runs)].run_id, 1, type="run.forked")
            self.cleared.store.disposal.pin(fork.run_id, 0.0)
            self.pinned.add(fork.run_id)


@given(st.lists(doing, max_size=12))
@settings(max_examples=60)
def test_clearing_loses_nothing_that_somebody_may_want(doings: list[tuple[str, Any, Any]]) -> None:
    """After each clearance and at the end: parents, pins, long values; nothing superfluous; each run counted once."""
    model = Model()
    for words in doings:
        model.do(*words)
        if words[0] == "clear":
            whole_and_lean(model)
    forks = [info for info in model.cleared.runs(limit=99) if info.parent]
    if not forks:
        same_metrics(model)


def whole_and_lean(model: Model) -> None:
    """What is there has all its parts, and nothing is there that nobody needs."""
    journal = model.cleared
    runs = {info.run_id: info for info in journal.runs(limit=99)}
    assert model.pinned <= runs.keys()
    assert all(not info.parent or info.parent in runs for info in runs.values())
    assert missing_blobs(journal) == set()
    assert References(journal.store, journal.store.heads(0)).unneeded(()) == set()
    for info in runs.values():
        if info.is_finished:
            journal.result(info.run_id)


def same_metrics(model: Model) -> None:
    """Counts and sums are those of the journal that was never cleared, durations within a per cent."""
    for words in WORDS:
        found, expected = (metrics(words, journal=journal) for journal in (model.cleared, model.whole))
        by = [word for word in words.split(",") if word]
        found, expected = (frame.sort_values(by).reset_index(drop=True) if by else frame for frame in (found, expected))
        assert found.shape == expected.shape
        for name in expected.columns:
            if name.endswith("_s"):
                continue  # two journals measure two durations
            if "calls" in expected.columns and name == "runs" and {"day", "hour"} & set(by):
                continue  # a run counts where its first such step is
            if expected[name].dtype.kind == "f":
                np.testing.assert_allclose(found[name].astype(float), expected[name], rtol=1e-9)
            else:
                assert found[name].tolist() == expected[name].tolist(), (words, name)


@given(
    st.lists(st.floats(0, 1e5), min_size=1, max_size=60),
    st.integers(1, 5),
    st.lists(st.integers(0, 4), min_size=60, max_size=60),
)
def test_percentiles_of_merged_parts_are_those_of_the_whole(seconds: list[float], parts: int, where: list[int]) -> None:
    """However the runs are cut into clearances; within a per cent, and the mean is exact."""
    journal = Journal(MemoryStore(), clock=lambda: NOON)
    for took, part in zip(seconds, where, strict=False):
        with journal.start("agent", f"part {part % parts}") as run:
            run.finish()
        body = f'{{"kind":"tool","name":"t","ms":{took * 1000!r}}}'.encode()
        journal.store.append(run.id, [Row(3, NOON, "step.finished", "t/1", "", body)], {})
    before = metrics("tool", journal=journal).iloc[0]

    for part in range(parts):
        gc(keep=0, names=[f"part {part}"], journal=journal, settings=Settings(), yes=True)

    assert journal.runs() == []
    after = metrics("tool", journal=journal).iloc[0]
    for name in ("mean_s", "p50_s", "p95_s", "p99_s"):
        exact = 1e-9 if name == "mean_s" else 0.0101
        np.testing.assert_allclose(after[name], before[name], rtol=exact, atol=1e-6)
