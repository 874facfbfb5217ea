"""What is known of each node of a workflow's run, from its events."""

from __future__ import annotations

import asyncio
from typing import Any, TypedDict

import pytest

from tests.views.graph_page import RUN, Script, research, research_events
from victor_nb import END, START, Command, RetryPolicy, Send, Workflow, interrupt
from victor_nb.errors import VictorError
from victor_nb.journal import Event, open_journal
from victor_nb.views.graph_fold import EVENTS, advance, folded
from victor_nb.views.graph_report import GraphReport
from victor_nb.views.graph_state import GraphState, mark_of, marks, words_of


def test_every_node_has_the_state_that_its_events_say() -> None:
    """Done, running, failed after a retry, waiting, and inside of a sub-workflow by the path."""
    known = folded(research_events())

    assert {path: node.state for path, node in known.nodes.items()} == {
        "plan": "done",
        "search_web": "running",
        "search_papers": "failed",
        "ask_person": "waiting",
        "review": "running",
        "review/read": "done",
        "review/judge": "running",
    }
    assert known.nodes["search_papers"].attempts == 2
    assert known.nodes["ask_person"].asks[0].value == {"question": "Which one is right?"}
    assert known.shape == research()


def test_what_a_node_was_given_and_gave_back_is_kept_with_its_events() -> None:
    """A click on a node shows it; steps inside the node are told too."""
    node = folded(research_events()).nodes["plan"]

    assert node.inputs == {"question": "What separates the species?"}
    assert node.result == {"update": {"topics": ["petals", "sepals"]}}
    assert [event["words"] for event in node.events] == ["began", "model offline: 210 ms", "finished in 340 ms"]


def test_an_event_that_comes_twice_counts_once() -> None:
    """A subscription may begin with what was read already."""
    known = folded(research_events())
    for event in research_events():
        advance(known, event)

    assert known.nodes["plan"].runs == 1


def test_the_same_events_give_the_same_whether_they_come_live_or_from_the_record() -> None:
    """Pure nodes have no beginning in the journal: their end is enough."""
    script = Script(research())
    script.finish(1, "plan", ms=120)
    script.add("run.finished", result={})

    known = folded(script.events)
    assert known.state == "finished"
    assert words_of(known.nodes["plan"]) == "120 ms"


@pytest.mark.parametrize("end", ["run.failed", "run.stopped"])
def test_what_ran_when_a_run_ended_did_not_finish(end: str) -> None:
    """No node says that it runs when nothing runs."""
    script = Script(research())
    script.start(1, "plan")
    script.add(end, error={"what": "no"})

    known = folded(script.events)
    assert known.nodes["plan"].state == "unfinished"
    assert mark_of(known.nodes["plan"]) is not None


def test_a_run_that_stopped_because_somebody_is_asked_waits() -> None:
    """The journal calls it stopped; a person is told what it waits for."""
    script = Script(research())
    script.add("interrupt.requested", "1/plan", id="q", node="1/plan", value="Which?")
    script.add("run.stopped", reason="waiting")

    known = folded(script.events)
    assert known.state == "waiting"
    assert "plan asks: Which?" in GraphReport(known).to_text()


def test_an_answer_ends_the_waiting() -> None:
    """Until the node begins again it has nothing to say."""
    script = Script(research())
    script.add("interrupt.requested", "1/plan", id="q", node="1/plan", value="Which?")
    script.add("run.stopped", reason="waiting")
    script.add("run.resumed")
    script.add("interrupt.answered", id="q", value="this one")

    known = folded(script.events)
    assert known.state == "running"
    assert known.nodes["plan"].state == "idle"


def test_the_time_between_two_executions_is_not_counted() -> None:
    """A run that waits over night has not run over night."""
    script = Script(research())
    script.add("run.stopped", reason="asked")
    resumed = Event.of(RUN, 4, 100_000.0, "run.resumed")
    later = Event.of(RUN, 5, 100_000.5, "run.finished")

    known = folded([*script.events, resumed, later])
    assert known.seconds == pytest.approx(0.7)


def test_many_tasks_of_one_node_are_counted_together() -> None:
    """A node that was sent to three times is done when the last one is."""
    script = Script(research())
    for index in range(3):
        script.add("step.started", f"2/plan#{index}", kind="node", name="plan")
    for index in range(2):
        script.add("step.finished", f"2/plan#{index}", kind="node", name="plan", superstep=2, ms=500)
    known = folded(script.events)
    assert (known.nodes["plan"].state, known.nodes["plan"].open) == ("running", 1)

    script.add("step.finished", "2/plan#2", kind="node", name="plan", superstep=2, ms=500)
    assert words_of(folded(script.events).nodes["plan"]) == "3 times · 1.5 s"


def test_what_is_kept_of_a_node_is_bounded() -> None:
    """A loop of a million rounds shows its last ones, and a large value its beginning."""
    script = Script(research())
    for superstep in range(100):
        script.finish(superstep, "plan", result={"update": "x" * 100_000})

    node = folded(script.events).nodes["plan"]
    assert len(node.events) == EVENTS
    assert len(str(node.result)) < 4_000


