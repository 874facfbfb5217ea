"""Differences of states that hold tables and arrays."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np
import pandas as pd
import pytest

from victor_nb.journal.replay import changes
from victor_nb.workflows import START, Workflow


class State(TypedDict, total=False):
    data: Any
    same: Any


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(3), np.ones(3)),
        (np.zeros(3), np.zeros(4)),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
        (np.zeros(3), None),
        ([np.zeros(2)], [np.ones(2)]),
    ],
)
def test_tables_and_arrays_are_compared_as_a_whole(one, other):
    """One place that differs, and none where they are equal."""
    assert len(changes({"data": one}, {"data": other})) == 1
    assert changes({"data": one}, {"data": one}) == []


def test_two_runs_whose_states_hold_arrays_are_compared(sqlite_journal):
    """A fork that changes one array differs in that key alone."""
    graph = Workflow(State).add_node("keep", lambda state: {"same": pd.DataFrame({"a": [1, 2]})})
    graph.add_edge(START, "keep")
    run = graph.run_sync({"data": np.arange(3)}, journal=sqlite_journal).run
    fork = run.fork(update={"data": np.arange(4)})

    assert [change.path for change in run.diff(fork).state] == ["data"]
