"""ReAct: a model thinks, tools act, the model reads what they found, and so on until it can answer.

An `Agent` is this loop already, with budgets, approvals and streaming; here it is as a graph, to be changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from victor_nb import END, START, Send, Workflow
from victor_nb.workflows import append

Message = dict[str, Any]
Model = Callable[[list[Message]], Message]
"""Reads the conversation and says either {"content": …} or {"calls": [{"tool": …, "arguments": {…}}, …]}."""


class State(TypedDict, total=False):
    messages: Annotated[list[Message], append]


def react(model: Model, tools: dict[str, Callable[..., Any]]) -> Workflow:
    """A graph of two nodes; the calls of one turn run side by side."""

    def think(state: State) -> dict[str, Any]:
        return {"messages": {"role": "assistant", **model(state["messages"])}}

    def act(call: dict[str, Any]) -> dict[str, Any]:
        try:
            found = tools[call["tool"]](**call["arguments"])
        except Exception as failure:  # the model is told, and may try something else
            found = f"{type(failure).__name__}: {failure}"
        return {"messages": {"role": "tool", "tool": call["tool"], "content": str(found)}}

    def onwards(state: State) -> str | list[Send]:
        calls = state["messages"][-1].get("calls")
        return [Send("act", call) for call in calls] if calls else END

    graph = Workflow(State, "react")
    graph.add_node(think).add_node(act, effect="read")
    graph.add_edge(START, "think").add_edge("act", "think")
    graph.add_conditional_edges("think", onwards, ["act", END])
    return graph


# -- an example of its use ---------------------------------------------------------------------------------------------


def rules(messages: list[Message]) -> Message:
    """A model made of rules: it looks up both cities at once, then compares."""
    found = [message["content"] for message in messages if message["role"] == "tool"]
    if not found:
        return {"calls": [{"tool": "height_of", "arguments": {"mountain": name}} for name in ("K2", "Everest")]}
    return {"content": f"The higher one has {max(map(int, found))} m."}


def height_of(mountain: str) -> int:
    """Metres above the sea."""
    return {"K2": 8611, "Everest": 8849}[mountain]


QUESTION = {"messages": [{"role": "user", "content": "Which is higher, K2 or Everest?"}]}

if __name__ == "__main__":
    print(react(rules, {"height_of": height_of}).run_sync(QUESTION).state["messages"][-1]["content"])