def test_nothing_known_is_shown_as_a_run_that_has_not_begun() -> None:
    """A report of no events is no error."""
    assert "Not started" in GraphReport(GraphState()).to_text()


class Bag(TypedDict, total=False):
    """The state of the workflow below."""

    n: int


def _workflow() -> Workflow:
    inner = Workflow(Bag, name="inner")
    inner.add_node("twice", lambda state: {"n": state["n"] * 2})
    inner.add_edge(START, "twice")
    inner.add_edge("twice", END)
    failures = iter([ConnectionError("not yet")])

    def flaky(state: Bag) -> Bag:
        for failure in failures:
            raise failure
        return {"n": state["n"] + 1}

    def ask(state: Bag) -> Command:
        if interrupt("go on?") != "yes":
            raise VictorError("no")
        return Command(goto=[Send("work", {"n": 1}), Send("work", {"n": 2})])

    outer = Workflow(Bag, name="outer")
    outer.add_node("flaky", flaky, retry=RetryPolicy(attempts=2, wait_s=0.0))
    outer.add_node("inner", inner)
    outer.add_node("ask", ask, ends=("work",))
    outer.add_node("work", lambda state: None)
    outer.add_edge(START, "flaky")
    outer.add_edge("flaky", "inner")
    outer.add_edge("inner", "ask")
    return outer


def test_a_real_run_is_told_as_it_was() -> None:
    """Retries, a sub-workflow, a question, its answer and a map, from the engine's own events."""
    workflow, journal = _workflow(), open_journal("memory:")

    async def both() -> tuple[dict[str, Any], dict[str, Any]]:
        asked = await workflow.run({"n": 1}, journal=journal)
        first = GraphReport.of(journal.history(asked.run_id), journal.load)
        done = await workflow.run(Command(resume="yes"), run_id=asked.run_id, journal=journal)
        return first.to_json(), GraphReport.of(journal.history(done.run_id), journal.load).to_json()

    first, second = asyncio.run(both())

    assert first["state"] == "waiting"
    assert {node["path"]: node["state"] for node in first["nodes"]} == {
        "flaky": "done",
        "inner/twice": "done",
        "inner": "done",
        "ask": "waiting",
    }
    assert second["state"] == "finished"
    states = {node["path"]: (node["state"], node["runs"], node["attempts"]) for node in second["nodes"]}
    assert states["flaky"] == ("done", 1, 2)
    assert states["work"] == ("done", 2, 1)
    assert states["ask"] == ("done", 1, 1)


def test_marks_name_the_paths_of_the_drawing() -> None:
    """What the fold calls a node is what the drawing calls it."""
    assert marks(folded(research_events())).keys() >= {"plan", "review/judge"}


def test_an_answer_closes_its_own_question_only() -> None:
    """A run that is resumed with one of two answers still waits for the other."""
    script = Script(research())
    for at, name in enumerate(("search_web", "ask_person")):
        script.start(1, name)
        script.add("interrupt.requested", f"1/{name}", id=f"q{at}", node=f"1/{name}", value="?")
    script.add("run.stopped", reason="waiting", seconds=1.0)
    script.add("run.resumed", name="research")
    script.add("interrupt.answered", id="q0", value=1)
    script.finish(1, "search_web")
    script.start(1, "ask_person")
    script.add("run.stopped", reason="waiting", seconds=1.0)

    known = folded(script.events)

    assert known.state == "waiting"
    assert known.nodes["search_web"].state == "done"
    assert known.nodes["ask_person"].state == "waiting"
    assert [ask.id for ask in known.asks] == ["q1"]


def test_a_call_of_an_agent_waits_in_its_node_until_somebody_decides() -> None:
    """The event names the step around the call; the run goes on meanwhile."""
    script = Script(research())
    node = script.start(1, "plan")
    script.add("approval.requested", "a1", node, call_id="c1", call_hash="h", tool="pay", arguments={"amount": 5})
    waiting = folded(script.events)
    assert (waiting.state, waiting.nodes["plan"].state) == ("running", "waiting")
    assert waiting.asks[0].arguments == {"amount": 5}

    script.add("approval.decided", "a1", node, call_id="c1", approved=True, by="button")
    decided = folded(script.events)
    assert decided.nodes["plan"].state == "running"
    assert decided.asks == []


def test_a_call_that_nobody_could_be_asked_about_stays_open() -> None:
    """The run has stopped, and the command that approves is named."""
    script = Script(research())
    node = script.start(1, "plan")
    script.add("approval.requested", "a1", node, call_id="c1", call_hash="h", tool="pay", arguments={})
    script.add("approval.decided", "a1", node, call_id="c1", approved=False, by="policy")
    script.fail(1, "plan", "tool 'pay' needs approval")
    script.add("run.stopped", reason="resumable", seconds=1.0)

    report = GraphReport(folded(script.events))

    assert f"victor approve {RUN} c1 && victor resume {RUN}" in report.to_text()
