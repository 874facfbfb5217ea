"""A memory is a dictionary with an end of time: whatever is done to it, in whichever store."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from victor_nb.journal import open_journal
from victor_nb.workflows.memory import Delete, Memory, Put

LABELS = st.sampled_from(["a", "b", "ab", "ü", "a b", "*", "漢", "~"])
NAMESPACES = st.lists(LABELS, min_size=1, max_size=3).map(tuple)
KEYS = st.sampled_from(["k", "K", "k k", "ß", "0"])
WORDS = st.sampled_from(["tea", "coffee", "milk", "ñandú", "42"])
TEXTS = st.lists(WORDS, max_size=4).map(" ".join)
VALUES = st.one_of(st.none(), st.integers(), TEXTS, st.fixed_dictionaries({"text": TEXTS, "n": st.integers(0, 3)}))
TIMES = st.one_of(st.none(), st.sampled_from([1.0, 5.0, 20.0]))


class Model(RuleBasedStateMachine):
    """Does the same to a memory and to a dictionary."""

    names = Bundle("names")
    url = "memory:"

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.journal = open_journal(self.url.format(folder=Path(self.folder.name)))
        self.now = 1000.0
        self.journal.clock = lambda: self.now
        self.memory = Memory(self.journal)
        self.known = {}

    def teardown(self):
        self.journal.close()
        self.folder.cleanup()

    def alive(self):
        """What must be there now, the last written last."""
        return {name: value for name, (value, end) in self.known.items() if end is None or end > self.now}

    def remember(self, name, value, ttl_s):
        self.known.pop(name, None)
        self.known[name] = (value, None if ttl_s is None else self.now + ttl_s)

    @rule(target=names, namespace=NAMESPACES, key=KEYS)
    def name(self, namespace, key):
        return namespace, key

    @rule(name=names, value=VALUES, ttl_s=TIMES)
    def put(self, name, value, ttl_s):
        self.memory.put(*name, value, ttl_s=ttl_s)
        self.remember(name, value, ttl_s)

    @rule(name=names)
    def delete(self, name):
        self.memory.delete(*name)
        self.known.pop(name, None)

    @rule(changes=st.lists(st.tuples(names, VALUES, st.booleans()), max_size=5))
    def batch(self, changes):
        self.memory.batch([Delete(*name) if gone else Put(*name, value) for name, value, gone in changes])
        for name, value, gone in changes:
            self.known.pop(name, None) if gone else self.remember(name, value, None)

    @rule(name=names, value=VALUES)
    def change(self, name, value):
        before = self.alive().get(name, "absent")
        assert self.memory.change(*name, lambda old: [old, value], default="absent") == [before, value]
        self.remember(name, [before, value], None)

    @rule(seconds=st.sampled_from([0.5, 1.0, 7.0]))
    def wait(self, seconds):
        self.now += seconds

    @rule()
    def sweep(self):
        self.memory.sweep()
        self.known = {name: one for name, one in self.known.items() if name in self.alive()}

    @rule(name=names)
    def get(self, name):
        found = self.memory.get(*name)
        assert (found.value if found else "absent") == self.alive().get(name, "absent")

    @rule(place=st.lists(LABELS, max_size=2).map(tuple), word=WORDS)
    def search(self, place, word):
        below = {name: value for name, value in self.alive().items() if name[0][: len(place)] == place}
        found = self.memory.search(place, query=word, limit=1000)
        assert {(item.namespace, item.key) for item in found} == {n for n, v in below.items() if word in words(v)}
        assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)

    @rule(place=st.lists(LABELS, max_size=2).map(tuple), n=st.integers(0, 3))
    def filter(self, place, n):
        found = self.memory.search(place, filter={"n": {"$gte": n}}, limit=1000)
        assert {(item.namespace, item.key) for item in found} == {
            name
            for name, value in self.alive().items()
            if name[0][: len(place)] == place and isinstance(value, dict) and value["n"] >= n
        }

    @invariant()
    def everything_is_there_the_newest_first(self):
        found = [((item.namespace, item.key), item.value) for item in self.memory.search(limit=1000)]
        assert found == list(reversed(self.alive().items()))
        assert self.memory.list_namespaces(limit=1000) == sorted({namespace for namespace, _ in self.alive()})


def words(value):
    """Every word in a value."""
    if isinstance(value, dict):
        return words(value["text"]) | {str(value["n"])}
    if isinstance(value, list):
        return set().union(*map(words, value))
    return set() if value is None else set(str(value).split())


class SqliteModel(Model):
    """The same in a file."""

    url = "sqlite:///{folder}/victor.db"


@pytest.mark.parametrize("model", [Model, SqliteModel])
def test_a_memory_does_what_a_dictionary_would(model):
    """Any sequence of writes, changes, waiting and reads."""
    case = model.TestCase
    case.settings = settings(max_examples=25, stateful_step_count=20)
    case().runTest()
