"""An event as the faces see it: small, JSON, and the same for Python and for the browser.

1. Everything that a view shows passes through `wire`; nothing after it grows with the size of a result.
2. A model's answer is reduced to its text, its thinking and the calls it asked for; the response shape of a
   model library ends here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypedDict

from victor_nb.errors import VictorError
from victor_nb.journal.events import Event
from victor_nb.views.values import TEXT_LENGTH, cut_text, shrink

ANSWER_LENGTH: Final = 60_000
SHOWN_TYPES: Final = frozenset(
    {"run.started", "run.resumed", "run.finished", "run.failed", "run.stopped"}
    | {"step.started", "step.finished", "step.failed", "step.resolved", "model.delta", "tool.output"}
    | {"approval.requested", "approval.decided"}
)
_BLOBS: Final = (b'"$table"', b'"$json"', b'"blob"')

Load = Callable[[Any], Any]
"""`Journal.load`: gives the value that a stored reference stands for."""


class WireEvent(TypedDict):
    """An `Event` in JSON, its data cut to what a person can look at."""

    run_id: str
    seq: int
    time: float
    type: str
    step_id: str
    parent_id: str
    replayed: bool
    data: dict[str, Any]


def wire(event: Event, load: Load | None = None) -> WireEvent:
    """Reduce an event to what is shown of it.

    Args:
        load: resolves what the journal stored apart, such as tables; without it they are only named.
    """
    return WireEvent(
        run_id=event.run_id,
        seq=event.seq,
        time=event.time,
        type=event.type,
        step_id=event.step_id,
        parent_id=event.parent_id,
        replayed=event.replayed,
        data=_data(_loaded(event, load)) if event.type in SHOWN_TYPES else {},
    )


def coalesce(events: Iterable[WireEvent]) -> list[WireEvent]:
    """Join neighbouring live texts of one step, at the time of the first: one delta a batch, not one a token."""
    joined: list[WireEvent] = []
    for event in events:
        if joined and _continues(joined[-1], event):
            joined[-1] = _with_text(joined[-1], joined[-1]["data"]["text"] + event["data"]["text"])
        else:
            joined.append(event)
    return joined


def _continues(last: WireEvent, event: WireEvent) -> bool:
    same = last["type"] == event["type"] and last["step_id"] == event["step_id"]
    return same and event["seq"] == 0 == last["seq"] and "text" in last["data"] and "text" in event["data"]


def _with_text(event: WireEvent, text: str) -> WireEvent:
    copy = event.copy()
    copy["data"] = {**event["data"], "text": text}
    return copy


def _loaded(event: Event, load: Load | None) -> dict[str, Any]:
    data = event.data
    if load is None or not any(mark in event.raw for mark in _BLOBS):
        return data
    return {name: _try_load(value, load) for name, value in data.items()}


def _try_load(value: Any, load: Load) -> Any:
    """Load a field; if its class is gone or its blob is lost, the field is shown as it is stored."""
    try:
        return load(value)
    except (VictorError, LookupError, TypeError, ValueError, ImportError):
        return value


def _data(data: Mapping[str, Any]) -> dict[str, Any]:
    # No view shows a prompt: it is long, and it is asked for by name (`victor show RUN --prompt`).
    apart = {"result", "text", "request", "inputs" if data.get("kind") == "model" else ""}
    kept = {name: shrink(value) for name, value in data.items() if name not in apart}
    if "call_hash" in data and "tool" in data:
        kept |= _question(data)
    if "text" in data:
        kept["text"] = cut_text(str(data["text"]), ANSWER_LENGTH)
    if "result" in data:
        kept["result"] = _result(data)
    return kept


def _question(data: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the arguments that somebody decides about whole, as far as a page can bear; say if they are cut."""
    given = data.get("arguments")
    kept = shrink(given, text_length=ANSWER_LENGTH, length=2 * ANSWER_LENGTH)
    return {"arguments": kept} if kept == given else {"arguments": kept, "partial": True}


def _result(data: Mapping[str, Any]) -> Any:
    result = data["result"]
    if data.get("kind") == "model" and isinstance(result, Mapping) and "parts" in result:
        return _answer(result["parts"])
    if "kind" not in data:  # the result of the run: its text is the answer, and is kept whole
        return shrink(result, text_length=ANSWER_LENGTH, length=2 * ANSWER_LENGTH)
    return shrink(result)


def _answer(parts: object) -> dict[str, Any]:
    """Reduce a model's response to text, thinking and calls."""
    texts: dict[str, str] = {"text": "", "thinking": ""}
    calls: list[dict[str, Any]] = []
    for part in parts if isinstance(parts, list) else []:
        kind = part.get("part_kind")
        if kind in texts:
            texts[kind] += str(part.get("content") or "")
        elif kind == "tool-call":
            calls.append(_call(part))
    return {
        "text": cut_text(texts["text"], ANSWER_LENGTH),
        "thinking": cut_text(texts["thinking"], TEXT_LENGTH),
        "calls": calls,
    }


def _call(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "call_id": part.get("tool_call_id") or "",
        "tool": part.get("tool_name") or "",
        "arguments": shrink(part.get("args")),
    }
