"""Events reach readers while they happen; a replay shows the same stream, marked as replayed."""

from __future__ import annotations

import asyncio

import pytest

from tests.agents.scripts import Never, Script
from victor_nb.agents import Agent, Budget, BudgetExceeded
from victor_nb.agents.live import can_stream
from victor_nb.journal import Event, Journal
from victor_nb.journal.memory import MemoryStore
from victor_nb.testing import FrozenClock
from victor_nb.tools import tool


@tool(effect="read")
def look() -> str:
    """Look."""
    return "seen"


def read(agent: Agent, journal: Journal, **options: object) -> tuple[list[Event], object]:
    async def collect():
        stream = agent.stream("go", journal=journal, **options)
        return [event async for event in stream], stream

    return asyncio.run(collect())


def deltas(events: list[Event]) -> list[str]:
    return [event.data["text"] for event in events if event.type == "model.delta"]


def test_text_arrives_in_pieces_inside_its_step(journal):
    """Each piece belongs to the model step, comes before its end and is not journaled."""
    events, stream = read(Agent("a", Script([("look", {})], "one two three").streaming(), [look]), journal)

    types = [event.type for event in events]
    piece = next(event for event in events if event.type == "model.delta")
    last_step = [event for event in events if event.type == "step.finished"][-1]
    assert deltas(events) == ["one ", "two ", "three "]
    assert types[0] == "run.started"
    assert types[-1] == "run.finished"
    assert piece.step_id == last_step.step_id
    assert (piece.seq, piece.replayed) == (0, False)
    assert stream.result.text == "one two three "
    assert stream.run_id == stream.result.run_id
    assert journal.events(stream.run_id, types=["model.delta"]) == []


def test_a_model_that_cannot_stream_tells_its_text_at_once(journal):
    """Readers need no second code path."""
    events, stream = read(Agent("a", Script("one two").model()), journal)

    assert deltas(events) == ["one two"]
    assert stream.result.text == "one two"


def test_a_replay_streams_the_same_story_marked_as_replayed(journal):
    """The same types in the same order; the text in one piece."""
    live, _ = read(Agent("a", Script([("look", {})], "one two").model(), [look]), journal)

    replayed, stream = read(Agent("a", Never.model(), [look]), journal, replay="strict")

    shown = ("run.started", "step.started", "step.finished", "model.delta", "run.finished")
    assert [e.type for e in replayed if e.type in shown] == [e.type for e in live if e.type in shown]
    assert all(event.replayed for event in replayed)
    assert deltas(replayed) == ["one two"]
    assert stream.result.replayed


def test_a_replay_takes_the_time_that_it_takes():
    """Its clock starts when it starts, however old the recording is."""
    journal = Journal(MemoryStore(), clock=FrozenClock())
    read(Agent("a", Script("fine").model()), journal)
    a_day_later = journal.clock.advance(86_400)

    events, _ = read(Agent("a", Never.model()), journal, replay="strict")

    assert {event.time for event in events} == {a_day_later}


def test_a_resumed_run_shows_what_was_done_before(journal):
    """First the past, marked; then the present."""
    script = Script([("look", {})], "done")
    with pytest.raises(BudgetExceeded):
        read(Agent("a", script.model(), [look], budget=Budget(steps=1)), journal)
    run_id = journal.find("last").run_id

    events, _ = read(Agent("a", script.model(), [look]), journal, run_id=run_id)

    resumed = [event.type for event in events].index("run.resumed")
    assert all(event.replayed for event in events[:resumed])
    assert not any(event.replayed for event in events[resumed:])
    assert deltas(events) == ["done"]


def test_leaving_a_stream_early_stops_the_run(journal):
    """The run is stopped and can be resumed."""

    @tool(effect="read")
    async def hang() -> None:
        """Never ends."""
        await asyncio.Event().wait()

    async def leave() -> None:
        stream = Agent("a", Script([("hang", {})], "x").model(), [hang]).stream("go", journal=journal)
        events = aiter(stream)
        async for event in events:
            if event.type == "step.started" and event.data["kind"] == "tool":
                break
        await events.aclose()

    asyncio.run(leave())

    assert journal.find("last").status == "stopped"


def test_a_stream_has_no_result_before_its_end(journal):
    """Asking too early is a programmer's mistake."""
    with pytest.raises(RuntimeError, match="read to its end"):
        _ = Agent("a", Script("x").model()).stream("go", journal=journal).result


def test_a_failing_run_raises_out_of_its_stream(journal):
    """After the events that tell the story."""
    with pytest.raises(BudgetExceeded):
        read(Agent("a", Script([("look", {})], "x").model(), [look], budget=Budget(steps=1)), journal)


def test_which_models_can_stream():
    """Wrappers and fallbacks are looked through."""
    from pydantic_ai.models.fallback import FallbackModel
    from pydantic_ai.models.test import TestModel
    from pydantic_ai.models.wrapper import WrapperModel

    plain, streaming = Script("x").model(), Script("x").streaming()

    assert can_stream(streaming)
    assert can_stream(TestModel())
    assert can_stream(WrapperModel(streaming))
    assert can_stream(FallbackModel(streaming, streaming))
    assert not can_stream(plain)
    assert not can_stream(WrapperModel(plain))
    assert not can_stream(FallbackModel(streaming, plain))
