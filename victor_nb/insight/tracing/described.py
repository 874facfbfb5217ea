"""What a span is called and what it says: pure functions from what an event tells."""

from __future__ import annotations

from collections.abc import Container
from typing import Final, NamedTuple

from opentelemetry.trace import SpanKind

from victor_nb.insight.tracing import content
from victor_nb.insight.tracing import conventions as names
from victor_nb.insight.tracing.told import Answer, Call, End, Error, RunEnd, read

Value = str | int | float | bool | tuple[str, ...]

UNTOLD: Final = frozenset({"clock"})
"""Kinds of steps that are no work: reading the clock, so that a replay shows the same time."""
_OTHER: Final = "_OTHER"
"""What the conventions call an error of which no class is known."""


class Described(NamedTuple):
    """What a span is: its name, its kind, its attributes, and the class of its error (empty for none)."""

    name: str
    kind: SpanKind
    attributes: dict[str, Value]
    error: str = ""
    message: str = ""


def run(run_id: str, kind: str, name: str, *, resumed: bool) -> Described:
    """Describe an execution of a run, as much as is known when it begins."""
    operation, attribute = {
        "agent": (names.INVOKE_AGENT, names.AGENT),
        "workflow": (names.INVOKE_WORKFLOW, names.WORKFLOW),
        "pipeline": (names.INVOKE_WORKFLOW, names.WORKFLOW),
    }.get(kind, ("", ""))
    attributes: dict[str, Value] = {names.RUN: run_id, names.RUN_KIND: kind}
    if resumed:
        attributes[names.RESUMED] = True
    if operation:
        attributes |= {names.OPERATION: operation, attribute: name}
    return Described(f"{operation or kind} {name}".strip(), SpanKind.INTERNAL, attributes)


def run_end(outcome: str, raw: bytes, *, with_content: bool) -> tuple[RunEnd, dict[str, Value], str, str]:
    """Return how an execution ended, the attributes that say so, and the class and message of its error."""
    end = read(RunEnd, raw)
    attributes: dict[str, Value] = {names.RUN_OUTCOME: outcome}
    if end.usage is not None:
        attributes[names.INPUT_TOKENS] = end.usage.input_tokens
        attributes[names.OUTPUT_TOKENS] = end.usage.output_tokens
    if end.cost_usd is not None:
        attributes[names.COST] = end.cost_usd
    if end.model:
        attributes[names.RESPONSE_MODEL] = end.model
    if end.reason:
        attributes[names.RUN_REASON] = end.reason
    return (end, attributes, *(_failure(end.error, with_content) if outcome == "failed" else ("", "")))


def step(
    step_id: str, raw: bytes, inputs: bytes, agents: Container[str], *, failed: bool, with_content: bool
) -> tuple[End, Described]:
    """Describe a step that has ended.

    Args:
        raw: the body of `step.finished` or `step.failed`.
        inputs: what its `step.started` said it was given, as JSON; empty where there was none.
        agents: the nodes of the workflow that are agents.
    """
    end = read(End, raw)
    inputs = inputs or bytes(end.inputs)
    attributes: dict[str, Value] = {names.STEP: step_id, names.STEP_KIND: end.kind, names.STEP_NAME: end.name}
    kind = "agent" if end.kind == "node" and end.name in agents else end.kind
    described = _DESCRIBED.get(kind, _other)(end, inputs, with_content)
    attributes |= described.attributes
    if end.cached:
        attributes[names.CACHED] = True
    if end.attempts is not None:
        attributes[names.ATTEMPTS] = end.attempts
    if end.status:
        attributes[names.STATUS] = end.status
    error, message = _failure(end.error, with_content) if failed and not end.resumable else ("", "")
    if failed and end.resumable:
        attributes[names.PAUSED] = True
    if end.is_error:
        error = "tool_error"
    if error:
        attributes[names.ERROR_TYPE] = error
    return end, described._replace(attributes=attributes, error=error, message=message)


def _request(end: End, inputs: bytes, with_content: bool) -> Described:
    answer = read(Answer, end.result)
    provider = answer.provider_name or ""
    model = end.name.removeprefix(f"{provider}:")
    attributes: dict[str, Value] = {names.OPERATION: names.CHAT, names.REQUEST_MODEL: model}
    if provider:  # a request that failed has nobody who answered
        attributes[names.PROVIDER] = names.PROVIDERS.get(provider, provider)
    if answer.model_name:
        attributes[names.RESPONSE_MODEL] = answer.model_name
    if answer.provider_response_id:
        attributes[names.RESPONSE_ID] = answer.provider_response_id
    if answer.finish_reason:
        attributes[names.FINISH_REASONS] = (answer.finish_reason,)
    if end.usage is not None:
        attributes[names.INPUT_TOKENS] = end.usage.input_tokens
        attributes[names.OUTPUT_TOKENS] = end.usage.output_tokens
    if end.cost_usd is not None:
        attributes[names.COST] = end.cost_usd
    if with_content:
        attributes |= content.of_request(inputs, end.result)
    return Described(f"{names.CHAT} {model}", SpanKind.CLIENT, attributes)


def _call(end: End, inputs: bytes, with_content: bool) -> Described:
    attributes: dict[str, Value] = {
        names.OPERATION: names.EXECUTE_TOOL,
        names.TOOL: end.name,
        names.TOOL_TYPE: "function",
    }
    if call_id := read(Call, inputs).call_id:
        attributes[names.TOOL_CALL] = call_id
    if with_content:
        attributes |= content.of_call(inputs, end.result)
    return Described(f"{names.EXECUTE_TOOL} {end.name}", SpanKind.INTERNAL, attributes)


def _agent(end: End, inputs: bytes, with_content: bool) -> Described:
    attributes: dict[str, Value] = {names.OPERATION: names.INVOKE_AGENT, names.AGENT: end.name}
    return Described(f"{names.INVOKE_AGENT} {end.name}", SpanKind.INTERNAL, attributes)


def _workflow(end: End, inputs: bytes, with_content: bool) -> Described:
    attributes: dict[str, Value] = {names.OPERATION: names.INVOKE_WORKFLOW, names.WORKFLOW: end.name}
    return Described(f"{names.INVOKE_WORKFLOW} {end.name}", SpanKind.INTERNAL, attributes)


def _other(end: End, inputs: bytes, with_content: bool) -> Described:
    return Described(f"{end.kind} {end.name}".strip() or "step", SpanKind.INTERNAL, {})


_DESCRIBED: Final = {"model": _request, "tool": _call, "agent": _agent, "workflow": _workflow}


def _failure(error: Error | None, with_content: bool) -> tuple[str, str]:
    """The class of an error; its message may quote data, and is content."""
    if error is None:
        return _OTHER, ""
    return error.type or _OTHER, error.what if with_content else ""
