"""Searching: by place, by fields, by words, by meaning."""

from __future__ import annotations

import numpy as np
import pytest

from victor_nb.errors import UsageError
from victor_nb.journal import open_journal
from victor_nb.workflows.memory import Item, Memory, Put

FACTS = ("users", "ada", "facts")


def keys(items: list[Item]) -> list[str]:
    """What was found, in order."""
    return [item.key for item in items]


# -- by place ----------------------------------------------------------------------------------------------------------


def test_without_a_query_the_newest_comes_first_in_pages(memory, clock):
    """From the namespace and those below it."""
    for number, namespace in enumerate([FACTS, ("users", "ada"), ("users", "bob"), ("docs",)]):
        clock.now += 1
        memory.put(namespace, str(number), {"n": number})

    assert keys(memory.search(("users",))) == ["2", "1", "0"]
    assert keys(memory.search(("users", "ada"))) == ["1", "0"]
    assert keys(memory.search(limit=2)) == ["3", "2"]
    assert keys(memory.search(limit=2, offset=2)) == ["1", "0"]
    assert memory.search(("use",)) == []
    assert memory.search(limit=0) == []
    assert all(item.score is None for item in memory.search())


@pytest.mark.parametrize("window", [{"limit": -1}, {"offset": -1}, {"limit": "10"}])
def test_a_window_that_is_none_is_refused(memory, window):
    """Both for items and for namespaces."""
    with pytest.raises(UsageError, match=r"limit|offset"):
        memory.search(**window)
    with pytest.raises(UsageError, match=r"limit|offset"):
        memory.list_namespaces(**window)


@pytest.fixture
def tree(memory):
    """A memory with items in several namespaces."""
    for namespace in [("a", "b", "c"), ("a", "b", "d"), ("a", "x", "c"), ("z",)]:
        memory.put(namespace, "k", 1)
        memory.put(namespace, "l", 1)
    return memory


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [("a", "b", "c"), ("a", "b", "d"), ("a", "x", "c"), ("z",)]),
        ({"prefix": ("a", "b")}, [("a", "b", "c"), ("a", "b", "d")]),
        ({"suffix": ("c",)}, [("a", "b", "c"), ("a", "x", "c")]),
        ({"prefix": ("a", "*", "c")}, [("a", "b", "c"), ("a", "x", "c")]),
        ({"prefix": ("a",), "suffix": ("b", "*")}, [("a", "b", "c"), ("a", "b", "d")]),
        ({"max_depth": 2}, [("a", "b"), ("a", "x"), ("z",)]),
        ({"max_depth": 1, "limit": 1, "offset": 1}, [("z",)]),
        ({"prefix": ("none",)}, []),
    ],
)
def test_namespaces_are_listed_by_beginning_end_and_depth(tree, asked, found):
    """A star stands for any one label."""
    assert tree.list_namespaces(**asked) == found


def test_a_depth_of_nothing_is_refused(memory):
    """A namespace has at least one label."""
    with pytest.raises(UsageError, match="max_depth"):
        memory.list_namespaces(max_depth=0)


def test_a_room_is_a_store_of_its_own(memory, journal):
    """Its items are found by memories that name it, and by no other; nor does it find theirs."""
    room, other = Memory(journal, room="app"), Memory(journal, room="app2")
    room.put(("a",), "k", {"text": "tea", "n": 1})
    memory.put(("a",), "k", {"text": "milk", "n": 2})

    assert [item.value["n"] for item in room.search()] == [1]
    assert [item.value["n"] for item in memory.search()] == [2]
    assert keys(room.search(query="tea")) == ["k"]
    assert keys(memory.search(query="tea")) == keys(other.search(query="tea")) == []
    assert room.list_namespaces() == memory.list_namespaces() == [("a",)]
    assert other.list_namespaces() == []
    assert room.search()[0].namespace == ("a",)


