"""The index as users see it: what is added is found, with a citation and a reason; what changed is found anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pytest

from tests.retrieval.made import NOTES, Counting
from victor_nb import Index
from victor_nb.errors import UsageError
from victor_nb.retrieval import (
    BadDocument,
    BadFilter,
    BadVectors,
    ClosedIndex,
    Document,
    EmbedderChanged,
    NothingThere,
    UnusableFile,
)

pytestmark = pytest.mark.usefixtures("each_core")


@pytest.fixture
def index() -> Index:
    """Three notes in memory."""
    made = Index()
    made.add(NOTES)
    return made


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_what_was_added_is_found_at_once(index, mode):
    """By words, by meaning, and by both; a hit has everything that is promised."""
    hits = index.search("renew a lease", k=2, mode=mode)

    best = hits[0]
    assert best.id == "leases"
    assert best.score > 0
    assert best.text == NOTES[0]["text"]
    assert best.title == "Leases"
    assert best.metadata == {"year": 2021, "team": "red", "draft": False}
    assert (best.path, best.lines, best.source) == ("", None, "leases")


def test_a_hit_says_why(index):
    """The words that it holds, and how near it is; words that say nothing are not named."""
    why = index.search("how is the lease renewed")[0].why

    assert why.startswith("words: lease, renewed")
    assert "the" not in why.split("; ")[0].split(", ")


def test_where_chunks_lie_is_read_once(tmp_path, monkeypatch):
    """Also of those that lie nowhere: a question that was asked before reads the hits and nothing else."""
    (tmp_path / "zebra.md").write_text("Zebras eat grass.")
    index = Index()
    index.add_folder(tmp_path)
    index.add([{"id": "note", "text": "Zebras sleep."}])
    documents, read = index._shelf.documents, []
    monkeypatch.setattr(documents, "places", lambda keys, places=documents.places: read.append(keys) or places(keys))

    assert len(index.search("zebras")) == 2
    index.search("zebras")
    assert sorted(*read) == [1, 2]


def test_a_document_of_the_same_id_replaces_the_one_before(index):
    """The old words are gone, the new ones are there; nothing else moved."""
    changes = index.add([{"id": "leases", "text": "now about giraffes"}])

    assert changes.changed == ("leases",)
    assert [hit.id for hit in index.search("giraffes", mode="lexical")] == ["leases"]
    assert index.search("lease", mode="lexical") == []
    assert len(index) == 3


def test_an_equal_document_costs_nothing():
    """Nothing is embedded, cut or deleted for what is as before."""
    embedder = Counting()
    index = Index(embedder=embedder)
    index.add(NOTES)
    asked = embedder.texts

    changes = index.add(NOTES)

    assert (changes.unchanged, bool(changes)) == (3, False)
    assert embedder.texts == asked


def test_vectors_are_kept_by_the_hash_of_their_text():
    """A text that comes back, under whatever id, is not embedded again."""
    embedder = Counting()
    index = Index(embedder=embedder)
    index.add([{"id": "a", "text": "the same words"}])
    index.delete("a")

    index.add([{"id": "b", "text": "the same words"}, {"id": "c", "text": "the same words"}])

    assert embedder.texts == 1


def test_deleted_documents_are_not_found(index):
    """Deleting says how many were there; unknown ids are no error."""
    assert index.delete(["leases", "nobody"]) == 1
    assert index.search("lease", mode="lexical") == []
    assert "leases" not in index
    assert "redaction" in index


def test_an_empty_index_finds_nothing():
    """No documents: no hits in any mode, no error."""
    index = Index()

    assert index.search("anything") == []
    assert index.search("anything", mode="dense") == []
    assert index.update().unchanged == 0
    assert len(index) == 0


@pytest.mark.parametrize("query", ["", "   ", "\n", "?!", "\0"])
def test_a_query_without_words_finds_nothing(index, query):
    """It is no error: whoever types has not typed yet."""
    assert index.search(query) == []


def test_a_query_of_a_megabyte_is_answered(index):
    """Its beginning counts."""
    assert index.search("lease " + "x y z " * 170_000)[0].id == "leases"


@pytest.mark.parametrize(
    "text",
    [
        "naïve café",
        "Привет мир",
        "東京タワー",
        "𐍈𝄞 gothic music",
        "👩‍👩‍👧 family",
        "\U0010fffd private",
        "عربى",
        "e\u0301",
    ],
)
def test_unicode_of_every_plane_is_found(text):
    """Whole texts come back as they were given."""
    index = Index()
    index.add([{"id": text, "text": text, "title": text}, {"id": "other", "text": "something else"}])

    best = index.search(text, mode="lexical")[:1] or index.search("title", filter={"id": text})
    assert [hit.text for hit in best if hit.id == text] in ([text], [])
    assert text in index


def test_half_a_surrogate_pair_is_mended():
    """Text that no file could hold neither breaks the adding nor the asking."""
    index = Index()
    index.add([{"id": "a\ud800", "text": "broken \udc00 tail", "metadata": {"name": "\ud800"}}])

    hit = index.search("broken \ud800")[0]
    assert hit.text == "broken \N{REPLACEMENT CHARACTER} tail"
    assert index.delete("a\ud800") == 1


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ([{"id": "a", "text": "x"}, {"id": "a", "text": "y"}], "'a' is that of document 1 too"),
        ([{"text": "x"}], "it has no id"),
        ([{"id": "a"}], "it has no text"),
        ([{"id": "", "text": "x"}], "its id is empty"),
        ([{"id": True, "text": "x"}], "its id is bool"),
        ([{"id": "a", "text": None}], "its text is NoneType"),
        ([{"id": "a", "text": b"x"}], "its text is bytes"),
        ([{"id": "a", "text": "x", "titel": "y"}], "'titel' is no part of a document"),
        ([{"id": "a", "text": "x", "metadata": ["y"]}], "its metadata is list"),
        ([{"id": "a", "text": "x", "metadata": {"y": {}}}], "its metadata 'y' is {}"),
        ([{"id": "a", "text": "x", "metadata": {"y": float("nan")}}], "its metadata 'y' is nan"),
        ([{"id": "a", "text": "x", "metadata": {"y": 2**70}}], "its metadata 'y'"),
        (["x"], "str is no document"),
    ],
)
def test_what_is_no_document_is_told_with_its_place(index, documents, said):
    """All or none: what came before it in the same call is not added either."""
    good = {"id": "good", "text": "a good one"}
    with pytest.raises(BadDocument) as refused:
        index.add([good, *documents])

    assert said.replace("document 1", "document 2") in refused.value.what
    assert refused.value.where == f"document {len(documents) + 1}"
    assert "good" not in index
    assert len(index.search("lease")) > 0


def test_a_document_can_be_an_object_or_a_single_mapping():
    """Numbers are ids too; a document with a title only is found by it."""
    index = Index()
    index.add(Document("object", "said by an object", language="markdown"))
    index.add({"id": 7, "text": "", "title": "only a heading"})

    assert index.search("heading")[0].id == "7"
    assert index.search("object", mode="lexical")[0].id == "object"


def test_long_documents_are_cut_and_cite_lines():
    """Each hit names the lines that it is."""
    text = "\n\n".join(
        f"def function_{n}(value):\n    '''Do thing number {n}.'''\n    return value + {n}" for n in range(200)
    )
    index = Index()
    index.add([Document("module", text, path="src/module.py")])

    hit = index.search("function_150")[0]
    assert hit.source == f"src/module.py:{hit.lines[0]}-{hit.lines[1]}"
    assert hit.text == "\n".join(text.split("\n")[hit.lines[0] - 1 : hit.lines[1]])
    assert "function_150" in hit.names
    assert "defines function_150" in hit.why


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"year": 2021}, {"leases"}),
        ({"year": [2021, 2022]}, {"leases", "redaction"}),
        ({"year": {"gte": 2022}}, {"redaction", "journal"}),
        ({"year": {"gt": 2021, "lt": 2023}}, {"redaction"}),
        ({"year": {"lte": 2021}, "team": "red"}, {"leases"}),
        ({"team": {"ne": "red"}}, {"redaction"}),
        ({"team": "blue"}, {"redaction"}),
        ({"tags": "safe"}, {"journal"}),
        ({"draft": True}, {"redaction"}),
        ({"draft": 1}, set()),
        ({"path": "docs/*.md"}, {"journal"}),
        ({"path": ["src/", "*.md"]}, {"journal"}),
        ({"id": "leases"}, {"leases"}),
        ({"kind": "text"}, {"leases", "redaction", "journal"}),
        ({"kind": "code"}, set()),
        ({"title": {"gte": "M"}}, {"redaction"}),
        ({"year": {2021, 2022}}, {"leases", "redaction"}),
        ({"year": np.int64(2021)}, {"leases"}),
        ({"title": {"lt": date(2024, 1, 1)}}, set()),
        ({"year": {"gte": "2022"}}, set()),
        ({}, {"leases", "redaction", "journal"}),
    ],
)
@pytest.mark.parametrize("mode", ["lexical", "dense"])
def test_filters_say_what_may_be_found(index, wanted, found, mode):
    """Equality, one of several, ranges, values of lists, patterns of paths; all have to hold."""
    assert {hit.id for hit in index.search("what the runs do", mode=mode, filter=wanted)} == found


def test_a_filter_follows_what_is_added_and_deleted(index):
    """An answer is not kept beyond the documents that it was about."""
    wanted = {"team": "red"}
    assert {hit.id for hit in index.search("runs", filter=wanted)} == {"leases", "journal"}

    index.delete("leases")
    index.add([{"id": "new", "text": "runs anew", "metadata": {"team": "red"}}])

    assert {hit.id for hit in index.search("runs", filter=wanted)} == {"journal", "new"}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"yaer": 2021}, "Did you mean 'year'?"),
        ({"year": {"gtr": 1}}, "'gtr' compares nothing"),
        ({"path": 3}, "the path of a filter is 3"),
        ({"year": object}, "is nothing that metadata can be"),
        (["year"], "a filter is a mapping"),
    ],
)
def test_a_filter_that_says_nothing_is_told(index, wanted, said):
    """A typo does not look like an empty result."""
    with pytest.raises(BadFilter) as refused:
        index.search("runs", filter=wanted)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    "asked", [{"mode": "fuzzy"}, {"k": 0}, {"query": None}, {"query": b"x"}], ids=["mode", "k", "None", "bytes"]
)
def test_a_search_that_makes_no_sense_is_told(index, asked):
    """The value, and what would do."""
    with pytest.raises(UsageError):
        index.search(**({"query": "runs"} | asked))


def test_more_hits_than_there_are_documents_are_all_of_them(index):
    """k is a limit, not a promise."""
    assert len(index.search("runs lease secret", k=10_000)) <= 3


def test_an_embedder_that_returns_nonsense_adds_nothing():
    """NaN: the error names the embedder, and the index is as it was."""
    index = Index(embedder=Counting(bad=np.nan))
    with pytest.raises(BadVectors, match="counting"):
        index.add(NOTES)

    assert len(index) == 0
    assert index.search("lease", mode="lexical") == []


def test_an_embedder_of_another_dimension_than_it_says_adds_nothing():
    """A wrong shape is told, whatever is in it."""
    index = Index(embedder=Counting(dimension=4, given=5))
    with pytest.raises(BadVectors, match="dimension 4"):
        index.add(NOTES)
    assert len(index) == 0


def test_another_embedder_embeds_everything_anew(tmp_path):
    """Its name is how the change is seen; with the same name nothing is embedded again."""
    first, second, again = Counting("one"), Counting("two", dimension=16), Counting("two", dimension=16)
    with Index(tmp_path / "i", embedder=first) as index:
        index.add(NOTES)
    with Index(tmp_path / "i", embedder=second) as index:
        assert index.search("lease", mode="dense")[0].id == "leases"
        assert second.texts == 3 + 1  # the documents and the query
    with Index(tmp_path / "i", embedder=again) as index:
        index.search("lease", mode="dense")
        assert again.texts == 1


def test_an_embedder_that_is_not_given_again_is_asked_for(tmp_path):
    """Vectors that somebody paid for are not thrown away in silence."""
    with Index(tmp_path / "i", embedder=Counting()) as index:
        index.add(NOTES)

    with pytest.raises(EmbedderChanged, match="counting"):
        Index(tmp_path / "i")


def test_an_embedder_can_be_named(tmp_path):
    """By its name it is found again when the index is opened without it; another one can be taken at any time."""
    with Index(tmp_path / "i", embedder="hashing") as index:
        index.add(NOTES)
    with Index(tmp_path / "i") as index:
        assert index.embedder.name.startswith("hashing")
        counting = Counting(dimension=8)
        again = Index(tmp_path / "i", embedder=counting)
        assert again.embedder is index.embedder is counting
        assert again.search("lease", mode="dense")[0].id == "leases"
    with pytest.raises(UsageError):
        Index(embedder="no-such-embedder")
    with pytest.raises(UsageError, match="int is no embedder"):
        Index(embedder=3)


@pytest.mark.parametrize("dimension", [0, -1, 100_000])
def test_a_dimension_that_no_vector_has_is_told(tmp_path, dimension):
    """Before anything is made of it."""
    with pytest.raises(BadVectors):
        Index(tmp_path / "i", embedder=Counting(dimension=dimension))


def test_an_index_comes_back_as_it_was(tmp_path):
    """Everything is in its folder, without save or close."""
    index = Index(tmp_path / "i")
    index.add(NOTES)
    before = [(hit.id, hit.score) for hit in index.search("lease of a run")]
    index.close()

    with Index.open(tmp_path / "i") as again:
        assert [(hit.id, pytest.approx(hit.score, abs=1e-5)) for hit in again.search("lease of a run")] == before
        assert again.describe()["documents"] == 3


def test_an_index_in_memory_can_be_saved(tmp_path, index):
    """What was saved is a whole index of its own."""
    with index.save(tmp_path / "saved") as saved:
        saved.add([{"id": "new", "text": "zebra"}])
        assert len(saved.search("lease")) > 0
    assert "new" not in index

    with pytest.raises(UnusableFile, match="already"):
        index.save(tmp_path / "saved")


def test_what_is_not_there_cannot_be_opened(tmp_path):
    """`open` never starts an index by mistake."""
    with pytest.raises(NothingThere):
        Index.open(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_folder_is_open_once_in_a_process(tmp_path):
    """A cell that opens an index can be run twice."""
    first = Index(tmp_path / "i")
    first.add(NOTES)

    second = Index(tmp_path / "i")

    assert len(second) == 3
    first.close()


def test_the_end_of_a_block_closes_nobody_elses_index(tmp_path):
    """A tool may open for a moment what the notebook has open; the last one lets go of the files."""
    index = Index(tmp_path / "i")
    with Index(tmp_path / "i") as same:
        same.add(NOTES)
    assert len(index.search("lease")) > 0

    index.close()
    assert same.is_closed


def test_blocks_in_several_threads_have_it_open_together(tmp_path):
    """Calls of tools run at once, and each may open the index that it asks."""
    with Index(tmp_path / "i") as index:
        index.add(NOTES)

    def ask(_) -> int:
        with Index(tmp_path / "i") as index:
            return len(index.search("lease of a run"))

    with ThreadPoolExecutor(8) as together:
        assert len(set(together.map(ask, range(200)))) == 1
    with Index(tmp_path / "i") as index:
        assert len(index) == 3


def test_indexes_that_nobody_has_any_more_are_no_strangers(tmp_path):
    """One that was dropped closes itself; who opens it again meanwhile, in another thread, waits for that."""

    def ask(number: int) -> int:
        index = Index(tmp_path / "i")
        index.add([{"id": f"{number}", "text": "lease of a run"}])
        return len(index.search("lease", k=1))

    with ThreadPoolExecutor(4) as together:
        assert set(together.map(ask, range(100))) == {1}
    assert len(Index(tmp_path / "i")) == 100


def test_a_closed_index_says_so(tmp_path):
    """Closing twice is allowed; using it is an error of ours."""
    index = Index(tmp_path / "i")
    index.close()
    index.close()

    with pytest.raises(ClosedIndex):
        index.search("lease")
    assert index.is_closed
    assert "closed" in repr(index)


def test_an_index_and_hits_show_themselves(index):
    """Text, Markdown and HTML; what documents say is never markup."""
    index.add([{"id": "<b>", "text": "<script>alert(1)</script> lease `code` \x1b[31m", "title": "*bold*"}])

    shown = index.search("script alert")._repr_mimebundle_()
    assert "<script>" not in shown["text/html"]
    assert "&lt;script&gt;" in shown["text/html"]
    assert "\x1b" not in "".join(shown.values())
    assert "\\*bold\\*" in shown["text/markdown"]
    about = index._repr_mimebundle_()
    assert set(about) == {"text/plain", "text/markdown", "text/html"}
    assert "documents" in about["text/plain"]
    assert index.search("qqqq", mode="lexical").to_text() == "Nothing was found."


def test_ipython_shows_hits_as_themselves(index):
    """Not as the list that they are."""
    from IPython.core.formatters import DisplayFormatter

    hits = index.search("lease")
    shown, _ = DisplayFormatter().format(hits)

    assert shown["text/plain"] == str(hits) == hits.to_text()
    assert shown["text/html"].startswith("<ol")
