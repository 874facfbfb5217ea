"""Reflection: one writes, one criticises, until there is nothing to say or no step left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypedDict

from victor_nb import END, START, Workflow
from victor_nb.workflows import Runtime, append

Write = Callable[[str, list[str]], str]
Criticise = Callable[[str], str]
"""Returns what should be better; nothing if the text is good."""


class State(TypedDict, total=False):
    topic: str
    text: str
    remarks: Annotated[list[str], append]
    is_good: bool


def reflection(write: Write, criticise: Criticise) -> Workflow:
    """A graph of two nodes that go round; every version is in the history of the run."""

    def author(state: State) -> State:
        return {"text": write(state["topic"], state["remarks"])}

    def critic(state: State, runtime: Runtime) -> State:
        remark = criticise(state["text"])
        return {"is_good": True} if not remark else {"remarks": remark}

    def onwards(state: State, runtime: Runtime) -> str:
        is_enough = state.get("is_good") or runtime.remaining_steps < 2
        return END if is_enough else "author"

    graph = Workflow(State, "reflection")
    graph.add_sequence([author, critic]).add_edge(START, "author")
    graph.add_conditional_edges("critic", onwards, ["author", END])
    return graph


# -- an example of its use ---------------------------------------------------------------------------------------------


def write(topic: str, remarks: list[str]) -> str:
    """Each remark adds a sentence."""
    return " ".join([f"{topic.capitalize()} matters.", *(f"It has {remark}." for remark in remarks)])


def criticise(text: str) -> str:
    """Wants three things."""
    return next((wish for wish in ("a reason", "an example", "an end") if wish not in text), "")


TOPIC = {"topic": "tea"}

if __name__ == "__main__":
    print(reflection(write, criticise).run_sync(TOPIC).state["text"])
