"""The history of a run: its report, and the kernel's side of the view with the slider."""

from __future__ import annotations

import json
import operator
import threading
from typing import Annotated, Any, TypedDict

import pandas as pd
import pytest

from victor_nb import END, START, Workflow
from victor_nb.journal import open_journal
from victor_nb.views.checkpoint_report import CheckpointReport
from victor_nb.views.checkpoint_state import differences, shown
from victor_nb.views.checkpoint_view import CheckpointView
from victor_nb.workflows import NodeFailed, WorkflowRun


class Notes(TypedDict, total=False):
    """A list that grows, and a number."""

    said: Annotated[list[str], operator.add]
    n: int


def notes_workflow() -> Workflow:
    """Three nodes in a row."""
    workflow = Workflow(Notes, name="notes")
    workflow.add_node("read", lambda state: {"said": ["read"]})
    workflow.add_node("count", lambda state: {"n": state["n"] + len(state["said"])})
    workflow.add_node("write", lambda state: {"said": ["wrote"]})
    for source, target in ((START, "read"), ("read", "count"), ("count", "write"), ("write", END)):
        workflow.add_edge(source, target)
    return workflow


@pytest.fixture
def run() -> WorkflowRun:
    """A finished run, with its workflow."""
    return notes_workflow().run_sync({"said": ["begin"], "n": 1}, journal=open_journal("memory:")).run


class View(CheckpointView):
    """A view without a browser that keeps what it sends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        super().__init__(*args, **kwargs)

    def send(self, content: Any, buffers: object = None) -> None:
        self.sent.append(json.loads(json.dumps(content)))

    def hear(self, **message: Any) -> dict[str, Any]:
        """Take a message of a browser, and return the last answer."""
        self._hear(self, message, None)
        return self.sent[-1]


def test_the_report_tells_every_checkpoint_and_what_it_changed(run: WorkflowRun) -> None:
    """In text, HTML and Markdown, without a kernel."""
    report = CheckpointReport(run)

    text = report.to_text()
    assert "4 checkpoints of notes (finished)" in text
    assert "after count\n        ~ n: 1 → 3" in text
    assert "+ said: wrote" in text
    assert "after write" in report.to_html()
    assert "n: 1 → 3" in report.to_markdown()
    assert [one["superstep"] for one in report.to_json()["checkpoints"]] == [0, 1, 2, 3]


def test_the_changes_of_a_long_history_are_those_of_its_end() -> None:
    """A loop of a thousand rounds is listed whole, and read only in part."""
    workflow = Workflow(Notes, name="loop")
    workflow.add_node("round", lambda state: {"n": state["n"] + 1})
    workflow.add_edge(START, "round")
    workflow.add_conditional_edges("round", lambda state: "round" if state["n"] < 60 else END, ["round", END])
    finished = workflow.run_sync({"n": 0}, journal=open_journal("memory:")).run

    report = CheckpointReport(finished)
    assert len(report.rows) == 61
    assert sorted(report.changes) == list(range(21, 61))
    assert [change["after"] for change in report.changes[60]] == [60]


def test_a_difference_says_what_came_what_went_and_what_grew() -> None:
    """A list that only grew is told by what came to it, not twice in full."""
    before = {"a": 1, "b": [1, 2], "c": {"x": 1, "y": 2}, "gone": True}
    after = {"a": 2, "b": [1, 2, 3], "c": {"x": 1, "y": 3}, "new": None}

    assert [(one["path"], one["kind"], one["before"], one["after"]) for one in differences(before, after)] == [
        ("a", "changed", 1, 2),
        ("b", "extended", 2, [3]),
        ("c.y", "changed", 2, 3),
        ("gone", "removed", True, None),
        ("new", "added", None, None),
    ]
    assert differences(after, after) == []


def test_tables_are_compared_and_shown_as_tables() -> None:
    """A table's == answers with a table; that is no reason to fail."""
    one, other = pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [1, 3]})

    assert differences({"t": one}, {"t": one.copy()}) == []
    assert "$grid" in differences({"t": one}, {"t": other})[0]["after"]
    assert "$grid" in shown({"t": one})["t"]


