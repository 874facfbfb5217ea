"""Keeping values: put, get, delete, change, batch, and for how long."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from datetime import date

import pytest

from victor_nb.errors import UsageError
from victor_nb.journal import Journal, Redactor, Unstorable
from victor_nb.workflows.memory import Delete, Get, Item, ListNamespaces, Memory, Put, Search

ADA, BOB = ("users", "ada"), ("users", "bob")


@dataclass
class Preference:
    """A value of the user's own making."""

    topic: str
    strength: float


def test_a_value_is_found_under_its_namespace_and_key(memory, clock):
    """With when it was written; under another name there is nothing."""
    memory.put(ADA, "likes", {"food": "pizza"})

    assert memory.get(ADA, "likes") == Item(ADA, "likes", {"food": "pizza"}, clock.now, clock.now)
    assert memory.get(BOB, "likes") is None
    assert memory.get(ADA, "Likes") is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        0,
        "text",
        [1, "a", None],
        {"nested": {"deep": [1.5, math.inf]}},
        (1, (2, 3)),
        {"day": date(2026, 1, 2), "raw": b"\x00\xff"},
        Preference("tea", 0.9),
        {"long": "x" * 100_000},
        {"big": [{"n": number, "text": "y" * 50} for number in range(2000)]},
    ],
    ids=lambda value: type(value).__name__,
)
def test_any_value_that_a_journal_can_store_comes_back_as_it_was(memory, value):
    """Tuples stay tuples, long texts stay whole, and objects are of their class."""
    memory.put(ADA, "k", value)

    found = memory.get(ADA, "k").value
    assert found == value
    assert type(found) is type(value)


