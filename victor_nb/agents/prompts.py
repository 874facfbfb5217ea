"""What was sent to the models in a run, put together again from its record.

Each request is kept as the difference to the one before; here the conversation becomes whole again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from victor_nb.journal import Event, Journal
from victor_nb.journal.codec import to_canonical_json

_TYPES: Final = ("model.tools", "step.started", "step.finished")


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request to a model.

    Attributes:
        messages: the whole conversation up to this request, one part each, as
            `{"prompt" | "system" | "result" | "feedback" | "answer" | "call" | "thinking": content}`.
        new: how many of them, at the end, were not part of the request before.
        tools: what the model was told about tools and the form of its answer.
    """

    step_id: str
    model: str
    instructions: str
    messages: list[dict[str, Any]]
    new: int
    tools: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The request as text: instructions, then part by part, then the tools' names."""
        blocks = [f"[instructions]\n{self.instructions}"] if self.instructions else []
        blocks += [_block(part) for part in self.messages]
        names = [tool["name"] for tool in self.tools.get("tools", ())]
        return "\n\n".join([*blocks, f"[tools]\n{', '.join(names)}"] if names else blocks)


def sent_messages(journal: Journal, run_id: str) -> list[SentRequest]:
    """Return every request that the models of a run were sent, oldest first.

    Args:
        run_id: the id, an unambiguous beginning of it, or "last".
    """
    events = journal.history(journal.find(run_id).run_id, types=_TYPES)
    return list(_requests(events, journal))


def _requests(events: Iterable[Event], journal: Journal) -> Iterable[SentRequest]:
    tools: dict[str, Mapping[str, Any]] = {}
    asked: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
    so_far: list[dict[str, Any]] = []
    found: dict[str, SentRequest] = {}
    for event in events:
        data = event.data
        if event.type == "model.tools":
            told = journal.load(data)
            tools[told["digest"]] = told
        elif data["kind"] != "model":
            continue
        elif event.type == "step.started":
            inputs = journal.load(data["inputs"])
            whole = [*so_far, *inputs["messages"]] if inputs["history"] else list(inputs["messages"])
            asked[event.step_id] = (inputs, whole)
        elif event.step_id in asked:
            inputs, whole = asked.pop(event.step_id)
            so_far = [*whole, *_answer(journal.load(data["result"]))]
            found[event.step_id] = _request(event.step_id, inputs, whole, tools)
    for step_id, (inputs, whole) in asked.items():  # sent, and the answer never arrived
        found[step_id] = _request(step_id, inputs, whole, tools)
    return found.values()


def _request(
    step_id: str, inputs: Mapping[str, Any], whole: list[dict[str, Any]], tools: Mapping[str, Mapping[str, Any]]
) -> SentRequest:
    return SentRequest(
        step_id,
        inputs["model"],
        inputs["instructions"],
        whole,
        len(inputs["messages"]),
        tools.get(inputs["tools"], {}),
        inputs.get("settings", {}),
    )


def _answer(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write an answer's parts in the words of `asked`."""
    parts: list[dict[str, Any]] = []
    for part in result.get("parts", ()):
        kind = part.get("part_kind")
        if kind == "tool-call":
            parts.append({"call": {part["tool_name"]: part.get("args")}, "call_id": part["tool_call_id"]})
        elif kind in ("text", "thinking"):
            parts.append({"answer" if kind == "text" else "thinking": part["content"]})
        else:
            parts.append({str(kind): part})
    return parts


def _block(part: Mapping[str, Any]) -> str:
    kind, content = next((name, value) for name, value in part.items() if name != "call_id")
    if isinstance(content, dict) and len(content) == 1 and kind in ("result", "call"):
        name, content = next(iter(content.items()))
        kind = f"{kind} of {name}" if kind == "result" else f"{kind} {name}"
    shown = content if isinstance(content, str) else to_canonical_json(content).decode()
    return f"[{kind}]\n{shown}"
