"""Map-reduce: one node for each document, side by side, each tried again if it fails; then one that joins them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from operator import add
from typing import Annotated, TypedDict

from victor_nb import END, START, RetryPolicy, Workflow, send

Summariser = Callable[[str], Counter[str]]


class State(TypedDict, total=False):
    documents: list[str]
    counts: Annotated[Counter[str], add]
    commonest: list[str]


def map_reduce(summarise: Summariser, attempts: int = 3) -> Workflow:
    """A graph that sends each document to a node of its own; `counts` joins what they return, in order."""

    def read(document: str) -> State:
        return {"counts": summarise(document)}

    def conclude(state: State) -> State:
        ranked = sorted(state["counts"].items(), key=lambda pair: (-pair[1], pair[0]))
        return {"commonest": [word for word, _ in ranked[:3]]}

    graph = Workflow(State, "map-reduce")
    graph.add_node(read, retry=RetryPolicy(attempts=attempts, wait_s=0.0, retry_on=ConnectionError))
    graph.add_node(conclude).add_edge("read", "conclude").add_edge("conclude", END)
    graph.add_conditional_edges(START, lambda state: send("read", state["documents"]), ["read"])
    return graph


# -- an example of its use ---------------------------------------------------------------------------------------------


def words_of(document: str) -> Counter[str]:
    """How often each word occurs."""
    return Counter(document.lower().split())


DOCUMENTS = {
    "counts": Counter(),
    "documents": ["the cat sat on the mat", "the dog sat down", "a cat and a dog", "the end"],
}

if __name__ == "__main__":
    print(map_reduce(words_of).run_sync(DOCUMENTS).state["commonest"])
