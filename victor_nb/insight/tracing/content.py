"""Prompts, answers, arguments and results as the conventions write them; asked for only where a setting says so.

Secrets are not in them: what events say was cleaned on its way into the journal. A long text stands as the reference
that the event has, for spans are no place for megabytes.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from victor_nb.insight.tracing import conventions as names
from victor_nb.insight.tracing.told import Answer, Call, Request, read

_ROLES: Final = {
    "prompt": "user",
    "feedback": "user",
    "system": "system",
    "answer": "assistant",
    "thinking": "assistant",
    "call": "assistant",
    "result": "tool",
}
Message = dict[str, Any]


def of_request(inputs: bytes, result: msgspec.Raw) -> dict[str, str]:
    """What was newly asked in a request to a model, and its answer."""
    request, answer = read(Request, inputs), read(Answer, result)
    found = {
        names.INPUT_MESSAGES: _json([message for part in request.messages for message in _asked(part)]),
        names.OUTPUT_MESSAGES: _json([_answered(answer)]),
    }
    if request.instructions:
        found[names.INSTRUCTIONS] = _json([{"type": "text", "content": request.instructions}])
    return found


def of_call(inputs: bytes, result: msgspec.Raw) -> dict[str, str]:
    """What a tool was called with, and what it gave."""
    return {
        names.TOOL_ARGUMENTS: _text(read(Call, inputs).arguments),
        names.TOOL_RESULT: _text(result),
    }


def _asked(part: Message) -> list[Message]:
    word = next((word for word in _ROLES if word in part), None)
    if word is None:
        return []
    value, call_id = part[word], part.get("call_id", "")
    if word in ("call", "result") and isinstance(value, dict):
        write = _call if word == "call" else _response
        return [{"role": _ROLES[word], "parts": [write(name, inner, call_id)]} for name, inner in value.items()]
    sort = "reasoning" if word == "thinking" else "text"
    return [{"role": _ROLES[word], "parts": [{"type": sort, "content": value}]}]


def _answered(answer: Answer) -> Message:
    parts = msgspec.json.decode(answer.parts)
    told = [_part(part) for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return {"role": "assistant", "parts": told, "finish_reason": answer.finish_reason or ""}


def _part(part: Message) -> Message:
    match part.get("part_kind"):
        case "tool-call":
            return _call(part.get("tool_name"), part.get("args"), part.get("tool_call_id", ""))
        case "thinking":
            return {"type": "reasoning", "content": part.get("content")}
        case "text":
            return {"type": "text", "content": part.get("content")}
        case kind:
            return {"type": str(kind)}


def _call(name: object, arguments: object, call_id: object) -> Message:
    return {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}


def _response(_name: object, result: object, call_id: object) -> Message:
    return {"type": "tool_call_response", "id": call_id, "response": result}


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode(errors="replace")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
