"""Spans are what the events say: their names, their places, their times, and nothing of what was answered before."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TypedDict

import pytest
from opentelemetry import trace as otel
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, StatusCode

from tests.insight.conftest import Clock
from tests.insight.tracing.conftest import Traced
from victor_nb import END, START, Agent, Command, Pipeline, Workflow, interrupt, open_journal, tool
from victor_nb.insight import trace_id_of
from victor_nb.journal import Effect, Journal, JournalBusy, Redactor, Run, current_step
from victor_nb.journal.errors import Paused
from victor_nb.journal.memory import MemoryStore
from victor_nb.pipelines import agent, compute


@tool
def double(n: int) -> int:
    """Double a number."""
    return 2 * n


@tool
def broken(n: int) -> int:
    """Fail."""
    raise ValueError(f"cannot take {n}")


def hexadecimal(trace_id: int) -> str:
    return f"{trace_id:032x}"


def test_an_agents_run_is_a_span_around_its_requests_and_calls(traced: Traced) -> None:
    """By the conventions' names, kinds and attributes; the trace can be found by the run."""
    result = Agent("counter", tools=[double]).run_sync("double 4", journal=traced.journal)

    assert traced.names == ["chat offline", "execute_tool double", "chat offline", "invoke_agent counter"]
    run, call = traced.named("invoke_agent counter"), traced.named("execute_tool double")
    request = traced.spans[0]
    assert run.parent is None
    assert {span.parent.span_id for span in traced.spans[:3] if span.parent} == {run.context.span_id}
    assert {hexadecimal(span.context.trace_id) for span in traced.spans} == {trace_id_of(result.run_id)}
    assert [span.kind for span in traced.spans[1:]] == [SpanKind.INTERNAL, SpanKind.CLIENT, SpanKind.INTERNAL]
    assert run.attributes is not None
    assert run.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert run.attributes["gen_ai.agent.name"] == "counter"
    assert run.attributes["victor.run.id"] == result.run_id
    assert run.attributes["victor.run.outcome"] == "finished"
    assert request.attributes is not None
    assert request.attributes["gen_ai.provider.name"] == "victor"
    assert request.attributes["gen_ai.request.model"] == "offline"
    assert request.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert call.attributes is not None
    assert call.attributes["gen_ai.tool.name"] == "double"
    assert str(call.attributes["gen_ai.tool.call.id"]).startswith("call_")


def test_tokens_and_cost_are_told(traced: Traced) -> None:
    """Of the request, and summed of the run."""

    def answer() -> dict[str, object]:
        step = current_step()
        assert step is not None
        step.note(usage={"input_tokens": 100, "output_tokens": 10}, cost_usd=0.02)
        return {"parts": [], "provider_name": "google-gla", "model_name": "gemini-9-001"}

    with traced.journal.start("agent", "poet") as run:
        run.step_sync("google-gla:gemini-9", answer, kind="model", effect=Effect.READ)
        run.finish("said", usage={"input_tokens": 100, "output_tokens": 10}, cost_usd=0.02)

    request, whole = traced.named("chat gemini-9"), traced.named("invoke_agent poet")
    assert request.attributes is not None
    assert request.attributes["gen_ai.provider.name"] == "gcp.gemini"
    assert request.attributes["gen_ai.response.model"] == "gemini-9-001"
    for span in (request, whole):
        assert span.attributes is not None
        assert span.attributes["gen_ai.usage.input_tokens"] == 100
        assert span.attributes["gen_ai.usage.output_tokens"] == 10
        assert span.attributes["victor.cost_usd"] == 0.02


