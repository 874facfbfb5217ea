"""Passages: many chunks read once for words and vectors; the same as one by one, and the same in both cores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.retrieval.test_code import LANGUAGES, SAME, TEXT
from tests.retrieval.test_static import SPELLED
from victor_nb import Index
from victor_nb.retrieval.core import K1, B, twin
from victor_nb.retrieval.embedders.embedder import HashingEmbedder
from victor_nb.retrieval.embedders.static import TABLE
from victor_nb.retrieval.errors import BadVectors
from victor_nb.retrieval.sources.documents import Document, prepared
from victor_nb.retrieval.storing import store

DOCUMENTS = st.lists(st.tuples(SPELLED, SPELLED, st.lists(SPELLED, max_size=4)), max_size=5)
SHELVES = [
    ("Pottery", "crafts/pottery.md", ["Throwing bowls on a wheel", "glaze and kiln"]),
    ("", "src/get_kiln_temperature.py", ["def get_kiln_temperature(): return 1200", "x = 1"]),
    ("Weaving", "", []),
    ("", "", ["A kiln, a kiln, a kiln"]),
]


@SAME
@given(TEXT, LANGUAGES)
def test_both_cores_cut_the_same_texts(compiled, text, language):
    """And the text of a chunk is that of its lines."""
    text = text.replace("\ud800", "")
    [cut] = twin.cut([text], [language])
    assert compiled.cut(["", text], ["py", language]) == [[], cut]
    lines = text.split("\n")
    assert [chunk[0] for chunk in cut] == ["\n".join(lines[first - 1 : last]) for _, first, last, _ in cut]
    spans = [(first, last, list(names)) for _, first, last, names in cut]
    assert spans == [(first, last, names) for first, last, names in compiled.chunks(text, language)]


def test_a_language_for_each_text(core):
    """A text too many is refused instead of forgotten."""
    with pytest.raises(ValueError, match=r"languages|shorter"):
        core.cut(["x", "y"], ["py"])


def test_passages_are_found_as_documents_of_fields_are(core):
    """Words of title and path weigh as much as the caller says."""
    whole, apart = (core.Lexical.in_memory(k1=K1, b=B) for _ in range(2))
    passages = core.Passages(SHELVES)
    keys = [3, 4, 7, 9, 10]
    assert len(passages) == len(keys)
    whole.add_passages(keys, passages, 3)
    fields = [[(title, 3), (path, 3), (text, 1)] for title, path, texts in SHELVES for text in texts]
    apart.add(keys, fields)
    for query in ("kiln", "pottery wheel", "get_kiln_temperature", "crafts", "weaving"):
        assert whole.search(query, 5) == apart.search(query, 5)
    assert whole.search("pottery", 5)
    assert not whole.search("weaving", 5)
    assert whole.stats() == apart.stats()


def test_keys_of_passages_only_grow(core):
    """There is one for each of them, and none that was given before."""
    lexical = core.Lexical.in_memory(k1=K1, b=B)
    passages = core.Passages([("", "", ["a", "b"])])
    with pytest.raises(ValueError, match="keys for"):
        lexical.add_passages([1], passages, 3)
    lexical.add_passages([1, 2], passages, 3)
    with pytest.raises(ValueError, match="keys only grow"):
        lexical.add_passages([2, 3], passages, 3)


@SAME
@given(DOCUMENTS)
def test_both_cores_embed_passages_the_same(compiled, twins_table, documents):
    """As precise as a vector that was kept in 16 bits: one text gives one vector, whichever way it comes."""
    ours, theirs = compiled.Passages(documents), twin.Passages(documents)
    table = compiled.StaticTable(TABLE)
    for mine, its in ((ours.embed(table), theirs.embed(twins_table)), (ours.hash_embed(8), theirs.hash_embed(8))):
        assert mine.shape == its.shape
        assert np.array_equal(mine, mine.astype(np.float16))
        np.testing.assert_allclose(mine, its, rtol=1e-3, atol=1e-7)


@pytest.fixture(scope="module")
def twins_table():
    """The twin's table, read once."""
    return twin.StaticTable(TABLE)


def test_the_text_of_a_passage_is_embedded_with_its_title(core):
    """Its path says where it lies, not what it means."""
    table = core.StaticTable(TABLE)
    rows = core.Passages([("Pottery", "src/x.py", ["glaze"]), ("", "", ["Pottery\nglaze", ""])]).embed(table)
    assert np.array_equal(rows[0], rows[1])
    assert not rows[2].any()


@pytest.mark.parametrize("kept", [0, 3, 1_000])
def test_a_write_of_any_size_is_found_whole(each_core, monkeypatch, kept):
    """Whether it was kept in memory, or was too much for that and is read again."""
    monkeypatch.setattr(store, "KEPT_AT_MOST", kept)
    index = Index()
    index.add({"id": str(number), "text": f"word{number} in common"} for number in range(7))
    index.add([{"id": "3", "text": "changed kiln"}, {"id": "8", "text": ""}, {"id": "9", "text": "kiln"}])
    assert {hit.id for hit in index.search("kiln", mode="lexical")} == {"3", "9"}
    assert {hit.id for hit in index.search("common", mode="lexical")} == {"0", "1", "2", "4", "5", "6"}
    assert len(index.search("common", k=20, mode="dense")) == 8


def test_what_a_write_takes_away_again_is_not_found(each_core):
    """A document that comes and goes within one transaction was never there."""
    index = Index()
    shelf = index._shelf

    def come_and_go() -> None:
        shelf.documents.put(prepared(Document("a", "first kiln")))
        shelf.documents.put(prepared(Document("b", "second kiln")))
        shelf.documents.remove(["a"])
        shelf.documents.put(prepared(Document("b", "third kiln")))

    shelf.write(come_and_go)
    assert [(hit.id, hit.text) for hit in index.search("kiln")] == [("b", "third kiln")]


@pytest.mark.parametrize("kept", [0, 1_000])
def test_a_large_write_whose_vectors_fail_adds_nothing(monkeypatch, kept):
    """The next one is found, by the same keys."""
    monkeypatch.setattr(store, "KEPT_AT_MOST", kept)

    class Sometimes(HashingEmbedder):
        fails = True

        def embed(self, texts):
            rows = super().embed(texts)
            return np.full_like(rows, np.nan) if self.fails else rows

    embedder = Sometimes(16)
    index = Index(embedder=embedder)
    with pytest.raises(BadVectors):
        index.add([{"id": "a", "text": "kiln"}])
    assert len(index) == 0
    embedder.fails = False
    index.add([{"id": "b", "text": "kiln"}])
    assert [hit.id for hit in index.search("kiln")] == ["b"]