# -- by fields ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def people(memory):
    """Some values with fields, and one without."""
    memory.put(FACTS, "ada", {"name": "Ada", "age": 36, "home": {"city": "London"}, "tags": ["maths"]})
    memory.put(FACTS, "bob", {"name": "Bob", "age": 20, "home": {"city": "Paris"}})
    memory.put(FACTS, "eve", {"name": "Eve", "age": "unknown"})
    memory.put(FACTS, "text", "Ada")
    return memory


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "Ada"}, ["ada"]),
        ({"name": "Ada", "age": 20}, []),
        ({"age": {"$gte": 20}}, ["bob", "ada"]),
        ({"age": {"$gt": 20, "$lt": 99}}, ["ada"]),
        ({"age": {"$lte": 20}}, ["bob"]),
        ({"name": {"$ne": "Ada"}}, ["text", "eve", "bob"]),
        ({"name": {"$eq": "Eve"}}, ["eve"]),
        ({"name": {"$in": ["Ada", "Eve"]}}, ["eve", "ada"]),
        ({"home": {"city": "Paris"}}, ["bob"]),
        ({"home": {"city": {"$in": ["Paris", "London"]}}}, ["bob", "ada"]),
        ({"tags": ["maths"]}, ["ada"]),
        ({"absent": None}, []),
    ],
)
def test_a_filter_names_fields_and_what_they_must_be(people, wanted, found):
    """What is missing or cannot be compared does not fit; nested fields are named by nesting."""
    assert keys(people.search(FACTS, filter=wanted)) == found


def test_a_filter_and_a_window_count_what_fits(people):
    """The second page begins after the first."""
    assert keys(people.search(filter={"age": {"$gte": 20}}, limit=1, offset=1)) == ["ada"]


@pytest.mark.parametrize(("wanted", "told"), [({"age": {"$gth": 1}}, r"Did you mean '\$gt"), ("age", "is a dict")])
def test_a_filter_that_is_none_is_refused(memory, wanted, told):
    """Even where there is nothing to filter."""
    with pytest.raises(UsageError, match=told):
        memory.search(filter=wanted)


# -- by words ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def notes(memory):
    """Some notes about drinks."""
    memory.put(FACTS, "tea", {"text": "Ada likes green tea, and black tea at night"})
    memory.put(FACTS, "coffee", {"text": "Bob likes coffee"})
    memory.put(FACTS, "cafe", {"text": "The CAFÉ at the corner has tea", "stars": 4})
    memory.put(("other",), "far", {"text": "tea far away"})
    return memory


def test_a_query_finds_what_has_its_words_the_best_first(notes):
    """Rare words weigh more, repeated ones a little more, long texts less; scores say so."""
    found = notes.search(FACTS, query="green tea")

    assert keys(found) == ["tea", "cafe"]
    assert found[0].score > found[1].score > 0
    assert keys(notes.search(query="tea", limit=1, offset=1)) in (["tea"], ["cafe"], ["far"])
    assert notes.search(FACTS, query="lemonade") == []
    assert notes.search(FACTS, query="?!") == []
    assert len(notes.search(FACTS, query="  ")) == 3, "no words asked for is no query"


def test_case_accents_and_punctuation_do_not_count(notes):
    """A person types what is quick."""
    assert keys(notes.search(query="cafe")) == keys(notes.search(query='"Café"!')) == ["cafe"]


def test_a_script_without_spaces_is_searched_by_its_letters(memory):
    """A word in the middle of a sentence is found."""
    memory.put(FACTS, "zh", {"text": "我喜欢喝绿茶"})
    memory.put(FACTS, "ja", {"text": "コーヒーが好き"})

    assert keys(memory.search(query="绿茶")) == ["zh"]
    assert keys(memory.search(query="コーヒー")) == ["ja"]


def test_a_query_and_a_filter_go_together(notes):
    """Both must fit."""
    assert keys(notes.search(query="tea", filter={"stars": {"$gte": 3}})) == ["cafe"]


VALUE = {"title": "First", "body": {"text": "second"}, "notes": [{"t": "third"}, {"t": "fourth"}], "n": 5}


@pytest.mark.parametrize(
    ("index", "found_by"),
    [
        (None, {"first", "second", "third", "fourth", "5"}),
        (True, {"first", "second", "third", "fourth", "5"}),
        (["$"], {"first", "second", "third", "fourth", "5"}),
        (False, set()),
        ([], set()),
        (["title"], {"first"}),
        (["title", "body.text"], {"first", "second"}),
        (["body"], {"second"}),
        (["notes[*].t"], {"third", "fourth"}),
        (["notes[-1].t"], {"fourth"}),
        (["notes[7].t", "absent.path"], set()),
    ],
)
def test_an_item_is_found_by_what_its_index_names(memory, index, found_by):
    """By default by every text and number in it."""
    memory.put(FACTS, "k", VALUE, index)

    words = ["first", "second", "third", "fourth", "5"]
    assert {word for word in words if memory.search(query=word)} == found_by
    assert memory.get(FACTS, "k").value == VALUE


