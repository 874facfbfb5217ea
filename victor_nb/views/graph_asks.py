"""What the nodes of a workflow ask a person: questions that a run waits with, and calls that need somebody's word.

1. A question (`interrupt`) stops the run and stays open until it is answered, over any number of executions.
2. A call is asked about while the run goes on; a policy's "no" ends that execution and leaves the question open.
3. Plain data for the report and for the browser; `widgets/graph_view/wire.ts` has the same fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from victor_nb.journal.events import Event
from victor_nb.views.values import shrink
from victor_nb.views.wire import ANSWER_LENGTH

QUESTION: Literal["question"] = "question"
CALL: Literal["call"] = "call"


@dataclass(slots=True)
class Ask:
    """Something that a person is asked.

    Attributes:
        id: the question, or the call.
        value: what a question shows, cut to what a page can bear.
        when: "inside" the node, or "before" or "after" it: then there is nothing to say but to go on.
        schema: the JSON Schema of an answer, where one was given.
        tool, effect, about, arguments: of a call.
        call_hash: names a call with its arguments; a word about another hash is void.
        partial: the arguments are cut, so they can be approved and not edited.
    """

    id: str
    kind: Literal["question", "call"]
    value: Any = None
    when: str = "inside"
    schema: dict[str, Any] | None = None
    tool: str = ""
    effect: str = ""
    about: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    call_hash: str = ""
    partial: bool = False

    @property
    def shown(self) -> Any:
        """What is asked, for a report."""
        if self.kind == CALL:
            return {"may this be called?": self.tool, "arguments": self.arguments}
        return f"go on {self.when} this node?" if self.when != "inside" else self.value


def question_of(event: Event, value: Any) -> Ask:
    """The question that `interrupt.requested` tells of; `value` as it was loaded."""
    data = event.data
    kept = shrink(value, text_length=ANSWER_LENGTH, length=2 * ANSWER_LENGTH)
    return Ask(str(data.get("id") or ""), QUESTION, kept, str(data.get("when") or "inside"), data.get("schema"))


def call_of(event: Event) -> Ask:
    """The call that `approval.requested` tells of."""
    data = event.data
    given = data.get("arguments") or {}
    kept = shrink(given, text_length=ANSWER_LENGTH, length=2 * ANSWER_LENGTH)
    return Ask(
        str(data.get("call_id") or ""),
        CALL,
        tool=str(data.get("tool") or ""),
        effect=str(data.get("effect") or ""),
        about=str(data.get("description") or ""),
        arguments=kept if isinstance(kept, dict) else {"arguments": kept},
        call_hash=str(data.get("call_hash") or ""),
        partial=kept != given,
    )


def command_for(run_id: str, asks: Sequence[Ask], *, is_running: bool = False) -> str:
    """What to type to answer, when no button can; "" if nothing is asked."""
    calls = [ask for ask in asks if ask.kind == CALL]
    if calls:
        approve = f"victor approve {run_id} {calls[0].id}"
        return approve if is_running else f"{approve} && victor resume {run_id}"
    said = [ask for ask in asks if ask.when == "inside"]
    if not said:
        return f"victor resume {run_id}" if asks else ""
    several = len(said) > 1
    return " ".join([f"victor resume {run_id}", *(f"--answer {f'{ask.id}=' if several else ''}VALUE" for ask in said)])
