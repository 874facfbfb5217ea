"""What is counted of an event's body: each sort of event has the few fields that metrics need, the rest is skipped.

A body that does not have the shape that the engine writes (a program may note what it likes on a step of its own) still
counts, with nothing but its kind and name.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Usage(msgspec.Struct, gc=False):
    """Tokens of a model request."""

    input_tokens: int = 0
    output_tokens: int = 0


class StepEnd(msgspec.Struct, gc=False):
    """Of `step.finished` and `step.failed`."""

    kind: str = ""
    name: str = ""
    ms: float = 0.0
    usage: Usage | None = None
    cost_usd: float | None = None
    is_error: bool = False
    cached: bool = False
    skipped: bool = False
    resumable: bool = False


class _Named(msgspec.Struct, gc=False):
    kind: str = ""
    name: str = ""


class RunEnd(msgspec.Struct, gc=False):
    """Of `run.finished`, `run.failed` and `run.stopped`."""

    seconds: float = 0.0


class Question(msgspec.Struct, gc=False):
    """Of `approval.*`, which names a call, and `interrupt.*`, which names a question."""

    call_id: str = ""
    id: str = ""


_step_ends: Final = msgspec.json.Decoder(list[StepEnd]).decode
_step_end: Final = msgspec.json.Decoder(StepEnd).decode
_named: Final = msgspec.json.Decoder(_Named).decode
_apart: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_run_end: Final = msgspec.json.Decoder(RunEnd).decode
_question: Final = msgspec.json.Decoder(Question).decode


def step_ends(joined: bytes) -> list[StepEnd]:
    """Decode bodies that are joined by commas."""
    whole = b"[" + joined + b"]"
    try:
        return _step_ends(whole)
    except msgspec.ValidationError:
        return [step_end(bytes(raw)) for raw in _apart(whole)]


def step_end(raw: bytes) -> StepEnd:
    """Decode one body."""
    try:
        return _step_end(raw)
    except msgspec.ValidationError:
        pass
    try:
        named = _named(raw)
    except msgspec.ValidationError:
        return StepEnd()
    return StepEnd(named.kind, named.name)


def run_end(raw: bytes) -> RunEnd:
    """Decode how an execution ended."""
    try:
        return _run_end(raw)
    except msgspec.ValidationError:
        return RunEnd()


def question(raw: bytes) -> str:
    """Return the id of the question that a body is about."""
    try:
        asked = _question(raw)
    except msgspec.ValidationError:
        return ""
    return asked.call_id or asked.id
