"""Tracing: hears the events of a journal's runs and makes spans of them.

1. It runs on the thread that wrote the event, so it only makes the span; sending is the processor's thread's affair.
2. A step's span is made when the step has ended, and begins as many milliseconds earlier as the engine measured: a
   clock that is set back gives no span that ends before it began.
3. Steps inside a step end first. Whoever ends inside chooses the span id of the step around it, which takes that id
   when it ends; so nothing is kept of steps that have nothing inside.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from victor_nb.insight.tracing import described
from victor_nb.insight.tracing.conventions import CONVERSATION, ERROR_TYPE, SCHEMA_URL
from victor_nb.insight.tracing.described import Described
from victor_nb.insight.tracing.given_ids import GivenIds
from victor_nb.insight.tracing.identity import span_id_of, trace_id_of
from victor_nb.insight.tracing.resource import resource
from victor_nb.insight.tracing.told import Begin, Graph, read
from victor_nb.journal import JournalError, current_step
from victor_nb.version import __version__

if TYPE_CHECKING:
    from victor_nb.journal import Event, Journal, RunInfo

CLOSE_S: Final = 3.0
"""How long the end of a process, or of a `with` block, waits for spans to be sent."""
DELAY_MS: Final = 1000
"""How long a span waits for others to be sent with it, unless OTEL_BSP_SCHEDULE_DELAY says otherwise."""

_BEGINS: Final = frozenset({"run.started", "run.resumed"})
_ENDS: Final = {"run.finished": "finished", "run.failed": "failed", "run.stopped": "stopped"}
_STEP_ENDS: Final = frozenset({"step.finished", "step.failed"})
_GRAPH: Final = "workflow.graph"
_WITH_INPUTS: Final = frozenset({"model", "tool"})


@dataclass(slots=True)
class Execution:
    """What is remembered of one execution of a run until it ends.

    Attributes:
        around: the span inside which it began.
        links: the runs that it goes on from.
        ids: span ids of steps that have not ended, by step; chosen by steps that ended inside.
        inputs: what steps that have not ended were given, by step.
        agents: the nodes of a workflow that are agents.
    """

    context: SpanContext
    around: SpanContext | None
    links: list[Link]
    described: Described
    began: float
    ids: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, bytes] = field(default_factory=dict)
    agents: frozenset[str] = frozenset()


class Tracing:
    """Spans of every run of some journals, to one processor. Made by `trace`; a context manager that ends itself.

    Args:
        to: where spans go.
        content: also export prompts, answers, arguments, results and messages of errors.
    """

    def __init__(self, to: SpanExporter | SpanProcessor, *, content: bool = False) -> None:
        self._content = content
        self._ids = GivenIds()
        self._provider = TracerProvider(
            resource=resource(), id_generator=self._ids, shutdown_on_exit=False, span_limits=SpanLimits()
        )
        self._processor = to if isinstance(to, SpanProcessor) else _batching(to)
        self._hurry: Callable[[], None] = getattr(to, "hurry", _not_hurried)
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer("victor_nb", __version__, schema_url=SCHEMA_URL)
        self._executions: dict[str, Execution] = {}
        self._disconnects: list[Callable[[], None]] = []
        self._pid = os.getpid()
        self._closing, self._closed = threading.Event(), threading.Event()
        # Begun now: while an interpreter ends no thread can be, and processors wait longer than anybody likes.
        threading.Thread(target=self._close_when_asked, name="victor-traces-end", daemon=True).start()
        atexit.register(self.close)

    def follow(self, journal: Journal) -> None:
        """Make spans of every run that this process begins or goes on with in the journal from now on."""
        self._disconnects.append(journal.listen_to_all(lambda event: self._hear(journal, event)))

    def flush(self) -> None:
        """Hand over all spans that were made, and wait until they were taken, or refused."""
        self._provider.force_flush()

    def close(self, within_s: float = CLOSE_S) -> bool:
        """Make no further spans, and send those that wait; returns whether that was done in time."""
        atexit.unregister(self.close)
        while self._disconnects:
            self._disconnects.pop()()
        if os.getpid() != self._pid:  # a forked child has neither the thread nor spans of its own
            return True
        self._hurry()
        self._closing.set()
        return self._closed.wait(within_s)

    def _close_when_asked(self) -> None:
        self._closing.wait()
        self._provider.shutdown()
        self._closed.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- events --------------------------------------------------------------------------------------------------------

    def _hear(self, journal: Journal, event: Event) -> None:
        """Fold one event; what a replay shows again is passed over."""
        if event.replayed or not event.seq:
            return
        if event.type in _BEGINS:
            self._begin(journal, event)
            return
        execution = self._executions.get(event.run_id)
        if execution is None:
            return
        if event.type == "step.started":
            begin = read(Begin, event.raw)
            if begin.kind in _WITH_INPUTS:
                execution.inputs[event.step_id] = bytes(begin.inputs)
        elif event.type == _GRAPH:
            execution.agents = read(Graph, event.raw).agents
        elif event.type in _STEP_ENDS:
            self._end_step(execution, event)
        elif event.type in _ENDS:
            self._end_run(self._executions.pop(event.run_id), event)

    def _begin(self, journal: Journal, event: Event) -> None:
        info = _info(journal, event.run_id)
        if info is None:
            return
        resumed = event.type == "run.resumed"
        around = None if resumed else self._around(event.run_id)
        trace_id = around.trace_id if around is not None else int(trace_id_of(event.run_id), 16)
        what = described.run(event.run_id, info.kind, info.name, resumed=resumed)
        if around is None:
            what.attributes[CONVERSATION] = event.run_id
        sampled = self._provider.sampler.should_sample(
            _inside(around), trace_id, what.name, what.kind, what.attributes
        ).decision
        flags = TraceFlags(TraceFlags.SAMPLED if sampled is Decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT)
        context = SpanContext(trace_id, span_id_of(event.run_id, event.seq), is_remote=False, trace_flags=flags)
        execution = Execution(context, around, _links(info, event), what, event.time)
        if resumed and info.kind == "workflow":  # the graph was told when it first began
            execution.agents = _agents(journal, event.run_id)
        self._executions[event.run_id] = execution

    def _around(self, run_id: str) -> SpanContext | None:
        """The step of another run, or the program's own span, inside which a run begins."""
        step = current_step()
        if step is not None and step.run_id != run_id and (outer := self._executions.get(step.run_id)) is not None:
            return self._context_of(outer, step.id)
        ambient = otel.get_current_span().get_span_context()
        return ambient if ambient.is_valid else None

    def _context_of(self, execution: Execution, step_id: str) -> SpanContext:
        """The span, begun or to come, of a step that has not ended; without one, that of the execution."""
        if not step_id:
            return execution.context
        if (span_id := execution.ids.get(step_id)) is None:
            span_id = execution.ids.setdefault(step_id, self._ids.new_span_id())
        context = execution.context
        return SpanContext(context.trace_id, span_id, is_remote=False, trace_flags=context.trace_flags)

    def _end_step(self, execution: Execution, event: Event) -> None:
        span_id = execution.ids.pop(event.step_id, 0) or self._ids.new_span_id()
        inputs = execution.inputs.pop(event.step_id, b"")
        end, what = described.step(
            event.step_id,
            event.raw,
            inputs,
            execution.agents,
            failed=event.type == "step.failed",
            with_content=self._content,
        )
        if end.skipped or end.kind in described.UNTOLD:
            return
        around = self._context_of(execution, event.parent_id)
        self._send(what, around, span_id, event.time - max(0.0, end.ms) / 1000, event.time)

    def _end_run(self, execution: Execution, event: Event) -> None:
        end, attributes, error, message = described.run_end(_ENDS[event.type], event.raw, with_content=self._content)
        what = execution.described
        attributes = what.attributes | attributes | ({ERROR_TYPE: error} if error else {})
        what = what._replace(attributes=attributes, error=error, message=message)
        began = min(execution.began, event.time) if execution.began else event.time - end.seconds
        context = execution.context
        self._send(what, execution.around, context.span_id, began, event.time, execution.links, context.trace_id)

    def _send(
        self,
        what: Described,
        around: SpanContext | None,
        span_id: int,
        began: float,
        ended: float,
        links: list[Link] | None = None,
        trace_id: int = 0,
    ) -> None:
        self._ids.give(trace_id, span_id)
        span = self._tracer.start_span(
            what.name, _inside(around), what.kind, what.attributes, links, start_time=int(began * 1e9)
        )
        if what.error:
            span.set_status(Status(StatusCode.ERROR, what.message or None))
        span.end(int(ended * 1e9))


