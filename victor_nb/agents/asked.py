"""What a model was asked, as JSON values that are equal in every replay and small in the journal.

1. Times, run ids and whatever else changes from one execution to the next is left out; so are fields that the
   framework may add later, because recordings must outlive its releases.
2. A request is written as what is new since the previous answer, plus a hash of everything before: a run of n
   requests takes room for n messages, not n².
3. Should something rewrite the earlier messages (a coordinator that compacts them), the whole is written again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_core import to_jsonable_python

from ..journal.codec import to_canonical_json

_MESSAGE: Final[TypeAdapter[ModelMessage]] = TypeAdapter(ModelMessage)
_VOLATILE: Final = ("timestamp", "part_kind", "provider_details", "id")
_NOT_SENT: Final = frozenset({"timeout", "extra_headers"})  # a time-out changes no answer, headers hold keys

Part = dict[str, Any]


def digest(value: object) -> str:
    """Return 16 hex digits that name a JSON value."""
    return blake2b(to_canonical_json(value), digest_size=8).hexdigest()


_PARTS: Final[Mapping[str, Callable[[Part], Part]]] = {
    "user-prompt": lambda p: {"prompt": p["content"]},
    "system-prompt": lambda p: {"system": p["content"]},
    "tool-return": lambda p: {"result": {p["tool_name"]: p.get("content")}, "call_id": p["tool_call_id"]},
    "retry-feedback": lambda p: {"feedback": p["content"]},
    "retry-prompt": lambda p: _retry(p),
    "text": lambda p: {"answer": p["content"]},
    "thinking": lambda p: {"thinking": p["content"]},
    "tool-call": lambda p: {"call": {p["tool_name"]: p.get("args")}, "call_id": p["tool_call_id"]},
}


def _retry(part: Part) -> Part:
    """Older releases of the framework wrote results and feedback as one kind; the id of feedback is random."""
    if part.get("tool_name"):
        return {"result": {part["tool_name"]: part["content"]}, "call_id": part["tool_call_id"]}
    return {"feedback": part["content"]}


def _plain_part(part: Part) -> Part:
    kind = part["part_kind"]
    if (write := _PARTS.get(kind)) is not None:
        return write(part)
    return {kind: {name: value for name, value in part.items() if name not in _VOLATILE}}


def plain_parts(message: ModelMessage) -> list[Part]:
    """Return a message's parts in their order, one small object each, without what changes between executions."""
    dumped = _MESSAGE.dump_python(message, mode="json", exclude_none=True)
    return [_plain_part(part) for part in dumped["parts"]]


def settings_of(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the model settings that can change an answer."""
    kept = {name: value for name, value in (settings or {}).items() if name not in _NOT_SENT}
    return dict(to_jsonable_python(kept, serialize_unknown=True))


def tools_of(parameters: ModelRequestParameters) -> dict[str, Any]:
    """Return what a model is told about tools and about the form of its answer."""
    shown: dict[str, Any] = {
        "tools": [_plain_tool(tool) for tool in parameters.function_tools],
        "output": parameters.output_mode,
    }
    if parameters.output_tools:
        shown["output_tools"] = [_plain_tool(tool) for tool in parameters.output_tools]
    if parameters.output_object is not None:
        shown["output_schema"] = parameters.output_object.json_schema
    if parameters.native_tools:
        shown["native_tools"] = to_jsonable_python(parameters.native_tools, serialize_unknown=True)
    return shown


def _plain_tool(tool: Any) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description or "", "parameters": tool.parameters_json_schema}


class Asked:
    """Writes one run's model requests, each as the difference to the one before."""

    def __init__(self) -> None:
        self._digests: dict[int, tuple[ModelMessage, bytes]] = {}
        self._tools: dict[tuple[object, ...], tuple[ModelRequestParameters, str, dict[str, Any]]] = {}
        self._sent = b""

    def inputs(
        self,
        model: str,
        messages: Sequence[ModelMessage],
        settings: Mapping[str, Any] | None,
        parameters: ModelRequestParameters,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a request's inputs, and in full what its `tools` digest stands for.

        Returns: `{model, settings, tools, instructions, history, messages}`; `history` is the hash of everything
            before `messages`, empty when `messages` is the whole conversation.
        """
        answered = _last_answer(messages)
        extends = answered > 0 and self._chain(messages[: answered - 1]) == self._sent
        new = messages[answered:] if extends else messages
        history = self._chain(messages[:answered]).hex() if extends else ""
        self._sent = self._chain(messages)
        tools, shown = self._tools_of(parameters)
        inputs: dict[str, Any] = {
            "model": model,
            "tools": tools,
            "instructions": getattr(messages[-1], "instructions", None) or "",
            "history": history,
            "messages": [part for message in new for part in plain_parts(message)],
        }
        if told := settings_of(settings):
            inputs["settings"] = told
        return inputs, shown

    def _chain(self, messages: Sequence[ModelMessage]) -> bytes:
        together = blake2b(digest_size=12)
        for message in messages:
            together.update(self._digest(message))
        return together.digest()

    def _digest(self, message: ModelMessage) -> bytes:
        """Hash a message once: the framework hands over the same objects with every request."""
        known = self._digests.get(id(message))
        if known is not None and known[0] is message:
            return known[1]
        new = blake2b(to_canonical_json(plain_parts(message)), digest_size=12).digest()
        self._digests[id(message)] = (message, new)  # keeps the message, and so its id, alive
        return new

    def _tools_of(self, parameters: ModelRequestParameters) -> tuple[str, dict[str, Any]]:
        definitions = (*parameters.function_tools, *parameters.output_tools, *parameters.native_tools)
        key = (parameters.output_mode, id(parameters.output_object), *(id(one) for one in definitions))
        if key not in self._tools:
            shown = tools_of(parameters)
            self._tools[key] = (parameters, digest(shown), shown)
        return self._tools[key][1:]


def _last_answer(messages: Sequence[ModelMessage]) -> int:
    """Return how many messages there are up to and with the last answer; 0 before the first."""
    for place in range(len(messages), 0, -1):
        if isinstance(messages[place - 1], ModelResponse):
            return place
    return 0
