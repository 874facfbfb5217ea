"""Nodes may ask a person; the run goes on with the answer."""

from __future__ import annotations

from typing import TypedDict

from tests.pipelines.nodes import rows, statuses
from victor_nb import Workflow, interrupt
from victor_nb.pipelines import compute, workflow
from victor_nb.workflows import START


class Asked(TypedDict, total=False):
    """The state of a workflow that asks."""

    answer: str


def test_a_node_may_ask_a_person_and_the_run_goes_on_with_the_answer(place):
    """Everything that does not need the answer is done first; the question waits in the journal."""
    asking = (
        Workflow(Asked, "ask").add_node("ask", lambda state: {"answer": interrupt("how many?")}).add_edge(START, "ask")
    )
    count = compute(lambda text: len(text), "n", parameters={"text": "{{ ask.answer }}"})
    nodes = [workflow(asking, "ask"), compute(rows), count]

    waiting = place.run(*nodes)
    done = place.run(*nodes, run_id=waiting.run_id, answer="many")

    assert (waiting.status, [one.value for one in waiting.questions]) == ("waiting", ["how many?"])
    assert statuses(waiting) == {"ask": "stopped", "rows": "finished", "n": "skipped"}
    assert (done.status, done["n"]) == ("finished", 4)


def test_questions_of_members_are_told_apart(place):
    """Functions may ask, too; each member gets its own answer."""

    def ask(n: int) -> object:
        return interrupt(f"{n}?")

    node = compute(ask, matrix={"n": [1, 2]})
    waiting = place.run(node)
    answers = {one.id: f"about {one.value}" for one in waiting.questions}
    done = place.run(node, run_id=waiting.run_id, answer=answers)

    assert [one["value"] for one in done["ask"]] == ["about 1?", "about 2?"]