def trace(journal: Journal, to: SpanExporter | SpanProcessor, *, content: bool = False) -> Tracing:
    """Send spans of a journal's runs to an exporter or span processor of OpenTelemetry's SDK.

    An exporter is given spans in batches, from a thread of its own. What a replay answers makes no span.

    Args:
        content: also export prompts, answers, arguments, results and messages of errors; secrets never.

    Example:
        >>> from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        >>> from victor_nb import Agent, open_journal
        >>> from victor_nb.insight import trace
        >>> spans = InMemorySpanExporter()
        >>> with open_journal("memory:") as journal, trace(journal, spans):
        ...     _ = Agent("poet").run_sync("a verse", journal=journal)
        >>> [span.name for span in spans.get_finished_spans()]
        ['chat offline', 'invoke_agent poet']
    """
    tracing = Tracing(to, content=content)
    tracing.follow(journal)
    return tracing


def _info(journal: Journal, run_id: str) -> RunInfo | None:
    """What the journal knows of a run; one that cannot be asked now costs the spans of this run, and of no other."""
    try:
        return journal.store.run(run_id)
    except JournalError:
        return None


def _agents(journal: Journal, run_id: str) -> frozenset[str]:
    try:
        told = journal.events(run_id, types=(_GRAPH,), last=1)
    except JournalError:
        return frozenset()
    return read(Graph, told[0].raw).agents if told else frozenset()


def _not_hurried() -> None:
    """Exporters of others have no way to be told that somebody waits."""


def _batching(exporter: SpanExporter) -> BatchSpanProcessor:
    delay = None if os.environ.get("OTEL_BSP_SCHEDULE_DELAY") else DELAY_MS
    return BatchSpanProcessor(exporter, schedule_delay_millis=delay)


def _inside(around: SpanContext | None) -> Context:
    """The context that makes a span a child; an empty one for a root, whatever the thread is in the middle of."""
    return Context() if around is None else otel.set_span_in_context(NonRecordingSpan(around), Context())


def _links(info: RunInfo, begin: Event) -> list[Link]:
    """The first execution of the run, and the run whose record this one was built on."""
    before = [info.run_id] if begin.type == "run.resumed" else []
    return [_link_to(run_id) for run_id in (*before, info.parent) if run_id]


def _link_to(run_id: str) -> Link:
    return Link(SpanContext(int(trace_id_of(run_id), 16), span_id_of(run_id, 1), is_remote=True))
