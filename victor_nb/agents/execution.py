"""One run of one agent: puts its parts together, lets the loop run, and writes how it ended.

1. Everything that is imported here is heavy; `agent` imports this module when a run begins.
2. Every way in which a run can end passes `_ended`; foreign exceptions are translated at `failures` and nowhere else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pydantic_ai
from pydantic import TypeAdapter
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.run import AgentRunResult
from pydantic_ai.usage import UsageLimits

from victor_nb.agents.approvals import STANDING, Approver, Mailbox, PolicyApprover
from victor_nb.agents.bounding import Bounds
from victor_nb.agents.budget import Ledger, Stopwatch, Usage, worked_seconds
from victor_nb.agents.cached_calls import CachedCalls
from victor_nb.agents.digests import digest, digests_of
from victor_nb.agents.durable import Durability
from victor_nb.agents.errors import ToolSetupError
from victor_nb.agents.failures import reason_of, translated
from victor_nb.agents.gate import Gate
from victor_nb.agents.inside import inside
from victor_nb.agents.opening import explained, open_run, prompt_of
from victor_nb.agents.output import schema_of
from victor_nb.agents.results import AgentResult
from victor_nb.agents.selecting import Chooser, selection_of
from victor_nb.agents.tooling import Grants, OurTools, tools_in
from victor_nb.agents.watching import Watch
from victor_nb.errors import Resumable, VictorError
from victor_nb.journal import Event, Journal, ReplayMiss, Run
from victor_nb.journal.joined import JoinedRun
from victor_nb.tools import Tool, describe_variables, kernel_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from victor_nb.agents.agent import Agent, Ask

Output = TypeVar("Output")

pydantic_ai.BANNER_ENABLED = False  # a terminal's output is ours; the banner would stand in the middle of it


@dataclass(slots=True)
class Parts:
    """What the objects of one execution share."""

    journal: Journal
    run: Run
    tools: Mapping[str, Tool]
    ledger: Ledger
    mailbox: Mailbox = field(default_factory=Mailbox)
    grants: Grants = field(default_factory=Grants)
    kept: dict[str, Any] = field(default_factory=dict)


async def execute(agent: Agent[Output], ask: Ask) -> AgentResult[Output]:
    """Run `agent` on one request, new, resumed or replayed; see `Agent.run`."""
    model = resolved(agent.model)
    prompt = ask.prompt if ask.prompt is not None else prompt_of(ask.journal, ask.run_id or "last")
    variables = ask.variables or {}
    looking = [kernel_variables(variables)] if variables else []
    tools = tools_in([*agent.tools, *looking])
    request = _request(agent, model, prompt, tools, variables)
    run = _run_of(agent, ask, request)
    parts = Parts(ask.journal, run, tools, _ledger(agent, ask.journal, run))
    chooser = Chooser(selection_of(agent.select_tools, len(tools)), tools, run, ask.journal, prompt)
    block = describe_variables(variables, variables)
    with _shown_to(ask.on_event, ask.journal, run), _ended(run):
        try:
            parts.tools = await chooser.chosen([one.name for toolset in looking for one in toolset])
            answer = await _converse(agent, model, f"{prompt}\n\n{block}" if block else prompt, parts, ask.approver)
        except ReplayMiss as miss:
            raise explained(miss, ask.journal, run.info, request) from None
        result = _result(agent, run, parts, answer)
        chooser.learn(answer.all_messages())
        run.finish(
            {"text": result.text, "data": _storable(agent, result.data)},
            usage=_told(parts.ledger.total if run.mode == "record" else parts.ledger.fresh),
            cost_usd=parts.ledger.cost_usd if run.mode == "record" else parts.ledger.fresh_cost_usd,
            model=result.model,
        )
    return result


def _run_of(agent: Agent[object], ask: Ask, request: Mapping[str, Any]) -> Run:
    on_doubt = ask.on_doubt or agent.on_doubt
    if ask.outer is not None:
        return JoinedRun(ask.outer, on_doubt)
    return open_run(ask.journal, agent.name, request, run_id=ask.run_id, replay=ask.replay, on_doubt=on_doubt)


def resolved(model: Model | str | None) -> Model:
    """Return the model that a name stands for; "offline" where none is given."""
    if isinstance(model, Model):
        return model
    from victor_nb.models import resolve

    return resolve(model or "offline")


def _request(
    agent: Agent[object], model: Model, prompt: str, tools: Mapping[str, Tool], variables: Mapping[str, object]
) -> dict[str, Any]:
    place = inside()
    return {
        **({"pipeline_node": place.node} if place is not None else {}),
        "prompt": prompt,
        "model": model.model_id,
        "instructions": agent.instructions,
        "tools": {name: digest([tool.description, tool.parameters]) for name, tool in tools.items()},
        "output": schema_of(agent.output),
        "variables": digests_of(variables),
    }


def _ledger(agent: Agent[object], journal: Journal, run: Run) -> Ledger:
    is_gone_on_with = run.mode == "record" and run.placed.spans  # those of a part of a run are the run's
    before = worked_seconds(journal.outline(run.id)) if is_gone_on_with else 0.0
    return Ledger(agent.budget, run.id, Stopwatch(time.monotonic, before))


async def _converse(
    agent: Agent[object], model: Model, prompt: str, parts: Parts, approver: Approver | None
) -> AgentRunResult[Any]:
    """Let the framework's loop run to its end, under our eyes."""
    run = parts.run
    gate = Gate(
        run=run,
        tools=parts.tools,
        approver=approver or STANDING.get() or PolicyApprover(),
        mailbox=parts.mailbox,
        grants=parts.grants,
        pause=parts.ledger.watch,
    )
    run.doubt_handler = gate.doubts()
    loop = _loop(agent, model, parts, gate)
    watch = Watch(run, parts.mailbox, parts.ledger)
    try:
        async with watch:
            # The framework's own request limit is lifted: the budget is the one limit there is.
            return await loop.run(prompt, usage_limits=UsageLimits(request_limit=None))
    except asyncio.CancelledError:
        if watch.reason is None:
            raise
        if (task := asyncio.current_task()) is not None:
            task.uncancel()
        raise watch.reason from None