def test_hello_is_answered_with_the_history_and_a_look_with_a_state(run: WorkflowRun) -> None:
    """States are sent when somebody looks."""
    view = View(run)

    history = view.hear(kind="hello")
    assert [one["nodes"] for one in history["checkpoints"]] == [[], ["read"], ["count"], ["write"]]
    assert history["run"]["can_run"] is True

    looked = view.hear(kind="look", run_id=run.id, at=2)
    assert looked["state"] == {"said": ["begin", "read"], "n": 3}
    assert [change["path"] for change in looked["changes"]] == ["n"]
    assert looked["next"] == ["write"]


def test_a_fork_leaves_the_run_as_it_is_and_is_shown_instead(run: WorkflowRun) -> None:
    """Values that were changed take the place of those before, also where a reducer would append."""
    view = View(run)
    view.hear(kind="hello")

    history = view.hear(kind="fork", run_id=run.id, at=1, update={"said": ["other"]})

    assert history["run"]["run_id"] == view.run.id != run.id
    assert history["run"]["parent"] == run.id
    assert [one["source"] for one in history["checkpoints"]] == ["input", "nodes", "edit"]
    assert view.hear(kind="look", run_id=view.run.id, at=2)["state"]["said"] == ["other"]
    assert run.state()["said"] == ["begin", "read", "wrote"]


def test_going_on_runs_the_fork_beside_the_view(run: WorkflowRun) -> None:
    """The view says that it works, and shows the new history when it is done."""
    ended = threading.Event()
    view = View(run, on_end=lambda _: ended.set())
    view.hear(kind="hello")
    view.hear(kind="fork", run_id=run.id, at=1, update=None)

    view.hear(kind="resume", run_id=view.run.id)
    view.wait()

    assert ended.is_set()
    assert "working" in [message["kind"] for message in view.sent]
    assert view.sent[-1]["run"]["status"] == "finished"
    assert view.run.state() == {"said": ["begin", "read", "wrote"], "n": 3}


def test_without_the_workflow_the_command_is_named(run: WorkflowRun) -> None:
    """A journal alone can be looked at and forked; to run, code is needed."""
    view = View(WorkflowRun(run.journal, run.id))
    view.hear(kind="hello")
    view.hear(kind="fork", run_id=run.id, at=0, update=None)

    problem = view.hear(kind="resume", run_id=view.run.id)

    assert problem["kind"] == "problem"
    assert problem["hint"] == f"go on with: victor resume {view.run.id}"


def test_a_node_that_fails_is_told_in_the_view() -> None:
    """The error of work that a button started is not lost in a thread."""
    workflow = Workflow(Notes, name="broken")
    workflow.add_node("fine", lambda state: {"n": 1})
    workflow.add_node("broken", lambda state: {"n": 1 // (state["n"] - 1)})
    for source, target in ((START, "fine"), ("fine", "broken"), ("broken", END)):
        workflow.add_edge(source, target)
    journal = open_journal("memory:")
    with pytest.raises(NodeFailed):
        workflow.run_sync({"n": 0}, journal=journal)
    view = View(WorkflowRun(journal, "last", workflow))
    view.hear(kind="hello")

    view.hear(kind="resume", run_id=view.run.id)
    view.wait()

    problem = next(message for message in view.sent if message["kind"] == "problem")
    assert "ZeroDivisionError" in problem["what"]
    assert view.sent[-1]["run"]["status"] == "failed"


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "look", "at": 99},
        {"kind": "look", "at": -1},
        {"kind": "look", "at": True},
        {"kind": "look", "at": "1"},
        {"kind": "fork", "at": 1, "update": [1]},
        {"kind": "fork", "at": 1, "run_id": "another", "update": None},
        {"kind": "resume", "run_id": "another"},
        {"kind": "delete"},
        {"kind": ["look"]},
        {},
    ],
)
def test_messages_that_make_no_sense_do_nothing(run: WorkflowRun, message: dict[str, Any]) -> None:
    """Output of another run, or of another version, changes nothing here."""
    view = View(run)
    view.hear(kind="hello")
    before = len(view.sent)

    view._hear(view, {"run_id": run.id, **message}, None)
    view._hear(view, "look", None)

    assert len(view.sent) == before
    assert view.run.id == run.id


def test_a_key_that_the_state_has_not_is_refused(run: WorkflowRun) -> None:
    """Nothing is forked, and the nearest key is named."""
    view = View(run)
    view.hear(kind="hello")

    problem = view.hear(kind="fork", run_id=run.id, at=1, update={"sayd": []})

    assert "'said'" in problem["what"]
    assert view.run.id == run.id