def test_what_an_agent_does_inside_a_node_lies_inside_the_node(traced: Traced) -> None:
    """A workflow's nodes lie in its span, and an agent's requests in its node's."""

    class State(TypedDict):
        prompt: str
        answer: str

    def shout(state: State) -> dict[str, str]:
        return {"answer": state["answer"].upper()}

    flow = Workflow(State, name="flow")
    flow.add_node("count", Agent("counter", tools=[double]))
    flow.add_node("end", shout)
    flow.add_edge(START, "count")
    flow.add_edge("count", "end")
    flow.add_edge("end", END)

    flow.run_sync({"prompt": "double 4"}, journal=traced.journal)

    assert traced.parent("execute_tool double") == "invoke_agent count"
    assert traced.parent("invoke_agent count") == traced.parent("node end") == "invoke_workflow flow"
    assert traced.parent("invoke_workflow flow") == ""
    assert len({span.context.span_id for span in traced.spans}) == len(traced.spans)


def test_an_agents_node_is_known_when_its_workflow_goes_on(traced: Traced) -> None:
    """Its graph was told in the first execution; it may have been told elsewhere."""

    class State(TypedDict):
        prompt: str
        answer: str
        is_ready: bool

    def ask(state: State) -> dict[str, bool]:
        return {"is_ready": bool(interrupt("go on?"))}

    flow = Workflow(State, name="flow")
    flow.add_node("ask", ask)
    flow.add_node("count", Agent("counter", tools=[double]))
    flow.add_edge(START, "ask")
    flow.add_edge("ask", "count")
    flow.add_edge("count", END)
    waiting = flow.run_sync({"prompt": "double 4"}, journal=traced.journal)
    flow.run_sync(Command(resume=True), run_id=waiting.run_id, journal=traced.journal)

    assert traced.parent("execute_tool double") == "invoke_agent count"
    assert "node count" not in traced.names


def test_a_run_that_a_tool_begins_is_part_of_the_same_trace(traced: Traced) -> None:
    """Its span lies inside the span of the tool's call."""

    @tool
    async def ask_double(n: int) -> str:
        """Ask another agent."""
        return (await Agent("inner", tools=[double]).run(f"double {n}", journal=traced.journal)).text

    Agent("outer", tools=[ask_double]).run_sync("ask_double 4", journal=traced.journal)

    assert traced.parent("invoke_agent inner") == "execute_tool ask_double"
    assert len({span.context.trace_id for span in traced.spans}) == 1


def test_a_programs_own_span_is_the_parent(traced: Traced) -> None:
    """A run inside a request of a server is part of that request's trace."""
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("server")
    with tracer.start_as_current_span("GET /") as around:
        Agent("poet").run_sync("a verse", journal=traced.journal)

    run = traced.named("invoke_agent poet")
    assert run.parent is not None
    assert run.parent.span_id == around.get_span_context().span_id
    assert run.context.trace_id == around.get_span_context().trace_id


def test_a_replay_makes_no_span(traced: Traced) -> None:
    """Nothing was done, so nothing is told; nor when somebody watches the replay."""
    agent = Agent("counter", tools=[double])
    agent.run_sync("double 4", journal=traced.journal)
    before = traced.names

    agent.run_sync("double 4", journal=traced.journal, replay="strict")
    agent.run_sync("double 4", journal=traced.journal, replay="auto", on_event=lambda event: None)

    assert traced.names == before


def test_a_replay_that_adds_something_tells_what_it_added(traced: Traced) -> None:
    """In a trace of its own, linked to that of the record."""

    def program(run: Run, *words: str) -> None:
        with run:
            for word in words:
                run.step_sync(word, lambda: None, kind="tool")

    first = traced.journal.start("program", "p")
    program(first, "old")
    program(traced.journal.replay(first.id, "auto"), "old", "new")

    assert traced.names == ["execute_tool old", "program p", "execute_tool new", "program p"]
    again = traced.spans[-1]
    assert hexadecimal(again.context.trace_id) != trace_id_of(first.id)
    assert [hexadecimal(link.context.trace_id) for link in again.links] == [trace_id_of(first.id)]
    assert again.links[0].context.span_id == traced.spans[1].context.span_id


