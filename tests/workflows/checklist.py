"""What people who know LangGraph expect of a workflow engine: 72 lines, each with a test or a sentence.

A test names the lines that it covers (`@covers(15)`); a line that no test covers has a row in
`docs/guides/from-langgraph.md` that says what is done instead. `test_checklist.py` looks that none is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

LINES = {
    1: "a state is a TypedDict, a dataclass or a pydantic model",
    2: "input, output and context have schemas of their own",
    3: "nodes can share keys that callers never see",
    4: "nodes are functions, sync or async, named or not",
    5: "a node can have an input schema of its own",
    6: "a node takes the state, and what it wants of the runtime",
    7: "edges; an edge from several nodes waits for all of them",
    8: "conditional edges: a mapping, Literal types, several targets, sends",
    9: "a sequence of nodes in one call",
    10: "START and END, conditional entry",
    11: "the graph is validated before it runs",
    12: "a deferred node runs when all else is done",
    13: "a node can say where its commands may lead, for drawings",
    14: "nodes carry metadata",
    15: "a key keeps its last value; writing it twice at once is an error",
    16: "reducers are given by Annotated",
    17: "messages: append, replace by id, remove one, remove all",
    18: "a ready-made state of messages",
    19: "an update can bypass the reducer",
    20: "values that live for one step, any-value, topics, barriers",
    21: "a growing list costs what was added",
    22: "a node knows how many steps are left",
    23: "supersteps are parallel and all or nothing",
    24: "map-reduce by sends, each with its own input and timeout",
    25: "a command updates, goes, resumes",
    26: "a node of a subgraph can hand over to the graph around it",
    27: "cycles, and a limit to them",
    28: "a limit to how many nodes run at once",
    29: "a limit to the time of a step",
    30: "a graph as a node, and a graph called inside a node",
    31: "how much of a subgraph is kept",
    32: "retry policies: one or several, backoff, jitter, predicate",
    33: "timeouts for a run and for idling; heartbeat",
    34: "a node that handles errors after the last attempt",
    35: "defaults for nodes",
    36: "finished siblings of a failed node do not run again",
    37: "a run can be asked to drain",
    38: "a cache of answers with a key and a time",
    39: "the cache can be cleared",
    40: "a cached answer is seen in the stream",
    41: "the contract of a store of checkpoints",
    42: "stores in memory, SQLite and PostgreSQL, with a conformance suite",
    43: "runs, subgraphs and checkpoints have ids",
    44: "how soon things are on the disk can be chosen",
    45: "the state of a run, of its subgraphs, what is next, what it asks",
    46: "the history, filtered and limited",
    47: "a state can be updated by hand, as a node",
    48: "replay from a checkpoint, fork with edits; questions are asked again",
    49: "serialisation with encryption and a list of allowed types",
    50: "state and checkpoints survive a change of the schema",
    51: "long-term memory across runs: namespaces, search, time to live, meaning",
    52: "a run is resumed by giving it nothing",
    53: "a question anywhere in a node, several in order",
    54: "answers by value, or by the question's id",
    55: "a schema for the answer",
    56: "stops before and after nodes",
    57: "questions in subgraphs, tools and parallel branches",
    58: "approve, edit, reject or answer a tool call",
    59: "stream modes, several at once",
    60: "parts of subgraphs say where they come from",
    61: "a node can write into the stream",
    62: "typed parts; the result has output and questions",
    63: "events of a run as a stream",
    64: "text of models as it comes, by node",
    65: "functions as workflows and steps: parallel, previous, retry, timeout, cache",
    66: "tools in a node, in parallel, with state and store; the ReAct agent",
    67: "supervisors and swarms, hand-over tools",
    68: "the graph as Mermaid, text and picture, subgraphs included",
    69: "JSON Schemas of input, output and context",
    70: "remote graphs, a graph as a tool, batches, bound settings",
    71: "tracing",
    72: "everything sync and async, context variables kept",
}


def covers(*numbers: int) -> Callable[[Test], Test]:
    """Say which lines a test is about."""
    assert set(numbers) <= LINES.keys()

    def mark(test: Test) -> Test:
        test.checklist = numbers  # type: ignore[attr-defined]
        return test

    return mark
