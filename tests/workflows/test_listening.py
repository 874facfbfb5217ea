"""Whoever passes `on_event` hears a run as it happens."""

from __future__ import annotations

import asyncio
from typing import TypedDict

from victor_nb import END, START, Command, Workflow, interrupt
from victor_nb.journal import Event, open_journal


class Count(TypedDict, total=False):
    """One number."""

    n: int


def _asking() -> Workflow:
    workflow = Workflow(Count, name="asking")
    workflow.add_node("first", lambda state: {"n": state["n"] + 1})
    workflow.add_node("ask", lambda state: {"n": interrupt("how many?")})
    workflow.add_edge(START, "first")
    workflow.add_edge("first", "ask")
    workflow.add_edge("ask", END)
    return workflow


def test_a_listener_hears_the_beginning_of_nodes_too() -> None:
    """A node without an effect leaves no beginning in the journal, and is seen beginning all the same."""
    heard: list[Event] = []

    asyncio.run(_asking().run({"n": 1}, journal=open_journal("memory:"), on_event=heard.append))

    assert [(event.type, event.step_id) for event in heard] == [
        ("run.started", ""),
        ("workflow.graph", ""),
        ("step.started", "1/first"),
        ("step.finished", "1/first"),
        ("step.started", "2/ask"),
        ("interrupt.requested", "2/ask"),
        ("run.stopped", ""),
    ]
    assert not any(event.replayed for event in heard)


def test_a_listener_of_a_resumed_run_hears_its_past_as_past() -> None:
    """The picture is whole from the first moment, and it can be told what is new."""
    journal, heard = open_journal("memory:"), list[Event]()

    async def both() -> None:
        asked = await _asking().run({"n": 1}, journal=journal)
        await _asking().run(Command(resume=3), run_id=asked.run_id, journal=journal, on_event=heard.append)

    asyncio.run(both())

    past = [event.type for event in heard if event.replayed]
    assert past[:2] == ["run.started", "workflow.graph"]
    assert "interrupt.requested" in past
    assert [event.type for event in heard if not event.replayed][-2:] == ["step.finished", "run.finished"]


def test_a_listener_that_fails_ends_no_run() -> None:
    """A view must never stop the run that it shows."""
    heard: list[str] = []

    def failing(event: Event) -> None:
        heard.append(event.type)
        if event.type == "step.started":
            raise ValueError("a fault of the view")

    result = asyncio.run(_asking().run({"n": 1}, journal=open_journal("memory:"), on_event=failing))

    assert result.status == "waiting"
    assert heard[-1] == "step.started"
