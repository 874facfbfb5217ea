"""Which live view of a workflow is chosen, and what is left where no widget can be."""

from __future__ import annotations

from itertools import pairwise
from typing import TypedDict

import pytest

from tests.views.graph_page import research_events
from victor_nb import END, START, Workflow
from victor_nb.journal import open_journal
from victor_nb.views import GraphReport, live_graph, watching
from victor_nb.views.graph_fold import folded
from victor_nb.views.graph_live import TextGraphView


class Number(TypedDict):
    """The state below."""

    n: int


def test_without_a_kernel_a_report_is_shown_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, and only if somebody wants to see it."""
    shown: list[object] = []
    monkeypatch.setattr("victor_nb.views.graph_live.put", shown.append)
    view = live_graph()
    assert isinstance(view, TextGraphView)
    for event in research_events():
        view.add(event)

    view.show()
    report = view.freeze()
    view.freeze()

    assert shown == [report]
    assert not view.heard.is_set()


def test_a_run_is_watched_by_what_hears_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it fails, its graph stays in the cell."""
    shown: list[GraphReport] = []
    monkeypatch.setattr("victor_nb.views.graph_live.put", shown.append)
    workflow = Workflow(Number, name="halves")
    workflow.add_node("halve", lambda state: {"n": 1 // state["n"]})
    workflow.add_edge(START, "halve")
    workflow.add_edge("halve", END)

    with pytest.raises(Exception, match="halve"), watching() as show:
        workflow.run_sync({"n": 0}, journal=open_journal("memory:"), on_event=show)

    assert shown[0].known.nodes["halve"].state == "failed"
    assert "ZeroDivisionError" in shown[0].to_text()


def test_a_large_graph_is_read_from_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal keeps its long shape apart; a listener gets a reference, and the picture is whole all the same."""
    shown: list[GraphReport] = []
    monkeypatch.setattr("victor_nb.views.graph_live.put", shown.append)
    workflow, journal = Workflow(Number, name="long"), open_journal("memory:")
    names = [START, *(f"node_{at}" for at in range(900)), END]
    for name in names[1:-1]:
        workflow.add_node(name, lambda state: None)
    for source, target in pairwise(names):
        workflow.add_edge(source, target)

    with watching(journal) as show:
        workflow.run_sync({"n": 0}, journal=journal, on_event=show)

    known = shown[0].known
    assert known.shape == workflow.shape()
    assert known.count("done") == 900
    assert folded(journal.history(known.run_id)).shape is None  # nothing fails without the journal