def _loop(agent: Agent[object], model: Model, parts: Parts, gate: Gate) -> pydantic_ai.Agent[None, Any]:
    ours = OurTools(
        parts.tools,
        run=parts.run,
        ledger=parts.ledger,
        grants=parts.grants,
        kept=parts.kept,
        history=lambda: parts.journal.history(parts.run.record_id, types=("step.started", "step.finished")),
        timeout_s=agent.tool_timeout_s,
        retries=agent.tool_retries,
        calls=CachedCalls(agent.cache_tools, parts.journal.redactor),
    )
    try:
        loop = pydantic_ai.Agent(
            model,
            name=agent.name,
            instructions=agent.instructions or None,
            output_type=agent.output,
            toolsets=[ours],
            capabilities=[
                *([Bounds()] if agent.coordinators else []),  # only they bring tools that are not ours
                *agent.coordinators,
                *([gate] if _may_need_approval(agent, parts.tools) else []),
                Durability(agent.name, parts.run, parts.ledger),
            ],
            retries=agent.tool_retries,
        )
    except UserError as error:
        raise ToolSetupError(str(error), f"agent {agent.name!r}") from error
    # Spans are made from our events: the framework's would tell each twice, and a replay as if it were done.
    loop.instrument = False
    return loop


def _may_need_approval(agent: Agent[object], tools: Mapping[str, Tool]) -> bool:
    """Coordinators may bring tools of their own. Without either there is no gate, which costs 75 µs a call."""
    return bool(agent.coordinators) or any(tool.approval for tool in tools.values())


def _result(agent: Agent[Output], run: Run, parts: Parts, answer: AgentRunResult[Any]) -> AgentResult[Output]:
    last = answer.response
    text = answer.output if isinstance(answer.output, str) else _json(agent, answer.output)
    ledger = parts.ledger
    return AgentResult(
        text=text,
        data=answer.output,
        run_id=run.record_id,
        artifacts=_artifacts(parts.kept, answer),
        usage=ledger.total,
        cost_usd=ledger.cost_usd if ledger.priced else None,
        replayed=run.replayed,
        model=last.model_name or "",
        metadata={**(last.metadata or {}), **(last.provider_details or {})},
    )


def _artifacts(kept: Mapping[str, Any], answer: AgentRunResult[Any]) -> dict[str, Any]:
    """Name what tools made after the artifact or the tool, in the order in which the model called them."""
    named: dict[str, Any] = {}
    for message in answer.all_messages():
        for call in message.tool_calls if isinstance(message, ModelResponse) else ():
            if call.tool_call_id in kept:
                value = kept[call.tool_call_id]
                base = getattr(value, "name", None) if hasattr(value, "media_type") else call.tool_name
                named[_free(str(base or call.tool_name), named)] = value
    return named


def _free(name: str, taken: Mapping[str, object]) -> str:
    count = 2
    free = name
    while free in taken:
        free, count = f"{name}_{count}", count + 1
    return free


def _json(agent: Agent[object], data: Any) -> str:
    return TypeAdapter[Any](agent.output).dump_json(data, indent=2).decode()


def _storable(agent: Agent[object], data: Any) -> Any:
    return data if agent.output is str else TypeAdapter[Any](agent.output).dump_python(data, mode="json")


def _told(usage: Usage) -> dict[str, int]:
    return {
        "requests": usage.requests,
        "tool_calls": usage.tool_calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
    }


@contextmanager
def _shown_to(on_event: Callable[[Event], None] | None, journal: Journal, run: Run) -> Iterator[None]:
    """Show what the run holds already, then everything as it happens."""
    if on_event is None:
        yield
        return
    is_replay = run.mode != "record"  # its clock starts now, and its steps are shown when they come up
    told = journal.events(run.record_id, types=("run.started",) if is_replay else None)
    disconnect = journal.listen(run.id, on_event)
    try:
        for event in told:
            begins_now = not is_replay and event is told[-1]
            on_event(event if begins_now else event.as_replayed(journal.clock() if is_replay else None))
        yield
    finally:
        disconnect()


@contextmanager
def _ended(run: Run) -> Iterator[None]:
    """Write how the run ended, whatever ended it."""
    try:
        yield
    except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
        run.stop("interrupt")  # without the exception: whoever interrupts knows why, and its traceback tells nothing
        raise
    except Exception as error:
        failure = translated(error, run.id)
        _write_end(run, failure)
        if failure is error:
            raise
        raise failure from error


def _write_end(run: Run, failure: Exception) -> None:
    try:
        if isinstance(failure, Resumable):
            run.stop(reason_of(failure), failure)
        else:
            run.fail(failure)
    except VictorError as second:  # what ended the run is the news; that it could not be written is a note to it
        failure.add_note(f"and the end of the run could not be recorded: {second.what}")
