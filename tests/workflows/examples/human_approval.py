"""Human approval: a draft waits for a person, who lets it go, changes it, or sends it back; then it is sent, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict

from victor_nb import END, START, Command, Workflow, interrupt

Writer = Callable[[str, str], str]
"""From a request and the remark of a reviewer, empty the first time, to a draft."""
Sender = Callable[[str], None]


@dataclass
class Verdict:
    """What a reviewer answers; given as a dict, which has to fit."""

    action: Literal["approve", "edit", "reject"]
    text: str = ""


class State(TypedDict, total=False):
    request: str
    draft: str
    remark: str
    sent: str


def human_approval(write: Writer, deliver: Sender) -> Workflow:
    """A graph with a question in its middle; it may wait for weeks, and in no process."""

    def draft(state: State) -> State:
        return {"draft": write(state["request"], state.get("remark", ""))}

    def review(state: State) -> Command:
        verdict = interrupt({"draft": state["draft"], "actions": ["approve", "edit", "reject"]}, schema=Verdict)
        if verdict.action == "reject":
            return Command(update={"remark": verdict.text}, goto="draft")
        return Command(update={"draft": verdict.text or state["draft"]}, goto="post")

    def post(state: State) -> State:
        deliver(state["draft"])
        return {"sent": state["draft"]}

    graph = Workflow(State, "human approval")
    graph.add_node(draft).add_node(review, ends=["draft", "post"])
    # A mail that may have been sent when the process died is not sent again unless somebody says so.
    graph.add_node(post, effect="effect")
    return graph.add_edge(START, "draft").add_edge("draft", "review").add_edge("post", END)


# -- an example of its use ---------------------------------------------------------------------------------------------


def letter(request: str, remark: str) -> str:
    """A letter by rules."""
    return f"Dear all, {request}." + (f" ({remark})" if remark else "")


REQUEST = {"request": "the meeting is at noon"}

if __name__ == "__main__":
    program = human_approval(letter, lambda text: print("sent:", text))
    waiting = program.run_sync(REQUEST)
    print("asked:", waiting.interrupts[0].value["draft"])
    waiting = program.run_sync(Command(resume={"action": "reject", "text": "friendlier"}), run_id=waiting.run_id)
    program.run_sync(Command(resume={"action": "approve"}), run_id=waiting.run_id)