def test_a_table_comes_back_as_a_table(memory):
    """And when it is removed, nothing of it is left in the store."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    memory.put(ADA, "frame", {"frame": frame})

    pandas.testing.assert_frame_equal(memory.get(ADA, "frame").value["frame"], frame)


def test_putting_again_replaces_the_value_and_keeps_when_it_began(memory, clock):
    """`created` is of the first writing, `updated` of the last."""
    memory.put(ADA, "n", 1)
    clock.now += 5
    memory.put(ADA, "n", 2)

    assert memory.get(ADA, "n") == Item(ADA, "n", 2, clock.now - 5, clock.now)


def test_a_deleted_value_is_gone_and_deleting_it_again_is_nothing(memory):
    """Removing what is not there is no mistake."""
    memory.put(ADA, "n", 1)
    memory.delete(ADA, "n")
    memory.delete(ADA, "n")

    assert memory.get(ADA, "n") is None


def test_a_value_that_cannot_be_written_down_is_refused_with_its_place(memory):
    """No pickle, ever; and what was there stays."""
    memory.put(ADA, "n", 1)
    with pytest.raises(Unstorable, match=r"function .*at value\['handler'\]"):
        memory.put(ADA, "n", {"handler": test_a_value_that_cannot_be_written_down_is_refused_with_its_place})

    assert memory.get(ADA, "n").value == 1


@pytest.mark.parametrize(
    ("namespace", "key", "told"),
    [
        ("users", "k", "no namespace"),
        ((), "k", "at least one label"),
        (("users", ""), "k", "a label of the namespace"),
        (("users", 7), "k", "a label of the namespace"),
        (("a\x1fb",), "k", "no name may have"),
        (("a",), "", "the key"),
        (("a",), 7, "the key"),
        (("a",), "k\x00", "no name may have"),
        (("a",), "\ud800", "no name may have"),
    ],
)
def test_a_name_that_is_none_is_an_error_that_says_what_a_name_is(memory, namespace, key, told):
    """A forgotten comma, `("users")`, is the commonest of them."""
    for ask in (lambda: memory.put(namespace, key, 1), lambda: memory.get(namespace, key)):
        with pytest.raises(UsageError, match=told) as caught:
            ask()
        assert "tuple of texts" in caught.value.hint


# -- time ------------------------------------------------------------------------------------------------------------


def test_an_item_lives_as_long_as_was_said(memory, clock):
    """Then it is nowhere, and its creation is forgotten."""
    memory.put(ADA, "code", "1234", ttl_s=60)
    clock.now += 59
    assert memory.get(ADA, "code") is not None
    clock.now += 1
    assert memory.get(ADA, "code") is None
    assert memory.search(ADA) == []
    assert memory.list_namespaces() == []


def test_a_memory_has_a_time_for_items_that_say_none(journal, clock):
    """Infinity stands for ever."""
    memory = Memory(journal, ttl_s=10)
    memory.put(ADA, "short", 1)
    memory.put(ADA, "long", 2, ttl_s=100)
    memory.put(ADA, "kept", 3, ttl_s=math.inf)
    clock.now += 50
    assert sorted(item.key for item in memory.search(ADA)) == ["kept", "long"]
    clock.now += 1e9
    assert [item.key for item in memory.search(ADA)] == ["kept"]
    assert memory.sweep() == 2


def test_reading_lets_the_time_begin_anew_only_when_asked(journal, clock):
    """A call can ask for it, or the memory for all calls; a read is no write otherwise."""
    memory = Memory(journal)
    memory.put(ADA, "a", 1, ttl_s=10)
    memory.put(ADA, "b", 1, ttl_s=10)
    clock.now += 9
    memory.get(ADA, "a", refresh=True)
    memory.get(ADA, "b")
    clock.now += 9
    assert [item.key for item in Memory(journal, refresh=True).search(ADA)] == ["a"]
    clock.now += 9
    assert [item.key for item in memory.search(ADA)] == ["a"]


@pytest.mark.parametrize("ttl_s", [0, -1, "10"])
def test_a_time_that_is_none_is_refused(memory, journal, ttl_s):
    """Where it is given: for one item, or for the memory."""
    with pytest.raises(UsageError, match="ttl_s"):
        memory.put(ADA, "k", 1, ttl_s=ttl_s)
    with pytest.raises(UsageError, match="ttl_s"):
        Memory(journal, ttl_s=ttl_s)


# -- several at once ---------------------------------------------------------------------------------------------------


def test_a_batch_answers_in_order(memory):
    """A read sees the writes before it, and not those after it."""
    answers = memory.batch(
        [
            Put(ADA, "a", 1),
            Get(ADA, "a"),
            Put(ADA, "a", 2),
            Put(BOB, "b", 3),
            Search(("users",), limit=5),
            Delete(ADA, "a"),
            Get(ADA, "a"),
            ListNamespaces(),
        ]
    )

    assert answers[0] is answers[2] is answers[3] is answers[5] is answers[6] is None
    assert answers[1].value == 1
    assert [item.value for item in answers[4]] == [3, 2]
    assert answers[7] == [BOB]


@pytest.mark.parametrize("wrong", [Put("users", "k", 1), Put(ADA, "k", print), Get(ADA, ""), Search(limit=-1), "put"])
def test_a_batch_with_a_mistake_does_nothing(memory, wrong):
    """All is looked at before anything is done."""
    with pytest.raises((UsageError, Unstorable)):
        memory.batch([Put(ADA, "a", 1), Get(ADA, "a"), wrong])

    assert memory.get(ADA, "a") is None


def test_a_change_replaces_a_value_by_what_a_function_makes_of_it(memory):
    """The first time it is given the default."""
    assert memory.change(ADA, "visits", lambda visits: visits + 1, default=0) == 1
    assert memory.change(ADA, "visits", lambda visits: visits + 1, default=0) == 2
    assert memory.get(ADA, "visits").value == 2


def test_a_change_that_another_was_faster_with_is_tried_again(memory):
    """Neither is lost."""

    def slowly(numbers):
        if "theirs" not in numbers:
            memory.put(ADA, "n", [*numbers, "theirs"])
        return [*numbers, "ours"]

    assert memory.change(ADA, "n", slowly, default=[]) == ["theirs", "ours"]


# -- the async face ----------------------------------------------------------------------------------------------------


def test_every_verb_can_be_awaited(memory):
    """The same answers from an event loop."""

    async def use():
        await memory.aput(ADA, "a", {"n": 1}, ttl_s=60)
        await memory.abatch([Put(ADA, "b", {"n": 2}), Put(ADA, "c", {"n": 3})])
        await memory.adelete(ADA, "c")
        await memory.achange(ADA, "b", lambda value: {"n": value["n"] + 5})
        found = await memory.asearch(ADA, filter={"n": {"$gt": 1}})
        return await memory.aget(ADA, "a"), found, await memory.alist_namespaces(max_depth=1)

    one, found, namespaces = asyncio.run(use())
    assert one.value == {"n": 1}
    assert [item.value for item in found] == [{"n": 7}]
    assert namespaces == [("users",)]


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_secrets_are_taken_out_on_the_way_in(journal):
    """Out of values, keys, labels and what an item is found by; the same names still lead to it."""
    secret = "hunter2hunter2"
    memory = Memory(Journal(journal.store, Redactor({"password": secret})))
    memory.put(("users", secret), f"key {secret}", {"note": f"says {secret} twice", "deep": [secret]})

    found = memory.get(("users", secret), f"key {secret}")
    assert secret not in repr(found)
    assert found.value["note"] == "says [redacted:password] twice"
    assert secret not in repr(journal.store.items.below("", 0.0, limit=None, offset=0))
    assert memory.search((), query="says twice")[0].key == "key [redacted:password]"