def test_a_resumed_run_continues_its_trace(traced: Traced) -> None:
    """What was done before is not told again; the second execution is linked to the first."""
    run = traced.journal.start("program", "p")
    run.step_sync("first", lambda: 1, kind="tool")
    run.stop("interrupt")
    with traced.journal.resume(run.id) as resumed:
        resumed.step_sync("first", lambda: 1, kind="tool")
        resumed.step_sync("second", lambda: 2, kind="tool")

    assert traced.names == ["execute_tool first", "program p", "execute_tool second", "program p"]
    before, after = traced.spans[1], traced.spans[3]
    assert before.attributes is not None
    assert before.attributes["victor.run.outcome"] == "stopped"
    assert before.status.status_code is StatusCode.UNSET
    assert after.attributes is not None
    assert after.attributes["victor.resumed"] is True
    assert {span.context.trace_id for span in traced.spans} == {before.context.trace_id}
    assert [link.context.span_id for link in after.links] == [before.context.span_id]


def test_errors_have_a_class_and_their_words_are_content(traced: Traced, traced_whole: Traced) -> None:
    """A message may quote data, so it is told only where content is."""
    for one in (traced, traced_whole):
        with pytest.raises(ValueError, match="4711"), one.journal.start("program", "p") as run:
            run.step_sync("break", lambda: int("x4711"), kind="tool")

        for span in (one.named("execute_tool break"), one.named("program p")):
            assert span.status.status_code is StatusCode.ERROR
            assert span.attributes is not None
            assert span.attributes["error.type"] == "ValueError"
    assert all(span.status.description is None for span in traced.spans)
    assert "4711" in str(traced_whole.named("program p").status.description)


def test_a_request_that_failed_names_its_model(traced: Traced) -> None:
    """Nobody answered, so no provider is named."""
    run = traced.journal.start("agent", "poet")
    with pytest.raises(OSError, match="no route"):
        run.step_sync("gpt-9", unreachable, kind="model", effect=Effect.READ)
    run.stop("model")

    request = traced.named("chat gpt-9")
    assert request.attributes is not None
    assert request.attributes["gen_ai.request.model"] == "gpt-9"
    assert request.attributes["error.type"] == "OSError"
    assert "gen_ai.provider.name" not in request.attributes


def unreachable() -> None:
    raise OSError("no route")


