"""What LangGraph's users expect of a state: lines 15 to 22."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

import pytest

from tests.workflows.checklist import covers
from victor_nb.workflows import (
    END,
    START,
    ConcurrentWrites,
    Ephemeral,
    MessagesState,
    Overwrite,
    Remove,
    Runtime,
    StepLimitReached,
    Workflow,
    add_messages,
    append,
    last,
    union,
)


@pytest.fixture
def journal(sqlite_journal):
    """Where the runs of these tests are kept."""
    return sqlite_journal


def forked(state, *updates):
    """A graph whose nodes run side by side, each with its update."""
    graph = Workflow(state, "forked")
    for number, update in enumerate(updates):
        graph.add_node(f"n{number}", lambda _, update=update: update).add_edge(START, f"n{number}")
    return graph


class Plain(TypedDict, total=False):
    x: int


@covers(15)
def test_15_a_key_keeps_its_last_value_and_two_writers_at_once_are_an_error(journal):
    """The error names the nodes and the key, and what to do."""
    graph = Workflow(Plain).add_sequence([("one", lambda state: {"x": 1}), ("two", lambda state: {"x": 2})])
    graph.add_edge(START, "one")
    assert graph.run_sync({"x": 0}, journal=journal).state == {"x": 2}

    with pytest.raises(ConcurrentWrites, match="'n0' and 'n1' ran together and both wrote 'x'") as caught:
        forked(Plain, {"x": 1}, {"x": 2}).run_sync({}, journal=journal)
    assert "reducer" in caught.value.hint


def longer(old, new):
    """A reducer of the user's own."""
    return max(old, new, key=len)


class Reduced(TypedDict, total=False):
    total: Annotated[int, operator.add]
    items: Annotated[list[Any], append]
    known: Annotated[set[str], union]
    most: Annotated[int, max]
    text: Annotated[str, longer]


@covers(16)
def test_16_reducers_join_what_nodes_write(journal):
    """In the order of the graph, whatever ended first; keys begin empty where their type has an empty value."""
    graph = forked(
        Reduced,
        {"total": 1, "items": "a", "known": {"x"}, "most": 7, "text": "short"},
        {"total": 2, "items": ["b", "c"], "known": {"y"}, "most": 3, "text": "longest"},
    )

    assert graph.run_sync({"most": 5, "text": ""}, journal=journal).state == {
        "total": 3,
        "items": ["a", "b", "c"],
        "known": {"x", "y"},
        "most": 7,
        "text": "longest",
    }


def message(id, content):
    """A message as most libraries have it."""
    return {"id": id, "content": content}


@covers(17)
@pytest.mark.parametrize(
    ("update", "left"),
    [
        (message("c", "new"), ["a:1", "b:2", "c:new"]),
        ([message("a", "again"), message("c", "new")], ["a:again", "b:2", "c:new"]),
        (Remove("a"), ["b:2"]),
        ([Remove.all(), message("a", "fresh")], ["a:fresh"]),
        ("words", ["a:1", "b:2", "words"]),
    ],
    ids=["append", "replace", "remove", "remove all", "text"],
)
def test_17_messages_are_appended_replaced_and_removed(update, left):
    """By their id, as an attribute or a key; those without one are appended."""
    joined = add_messages([message("a", "1"), message("b", "2")], update)

    assert [one if isinstance(one, str) else f"{one['id']}:{one['content']}" for one in joined] == left


@covers(18)
def test_18_a_state_of_messages_is_there(journal):
    """To be used, or built upon with further keys."""

    class Chat(MessagesState, total=False):
        topic: str

    graph = Workflow(Chat).add_node("reply", lambda state: {"messages": message("r", "hello"), "topic": "greeting"})
    graph.add_edge(START, "reply").add_edge("reply", END)

    done = graph.run_sync({"messages": [message("q", "hi")]}, journal=journal)
    assert [one["content"] for one in done.state["messages"]] == ["hi", "hello"]


@covers(19)
def test_19_an_update_can_replace_what_a_reducer_would_join(journal):
    """Whatever the reducer."""
    graph = Workflow(Reduced).add_sequence(
        [("add", lambda state: {"items": [1, 2, 3]}), ("reset", lambda state: {"items": Overwrite([9])})]
    )
    graph.add_edge(START, "add")

    assert graph.run_sync({}, journal=journal).state["items"] == [9]


class Short(TypedDict, total=False):
    once: Annotated[int, Ephemeral]
    latest: Annotated[str, last]
    seen: Annotated[list[Any], append]


@covers(20)
def test_20_some_values_live_for_one_step_and_some_take_any_writer(journal):
    """Ephemeral values are gone after the step that could read them; `last` takes the last of several writers;
    a topic is a list under `append`, and a barrier an edge from several nodes (line 7)."""
    graph = Workflow(Short).add_sequence(
        [
            ("write", lambda state: {"once": 1}),
            ("read", lambda state: {"seen": [state.get("once")]}),
            ("late", lambda state: {"seen": [state.get("once")]}),
        ]
    )
    graph.add_edge(START, "write")
    assert graph.run_sync({}, journal=journal).state["seen"] == [1, None]

    assert forked(Short, {"latest": "a"}, {"latest": "b"}).run_sync({}, journal=journal).state["latest"] == "b"


class Chatting(TypedDict, total=False):
    messages: Annotated[list[str], append]


@covers(21)
def test_21_a_growing_list_costs_what_was_added(journal):
    """No channel type is needed for it: what a node adds is what the journal keeps of it, snapshots included."""
    text = "m" * 1000

    def talk(state):
        return {"messages": [text]}

    graph = Workflow(Chatting).add_node(talk).add_edge(START, "talk")
    graph.add_conditional_edges("talk", lambda state: "talk" if len(state["messages"]) < 200 else END, ["talk", END])
    run = graph.run_sync({}, journal=journal)

    sizes = [len(event.raw) for event in journal.events(run.run_id, types=["step.finished"])]
    assert len(sizes) == 200
    assert max(sizes) - min(sizes) < 20, "the last step is as small as the first"
    kept = sum(len(event.raw) for event in journal.events(run.run_id))
    assert kept < 3 * 200 * len(text), "the state of all steps would be 100 times that"


@covers(22)
def test_22_a_node_knows_how_many_steps_are_left(journal):
    """So that it can come to an end before the limit does it."""
    left = []

    def work(state, runtime: Runtime):
        left.append((runtime.remaining_steps, runtime.is_last_step))

    graph = Workflow(Plain).add_node(work).add_edge(START, "work").add_edge("work", "work")
    with pytest.raises(StepLimitReached):
        graph.run_sync({}, journal=journal, max_steps=3)

    assert left == [(2, False), (1, False), (0, True)]
