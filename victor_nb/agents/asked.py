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
from typing import Any, Final, NamedTuple

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_core import to_jsonable_python

from victor_nb.journal.codec import to_canonical_json

_VOLATILE: Final = ("timestamp", "part_kind", "provider_details", "id")
_NOT_SENT: Final = frozenset({"timeout", "extra_headers"})  # a time-out changes no answer, headers hold keys

Part = dict[str, Any]


def digest(value: object) -> str:
    """Return 16 hex digits that name a JSON value."""
    return blake2b(to_canonical_json(value), digest_size=8).hexdigest()


# Read field by field: dumping whole messages through pydantic costs ten times as much.
_PARTS: Final[Mapping[str, Callable[[Any], Part]]] = {
    "user-prompt": lambda p: {"prompt": _plain(p.content)},
    "system-prompt": lambda p: {"system": _plain(p.content)},
    "tool-return": lambda p: {"result": {p.tool_name: _plain(p.content)}, "call_id": p.tool_call_id},
    "retry-feedback": lambda p: {"feedback": _plain(p.content)},
    "retry-prompt": lambda p: _retry(p),
    "text": lambda p: {"answer": p.content},
    "thinking": lambda p: {"thinking": p.content},
    "tool-call": lambda p: {"call": {p.tool_name: _plain(p.args)}, "call_id": p.tool_call_id},
}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else to_jsonable_python(value, serialize_unknown=True)


def _retry(part: Any) -> Part:
    """Older releases of the framework wrote results and feedback as one kind; the id of feedback is random."""
    if part.tool_name:
        return {"result": {part.tool_name: _plain(part.content)}, "call_id": part.tool_call_id}
    return {"feedback": _plain(part.content)}


def plain_parts(message: ModelMessage) -> list[Part]:
    """Return a message's parts in their order, one small object each, without what changes between executions."""
    return [_plain_part(part) for part in message.parts]


def _plain_part(part: Any) -> Part:
    kind = part.part_kind
    if (write := _PARTS.get(kind)) is not None:
        return write(part)
    dumped = to_jsonable_python(part, exclude_none=True, serialize_unknown=True)
    return {kind: {name: value for name, value in dumped.items() if name not in _VOLATILE}}


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


class _Link(NamedTuple):
    message: ModelMessage
    parts: list[Part]
    hash: bytes


class Asked:
    """Writes one run's model requests, each as the difference to the one before."""

    def __init__(self) -> None:
        self._links: list[_Link] = []
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
        self._take(messages)
        extends = answered > 0 and self._hash(answered - 1) == self._sent
        self._sent = self._hash(len(messages))
        tools, shown = self._tools_of(parameters)
        inputs: dict[str, Any] = {
            "model": model,
            "tools": tools,
            "instructions": getattr(messages[-1], "instructions", None) or "",
            "history": self._hash(answered).hex() if extends else "",
            "messages": [part for link in self._links[answered if extends else 0 :] for part in link.parts],
        }
        if told := settings_of(settings):
            inputs["settings"] = told
        return inputs, shown

    def _take(self, messages: Sequence[ModelMessage]) -> None:
        """Bring the chain up to `messages`; each message is hashed once.

        The framework hands over the same objects with every request; from the first other one on it begins anew.
        """
        same = 0
        for link, message in zip(self._links, messages, strict=False):
            if link.message is not message:
                break
            same += 1
        del self._links[same:]
        for message in messages[same:]:
            parts = plain_parts(message)
            content = self._hash(len(self._links)) + to_canonical_json(parts)
            self._links.append(_Link(message, parts, blake2b(content, digest_size=12).digest()))

    def _hash(self, count: int) -> bytes:
        """The hash of the first `count` messages."""
        return self._links[count - 1].hash if count else b""

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