def test_a_journal_that_cannot_be_asked_costs_the_spans_of_one_run(
    traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither that run nor the spans of later ones."""

    def busy(run_id: str) -> None:
        raise JournalBusy("busy")

    with monkeypatch.context() as patch:
        patch.setattr(traced.journal.store, "run", busy)
        traced.journal.start("program", "lost").finish()
    traced.journal.start("program", "told").finish()

    assert traced.names == ["program told"]


def test_a_tool_that_tells_the_model_of_its_error_has_failed(traced: Traced) -> None:
    """The run goes on, and has not."""
    Agent("counter", tools=[broken]).run_sync("broken 4", journal=traced.journal)

    assert traced.named("execute_tool broken").status.status_code is StatusCode.ERROR
    assert traced.named("invoke_agent counter").status.status_code is StatusCode.UNSET


def test_no_content_is_told_unless_it_is_asked_for(traced: Traced, traced_whole: Traced) -> None:
    """Prompts, answers, arguments and results, in the conventions' shape."""
    for one in (traced, traced_whole):
        Agent("counter", instructions="be brief", tools=[double]).run_sync("double 4711", journal=one.journal)

    told = [span.to_json() for span in traced.spans]
    assert not any("4711" in text or "9422" in text or "be brief" in text for text in told)
    first, call, second, _ = traced_whole.spans
    assert first.attributes is not None
    assert call.attributes is not None
    assert second.attributes is not None
    (asked,) = json.loads(str(first.attributes["gen_ai.input.messages"]))
    assert asked == {"role": "user", "parts": [{"type": "text", "content": "double 4711"}]}
    (answered,) = json.loads(str(first.attributes["gen_ai.output.messages"]))
    assert answered["parts"][0]["type"] == "tool_call"
    assert answered["parts"][0]["name"] == "double"
    assert "be brief" in str(first.attributes["gen_ai.system_instructions"])
    assert json.loads(str(call.attributes["gen_ai.tool.call.arguments"])) == {"n": 4711}
    assert call.attributes["gen_ai.tool.call.result"] == "9422"
    (told_back,) = json.loads(str(second.attributes["gen_ai.input.messages"]))
    assert told_back["role"] == "tool"
    assert told_back["parts"][0]["type"] == "tool_call_response"


def test_secrets_are_never_told() -> None:
    """Not in content, not in names, not in errors."""
    with Journal(MemoryStore(), Redactor({"key": "hunter2-hunter2"})) as journal:
        one = Traced(journal, content=True)
        with one.tracing:
            run = journal.start("agent", "hunter2-hunter2")
            given = {"arguments": "hunter2-hunter2"}
            run.step_sync("hunter2-hunter2", lambda: "hunter2-hunter2", kind="tool", inputs=given)
            run.fail(ValueError("hunter2-hunter2"))
        told = "".join(span.to_json() for span in one.spans)

    assert "[redacted:key]" in told
    assert "hunter2" not in told


def test_times_are_the_engines(clock: Clock) -> None:
    """A step's span is as long as the engine measured, though the clock was set back meanwhile."""
    with Journal(MemoryStore(), clock=clock) as journal:
        one = Traced(journal)
        with one.tracing, journal.start("program", "p") as run:
            clock.now -= 3600
            run.step_sync("look", lambda: 1, kind="tool")

    for span in one.spans:
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.end_time >= span.start_time


def test_steps_that_run_together_keep_their_places(traced: Traced) -> None:
    """Each inner step lies in the step that it was done in, also where that ends later than its neighbour."""

    async def outer(run: Run, name: str, *, waits: asyncio.Event, tells: asyncio.Event) -> None:
        async def inner() -> None:
            await run.step(f"inner of {name}", nothing, kind="node")
            tells.set()
            await waits.wait()

        await run.step(name, inner, kind="node")

    async def nothing() -> None:
        return None

    async def both() -> None:
        one, two = asyncio.Event(), asyncio.Event()
        with traced.journal.start("program", "p") as run:
            await asyncio.gather(outer(run, "a", waits=two, tells=one), outer(run, "b", waits=one, tells=two))

    asyncio.run(both())

    assert traced.parent("node inner of a") == "node a"
    assert traced.parent("node inner of b") == "node b"


def test_bodies_of_another_shape_still_make_spans(traced_whole: Traced) -> None:
    """A program may note what it likes on a step of its own."""

    def odd() -> list[int]:
        step = current_step()
        assert step is not None
        step.note(usage="plenty", attempts="many")
        return [1]

    with traced_whole.journal.start("program", "p") as run:
        run.step_sync("odd", odd, kind="model", inputs=[1, 2])
        run.step_sync("after", lambda: 1, kind="tool", inputs="text")

    assert traced_whole.names == ["chat odd", "execute_tool after", "program p"]


def test_reading_the_clock_is_no_work(traced: Traced) -> None:
    """It is a step so that a replay shows the same time; a span of it would be noise."""
    with traced.journal.start("program", "p") as run:
        run.now()

    assert traced.names == ["program p"]


def test_a_sampler_decides_for_whole_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry's own variables are heeded."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    with open_journal("memory:") as journal:
        one = Traced(journal)
        with one.tracing:
            Agent("poet").run_sync("a verse", journal=journal)

    assert one.spans == ()


def test_after_its_end_nothing_is_told(traced: Traced) -> None:
    """And the runs of the journal are heard by nobody any more."""
    assert traced.tracing.close()
    Agent("poet").run_sync("a verse", journal=traced.journal)

    assert traced.spans == ()
    assert not traced.journal.hub.is_heard("any")


def test_the_frameworks_own_spans_do_not_double_ours(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instrumentation of all of pydantic-ai's agents leaves out those that journal their runs."""
    import pydantic_ai
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from pydantic_ai.models.instrumented import InstrumentationSettings

    spans = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(pydantic_ai.Agent, "_instrument_default", InstrumentationSettings(tracer_provider=provider))

    Agent("counter", tools=[double]).run_sync("double 4", journal=traced.journal)

    assert spans.get_finished_spans() == ()
    assert otel.get_current_span().get_span_context().is_valid is False
    assert "invoke_agent counter" in traced.names


def test_a_pipeline_is_a_trace_of_its_nodes(
    tmp_path: Path, sqlite_journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came from the cache says so, and took no time."""

    def total() -> int:
        return 1

    monkeypatch.chdir(tmp_path)
    pipeline = Pipeline("sums", [compute(total, id="total"), agent(Agent("poet"), "a verse", "say", after="total")])
    one = Traced(sqlite_journal)
    with one.tracing:
        pipeline.run_sync(journal=sqlite_journal)
        first = one.names
        pipeline.run_sync(journal=sqlite_journal)

    assert first == ["compute total", "chat offline", "invoke_agent say", "node pipeline", "invoke_workflow sums"]
    assert one.names[len(first) :] == ["compute total", "invoke_agent say", "node pipeline", "invoke_workflow sums"]
    before, after = (span for span in one.spans if span.name == "compute total")
    assert before.attributes is not None
    assert after.attributes is not None
    assert before.attributes["victor.status"] == "finished"
    assert "victor.cached" not in before.attributes
    assert after.attributes["victor.status"] == "cached"
    assert after.attributes["victor.cached"] is True


def test_a_workflow_inside_another_is_a_workflow(traced: Traced) -> None:
    """Whether an engine calls it a step of that kind or a run."""
    with traced.journal.start("program", "p") as run:
        run.step_sync("inner", lambda: current_step().note(attempts=3), kind="workflow")  # type: ignore[union-attr]

    inner = traced.named("invoke_workflow inner")
    assert inner.attributes is not None
    assert inner.attributes["gen_ai.workflow.name"] == "inner"
    assert inner.attributes["victor.attempts"] == 3


def test_waiting_for_somebody_is_no_error(traced: Traced) -> None:
    """The step is told again when the run goes on."""

    def wait() -> None:
        raise Paused

    run = traced.journal.start("program", "p")
    with pytest.raises(Paused):
        run.step_sync("ask", wait, kind="tool", effect=Effect.READ)
    run.stop("approval")

    waiting = traced.named("execute_tool ask")
    assert waiting.status.status_code is StatusCode.UNSET
    assert waiting.attributes is not None
    assert waiting.attributes["victor.paused"] is True
    assert "error.type" not in waiting.attributes


def test_all_that_a_conversation_is_made_of_has_its_shape(traced_whole: Traced) -> None:
    """Thoughts, feedback, calls and results; what the conventions do not know has its kind only."""
    parts = [
        {"part_kind": "thinking", "content": "hm"},
        {"part_kind": "text", "content": "so"},
        {"part_kind": "file", "content": "…"},
    ]
    asked = [
        {"system": "be brief"},
        {"thinking": "hm"},
        {"call": {"look": {"at": 1}}, "call_id": "c1"},
        {"result": {"look": "seen"}, "call_id": "c1"},
        {"feedback": "again"},
        {"image": "…"},
    ]
    with traced_whole.journal.start("program", "p") as run:
        run.step_sync(
            "offline",
            lambda: {"parts": parts, "finish_reason": "stop"},
            kind="model",
            inputs={"messages": asked},
            effect=Effect.READ,
        )

    request = traced_whole.named("chat offline")
    assert request.attributes is not None
    (answer,) = json.loads(str(request.attributes["gen_ai.output.messages"]))
    told = json.loads(str(request.attributes["gen_ai.input.messages"]))
    assert answer["finish_reason"] == "stop"
    assert [part["type"] for part in answer["parts"]] == ["reasoning", "text", "file"]
    assert [(message["role"], message["parts"][0]["type"]) for message in told] == [
        ("system", "text"),
        ("assistant", "reasoning"),
        ("assistant", "tool_call"),
        ("tool", "tool_call_response"),
        ("user", "text"),
    ]