@pytest.mark.parametrize(("index", "told"), [("title", "is one text"), (["a[b"], "cannot be read")])
def test_an_index_that_is_none_is_refused(memory, index, told):
    """With how it should look."""
    with pytest.raises(UsageError, match=told):
        memory.put(FACTS, "k", VALUE, index)


def test_tuples_and_objects_are_found_by_what_is_in_them(memory):
    """And not by the names of their classes."""
    memory.put(FACTS, "k", {"pair": ("left", {"right"})})

    assert keys(memory.search(query="left")) == keys(memory.search(query="right")) == ["k"]
    assert memory.search(query="tuple") == []


# -- by meaning --------------------------------------------------------------------------------------------------------


class Senses:
    """An embedder that knows two meanings: drinks, and animals."""

    name = "senses"

    def __init__(self):
        self.asked = []

    def embed(self, texts):
        self.asked.append(list(texts))
        drinks, animals = ("tea", "coffee", "thirsty"), ("cat", "dog", "pet")
        return np.array(
            [[0.1 + sum(w in t.lower() for w in drinks), 0.1 + sum(w in t.lower() for w in animals)] for t in texts]
        )


@pytest.fixture
def senses():
    """An embedder that notes what it was asked."""
    return Senses()


@pytest.fixture
def meaning(journal, clock, senses):
    """A memory with an embedder and three items."""
    memory = Memory(journal, senses)
    memory.put(FACTS, "tea", {"text": "Ada likes tea"})
    memory.put(FACTS, "cat", {"text": "Ada has a cat"})
    memory.put(FACTS, "silent", {"text": "coffee"}, False)
    return memory


def test_with_an_embedder_the_nearest_meaning_comes_first(meaning):
    """Though no word is shared; the score is a cosine; what is not indexed is not found."""
    found = meaning.search(FACTS, query="thirsty")

    assert keys(found) == ["tea", "cat"]
    assert 0.99 < found[0].score <= 1.00001
    assert found[1].score < 0.5


def test_vectors_are_made_once_when_an_item_is_written(meaning, senses):
    """A search asks for the meaning of its query and nothing else."""
    meaning.search(query="pet")
    meaning.search(query="pet")

    assert senses.asked == [["Ada likes tea"], ["Ada has a cat"], ["pet"], ["pet"]]


def test_a_batch_asks_the_embedder_once(journal, senses):
    """One call for all texts."""
    Memory(journal, senses).batch([Put(FACTS, str(n), f"tea {n}") for n in range(3)])

    assert senses.asked == [["tea 0", "tea 1", "tea 2"]]


def test_items_written_without_an_embedder_get_their_vectors_at_the_first_search(memory, journal, senses):
    """And keep them; items of another embedder get new ones."""
    memory.put(FACTS, "tea", {"text": "Ada likes tea"})
    later = Memory(journal, senses)
    assert keys(later.search(query="thirsty")) == ["tea"]
    assert keys(later.search(query="thirsty")) == ["tea"]
    assert senses.asked == [["thirsty"], ["ada likes tea"], ["thirsty"]]

    other = Senses()
    other.name = "other"
    Memory(journal, other).search(query="thirsty")
    assert other.asked == [["thirsty"], ["ada likes tea"]]


def test_a_journal_that_can_only_be_read_is_searched_by_meaning_too(sqlite_journal, senses):
    """The vectors that are missing are made for the search, and not kept."""
    Memory(sqlite_journal).put(FACTS, "tea", {"text": "Ada likes tea"})
    with open_journal(f"{sqlite_journal.url}?mode=ro") as readable:
        assert keys(Memory(readable, senses).search(query="thirsty")) == ["tea"]


@pytest.mark.parametrize("given", [[[1.0]], [1.0, 2.0], "vectors", [[float("nan")], [1.0]], [["a"], ["b"]]])
def test_an_embedder_that_gives_no_vectors_is_named(journal, given):
    """And nothing is written."""

    class Broken:
        def embed(self, texts):
            return given

    memory = Memory(journal, Broken())
    with pytest.raises(UsageError, match="Broken"):
        memory.batch([Put(FACTS, "a", "text"), Put(FACTS, "b", "text")])
    assert Memory(journal).search() == []
