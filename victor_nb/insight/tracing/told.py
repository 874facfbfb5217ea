"""What spans take of an event's body; everything else in it is skipped, unread.

A body that has not the shape that the engine writes still makes a span, with nothing but its kind and name.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from victor_nb.insight.bodies import StepEnd, Usage

T = TypeVar("T")


class Error(msgspec.Struct, gc=False):
    """Why something failed."""

    type: str = ""
    what: str = ""


class End(StepEnd, gc=False):
    """What is counted, and what is told besides; `result` and `inputs` stay encoded until somebody wants them."""

    attempts: int | None = None
    status: str | None = None
    error: Error | None = None
    inputs: msgspec.Raw = msgspec.Raw(b"null")
    result: msgspec.Raw = msgspec.Raw(b"null")


class Begin(msgspec.Struct, gc=False):
    """Of `step.started`."""

    kind: str = ""
    name: str = ""
    inputs: msgspec.Raw = msgspec.Raw(b"null")


class _Node(msgspec.Struct, gc=False):
    id: str = ""
    kind: str = ""


class _Shape(msgspec.Struct, gc=False):
    nodes: list[_Node] = []


class Graph(msgspec.Struct, gc=False):
    """Of `workflow.graph`."""

    shape: _Shape | None = None

    @property
    def agents(self) -> frozenset[str]:
        """The nodes that are agents."""
        return frozenset(node.id for node in self.shape.nodes if node.kind == "agent") if self.shape else frozenset()


class RunEnd(msgspec.Struct, gc=False):
    """Of `run.finished`, `run.failed` and `run.stopped`."""

    seconds: float = 0.0
    usage: Usage | None = None
    cost_usd: float | None = None
    model: str | None = None
    reason: str | None = None
    error: Error | None = None


class Answer(msgspec.Struct, gc=False):
    """The result of a request to a model."""

    parts: msgspec.Raw = msgspec.Raw(b"[]")
    model_name: str | None = None
    provider_name: str | None = None
    provider_response_id: str | None = None
    finish_reason: str | None = None


class Call(msgspec.Struct, gc=False):
    """The inputs of a tool's call."""

    call_id: str | None = None
    arguments: msgspec.Raw = msgspec.Raw(b"null")


class Request(msgspec.Struct, gc=False):
    """The inputs of a request to a model: what is new in it since the answer before."""

    instructions: str = ""
    messages: list[dict[str, Any]] = []


_DECODERS: Final = {one: msgspec.json.Decoder(one) for one in (End, Begin, Graph, RunEnd, Answer, Call, Request)}


def read(sort: type[T], raw: bytes | msgspec.Raw) -> T:
    """Decode a body; one of another shape gives an empty one, with its kind and name where it says them."""
    try:
        return _DECODERS[sort].decode(raw)  # type: ignore[index, return-value]  # one decoder a sort
    except msgspec.DecodeError:
        pass
    return sort(**{name: text for name, text in _named(raw).items() if name in ("kind", "name")} if sort is End else {})


def _named(raw: bytes | msgspec.Raw) -> dict[str, str]:
    try:
        found = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
