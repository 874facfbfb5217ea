"""Running: opens the run that an execution belongs to, lets the engine work, and writes how it ended.

1. A workflow that is run inside a node of another is a step of that node, not a run of its own.
2. Every way in which an execution can end passes `_ended`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import structs

from victor_nb.errors import Resumable, UsageError, VictorError
from victor_nb.journal import Effect, Event, Journal, ReplayMiss, Run
from victor_nb.journal.codec import Writer
from victor_nb.journal.joined import RUN, current_run
from victor_nb.journal.steps import CURRENT
from victor_nb.workflows.answering import EDITS, UPDATED, answers_of, record_questions
from victor_nb.workflows.control import Command
from victor_nb.workflows.conversations import last_of_thread, note_end_of_thread
from victor_nb.workflows.engine import GraphRun
from victor_nb.workflows.errors import GraphChanged, InvalidState
from victor_nb.workflows.executors import opened
from victor_nb.workflows.graphs import GRAPH, changes_of, graph_changed, graph_of, inherited_graphs
from victor_nb.workflows.journals import journal_of
from victor_nb.workflows.past import Past, before, edits_in
from victor_nb.workflows.plan import Plan
from victor_nb.workflows.position import Edit, Position, Values, from_json
from victor_nb.workflows.results import WorkflowResult
from victor_nb.workflows.runtime import RUNTIME, Shared, Waiting
from victor_nb.workflows.settings import Ask, Settings
from victor_nb.workflows.snapshots import SNAPSHOT, Snapshots, snapshot_of
from victor_nb.workflows.state import Schema
from victor_nb.workflows.stored import Stored
from victor_nb.workflows.streaming import Emitter
from victor_nb.workflows.travel import WorkflowRun
from victor_nb.workflows.watching import stoppable

if TYPE_CHECKING:
    from victor_nb.workflows.graph import Workflow


async def execute(workflow: Workflow, ask: Ask, emit: Emitter | None = None) -> WorkflowResult[Any]:
    """Run a workflow, new, resumed or replayed; see `Workflow.run`."""
    plan = workflow.plan()
    outer = RUNTIME.get()
    if outer is not None and ask.run_id is None and ask.journal is None and current_run() is not None:
        return await _joined(plan, ask, outer._shared)
    journal = journal_of(ask.journal)
    with ExitStack() as stack:
        settings = stack.enter_context(_with_executor(ask))  # one that cannot be reached begins no run
        stored = Stored(journal.redactor)
        run = _opened(journal, plan, ask, workflow.kind, stored)
        stack.enter_context(_shown_to(ask.on_event, journal, run))
        stack.enter_context(_ended(run))
        around = Shared(run, journal, plan.name, settings)
        around.emit, around.stored = emit, stored
        graph = GraphRun(plan, around, inline=ask.inline)
        known, stop_listening = RUN.set(run), _listening(journal, run, emit)
        try:
            async with stoppable(run):
                return await _through(workflow, graph, journal, ask)
        finally:
            stop_listening()
            RUN.reset(known)
            around.close()


@contextmanager
def _shown_to(on_event: Callable[[Event], None] | None, journal: Journal, run: Run) -> Iterator[None]:
    """Show what the run holds already, then everything as it happens."""
    if on_event is None:
        yield
        return
    told = [*inherited_graphs(journal, run.record_id), *journal.history(run.record_id)]
    disconnect = journal.listen(run.id, on_event)
    try:
        for event in told:
            begins_now = run.mode == "record" and event is told[-1]
            on_event(event if begins_now else event.as_replayed())
        yield
    finally:
        disconnect()


async def _through(workflow: Workflow, graph: GraphRun, journal: Journal, ask: Ask) -> WorkflowResult[Any]:
    run, plan = graph.shared.run, graph.plan
    position = _same_graph(workflow, graph, journal, ask)
    graph.shared.answers = answers_of(journal, run, ask.input)
    # A position under another graph has all earlier edits in it already.
    graph.edits = edits_in(journal, run.placed.events(EDITS)) if position is None else {}
    _take_update(graph, journal, ask, position)

    named = frozenset(node.name for node in plan.nodes.values() if node.metadata.get("checkpoint"))
    try:
        position = position or await _beginning(graph, journal, ask)
        graph.committed = Snapshots(graph.shared.stored, position.values, named, run.placed.write).committed
        position = await graph.run(position)
    except Waiting as waiting:
        record_questions(journal, run, waiting.interrupts)
        run.stop("waiting")
        state = _as_far_as_known(plan.output, graph.position.values)
        past = WorkflowRun(journal, run.record_id, workflow)
        return WorkflowResult(state, run.record_id, "waiting", past, waiting.interrupts, run.replayed)
    state = plan.output.view(position.values)
    writer = Writer(journal.redactor)
    run.finish(graph.shared.stored.state(plan.output.pick(position.values), writer), blobs=writer.blobs)
    if run.mode == "record" and (thread := run.info.request.get("thread")):
        note_end_of_thread(journal, plan.name, thread, run.id)
    past = WorkflowRun(journal, run.record_id, workflow)
    return WorkflowResult(state, run.record_id, "finished", past, (), run.replayed)


def _take_update(graph: GraphRun, journal: Journal, ask: Ask, position: Position | None) -> None:
    """Note the update that came with an answer."""
    if not isinstance(ask.input, Command) or not ask.input.update:
        return
    run, plan = graph.shared.run, graph.plan
    update = plan.channels.update(ask.input.update, "the update with the answer")
    position = position or Past(journal, run.info, plan.rules.reducers).at(None)
    told = {"superstep": position.superstep, "update": update}
    run.placed.write([run.placed.note(UPDATED, told)])
    before = graph.edits.get(position.superstep, ())
    graph.edits = {**graph.edits, position.superstep: [*before, Edit(position.superstep, update, is_beside=True)]}


def _same_graph(workflow: Workflow, graph: GraphRun, journal: Journal, ask: Ask) -> Position | None:
    """Note the graph of a new run; of an old one, make sure that it is the same.

    Returns: where the run stands, if it goes on from there with another graph.

    Raises:
        GraphChanged: it is another one, and nobody said that this is meant; or a node is gone that is due.
    """
    run, plan = graph.shared.run, graph.plan
    now = graph_of(plan, workflow.origin)
    changes = changes_of(journal, run.record_id, now) if run.placed.spans else None
    if changes == [] or run.mode != "record":
        if changes and not ask.accept_changes:
            raise graph_changed(run.record_id, changes)
        return None
    if changes is None:
        run.placed.write([run.placed.note(GRAPH, now)])
        return None
    if not ask.accept_changes:
        raise graph_changed(run.id, changes)
    position = Past(journal, run.info, plan.rules.reducers).at(None)
    if gone := [due.node for due in (*position.due, *position.later) if due.node not in plan.nodes]:
        raise GraphChanged(
            f"node {gone[0]!r} is due, and the graph has it no more",
            f"run {run.id}",
            f"put it back, or fork the run at an earlier checkpoint: victor fork {run.id}",
        )
    position = structs.replace(position, values={**plan.channels.initial(), **position.values})
    told = {**now, "superstep": position.superstep}
    run.placed.write([run.placed.note(GRAPH, told), snapshot_of(graph.shared.stored, position)])
    return position


async def _beginning(graph: GraphRun, journal: Journal, ask: Ask) -> Position:
    """Where this execution sets out: after the newest snapshot, or with the input."""
    run = graph.shared.run
    if (snapshot := run.placed.begin) is not None:
        position = graph.position = from_json(journal.load(snapshot.data))
        return position
    is_new = run.mode == "record" and not run.placed.spans
    if is_new and not ask.thread:
        return await graph.begin(ask.input)
    request = journal.request(run.info)
    given = ask.input if is_new else journal.load(request["input"])
    return await graph.begin(given, before(journal, request, graph.plan.rules.reducers))


async def _joined(plan: Plan, ask: Ask, around: Shared) -> WorkflowResult[Any]:
    """Run as a step of the node inside which we are."""
    run = around.run

    async def body() -> Values:
        inside = CURRENT.get()
        graph = GraphRun(plan, around, inside=inside)
        position = await graph.run(await graph.begin(ask.input))
        return plan.output.pick(position.values)

    # Of what looks at the world the start is written down, too: whoever reads the run knows whose the steps inside are.
    values = await run.step(plan.name, body, kind="workflow", inputs=_as_dict(plan, ask.input), effect=Effect.READ)
    past = WorkflowRun(around.journal, run.record_id)
    return WorkflowResult(plan.output.view(values), run.record_id, "finished", past)


# -- the run -----------------------------------------------------------------------------------------------------------


def _opened(journal: Journal, plan: Plan, ask: Ask, kind: str, stored: Stored) -> Run:
    """Start, resume or replay.

    Raises:
        ReplayMiss: in a strict replay, nothing recorded fits.
        UsageError: there is neither an input nor a run, or the run had another input.
    """
    if ask.replay == "record" and ask.run_id is not None:
        _check_input(journal, plan, ask)
        if isinstance(ask.input, Command) and ask.input.targets:
            raise UsageError(
                "a run goes on where it stands, and a Command with goto would lead it elsewhere",
                f"run {ask.run_id}",
                "change the run first: workflow.past(run_id).edit(update, goto=…), then run(run_id=…)",
            )
        return journal.resume(ask.run_id, ask.on_doubt, since=SNAPSHOT)
    if ask.run_id is not None:
        return journal.replay(ask.run_id, ask.replay)
    if isinstance(ask.input, Command):
        raise UsageError("a Command goes on with a run, and none is named", hint="run(Command(resume=…), run_id=…)")
    request, blobs = _request(journal, plan, ask, stored)
    if ask.replay == "record":
        run = journal.start(kind, plan.name, request, blobs)
        run.on_doubt = ask.on_doubt
        return run
    try:
        recording = journal.recorded(kind, plan.name, request)
    except ReplayMiss:
        if ask.replay == "strict":
            raise
        return journal.start(kind, plan.name, request, blobs)
    return journal.replay(recording.run_id, ask.replay)


def _check_input(journal: Journal, plan: Plan, ask: Ask) -> None:
    if ask.input is None or isinstance(ask.input, Command):
        return
    info = journal.find(ask.run_id or "")
    known = journal.load(journal.request(info)["input"])
    if known != _as_dict(plan, ask.input):
        raise UsageError(
            f"run {info.run_id} was started with another input",
            hint="leave the input out to go on with it, or the run id to start anew",
        )


def _as_dict(plan: Plan, given: Any) -> Values:
    if given is None:
        raise UsageError(
            f"workflow {plan.name!r} was given no input",
            hint="give a dict, {} if there is nothing to say, or the run_id of a run to go on with",
        )
    return plan.input.update(given, "the input")


def _request(journal: Journal, plan: Plan, ask: Ask, stored: Stored) -> tuple[dict[str, object], dict[str, bytes]]:
    writer = Writer(journal.redactor)
    request: dict[str, object] = {"input": stored.state(_as_dict(plan, ask.input), writer)}
    if ask.thread:
        request |= {"thread": ask.thread, "after": last_of_thread(journal, plan.name, ask.thread)}
    return request, writer.blobs


def _as_far_as_known(output: Schema, values: Values) -> Any:
    try:
        return output.view(values)
    except InvalidState:
        return output.pick(values)


# -- what an execution has around it -----------------------------------------------------------------------------------


@contextmanager
def _with_executor(ask: Ask) -> Iterator[Settings]:
    if ask.executor is None or ask.replay == "strict":
        yield ask.settings
        return
    executor, close = opened(ask.executor)
    try:
        yield replace(ask.settings, executor=executor)
    finally:
        close()


def _listening(journal: Journal, run: Run, emit: Emitter | None) -> Any:
    if emit is None or "messages" not in emit.modes:
        return lambda: None
    return journal.listen(run.id, emit.event)


@contextmanager
def _ended(run: Run) -> Iterator[None]:
    """Write how the run ended, whatever ended it."""
    try:
        yield
    except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
        run.stop("interrupt")
        raise
    except Exception as failure:
        try:
            if isinstance(failure, Resumable):
                run.stop("resumable", failure)
            else:
                run.fail(failure)
        except VictorError as second:  # what ended the run is the news
            failure.add_note(f"and the end of the run could not be recorded: {second.what}")
        raise
