"""The lexical index: found at once, durable after a flush, the same in both cores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb.retrieval.core import K1, B, twin
from victor_nb.retrieval.errors import CorruptIndex

SAME = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
WORD = st.sampled_from(["load", "table", "read_csv", "DataFrame", "the", "a", "http2", "東京"])
TEXT = st.lists(WORD, max_size=30).map(" ".join)


def empty(core):
    return core.Lexical.in_memory(k1=K1, b=B)


def filled(core, *texts):
    index = empty(core)
    index.add(range(len(texts)), [[(text, 1)] for text in texts])
    return index


def keys(found):
    return [key for key, _ in found]


def test_a_document_is_found_before_it_is_flushed(core):
    """Adding makes visible; nothing else is needed."""
    assert keys(filled(core, "the quick fox").search("foxes", 5)) == [0]


def test_an_empty_index_an_empty_query_and_no_k_find_nothing(core):
    """Nothing is an answer, not an error."""
    assert empty(core).search("a", 5) == []
    assert filled(core, "", "a").search("", 5) == []
    assert filled(core, "a").search("a", 0) == []


def test_a_query_of_a_megabyte_is_answered(core):
    """However long the query is, sums do not overflow."""
    query = " ".join(f"word{number}" for number in range(90_000))
    index = filled(core, *(f"word{number} " * 3 for number in range(50)))
    assert keys(index.search(query, 3)) == [0, 1, 2]


def test_equal_scores_come_in_the_order_of_keys(core):
    """Ties are settled by key, so that results are stable."""
    assert keys(filled(core, *["same text"] * 300).search("text", 4)) == [0, 1, 2, 3]


def test_a_field_with_more_weight_counts_for_more(core):
    """A name that matches stands above a body that does."""
    index = empty(core)
    index.add([0, 1], [[("other", 3), ("parser", 1)], [("parser", 3), ("other", 1)]])
    assert keys(index.search("parser", 5)) == [1, 0]


def test_what_is_deleted_is_not_found(core):
    """A deletion counts at once, before and after a flush, and only once."""
    index = filled(core, *["same text"] * 10)
    assert index.delete([3, 99]) == 1
    index.flush(0)
    assert index.delete([3, 4]) == 1
    assert keys(index.search("text", 10)) == [0, 1, 2, 5, 6, 7, 8, 9]


def test_a_filter_says_which_keys_may_be_found(core):
    """Keys beyond the end of the filter may not be found."""
    index = filled(core, *["same text"] * 10)
    assert keys(index.search("text", 10, np.array([False, True, False, True]))) == [1, 3]


def test_a_key_that_does_not_grow_is_refused(core):
    """A key stands for one document for ever."""
    index = filled(core, "a", "b")
    with pytest.raises(ValueError, match="keys only grow"):
        index.add([1], [[("c", 1)]])


def test_a_folder_gives_back_what_was_flushed(core, tmp_path):
    """Documents, deletions and the owner's mark; what came after the flush is to be added again."""
    index = core.Lexical.open(tmp_path, k1=K1, b=B)
    index.add(range(40), [[(f"word{number % 4} common", 1)] for number in range(40)])
    index.delete([1])
    index.flush(17)
    before = index.search("word1 common", 10)
    index.add([40], [[("lost", 1)]])
    del index
    again = core.Lexical.open(tmp_path, k1=K1, b=B)
    assert again.search("word1 common", 10) == before
    assert again.search("lost", 1) == []
    assert (again.stats().mark, again.stats().next_key, again.stats().dead) == (17, 40, 1)


def test_a_folder_without_deletions_is_opened_again(core, tmp_path):
    """The plainest case: added, flushed, opened; and an index that never had anything."""
    for documents in (0, 1):
        index = core.Lexical.open(tmp_path, k1=K1, b=B)
        assert index.stats().documents == 0
        if documents:
            index.add([0], [[("a", 1)]])
        index.flush(0)
        del index
        index = core.Lexical.open(tmp_path, k1=K1, b=B)
        assert index.stats().documents == documents
        del index


def test_a_damaged_file_is_noticed_and_can_be_replaced(core, tmp_path):
    """Damage is an error that says so, never a wrong answer; `create` starts anew."""
    index = core.Lexical.open(tmp_path, k1=K1, b=B)
    index.add(range(300), [[(f"word{number} common", 1)] for number in range(300)])
    index.flush(0)
    del index
    for file in tmp_path.iterdir():
        if content := file.read_bytes():
            file.write_bytes(content[: len(content) // 2])
    with pytest.raises(CorruptIndex):
        core.Lexical.open(tmp_path, k1=K1, b=B)
    assert core.Lexical.create(tmp_path, k1=K1, b=B).stats().documents == 0


def test_compacting_makes_the_statistics_forget_the_dead(core):
    """After it, scores are those of an index that never had the deleted documents."""
    texts = [f"word{number % 5} common" for number in range(60)]
    index = filled(core, *texts)
    index.delete(range(0, 60, 3))
    index.compact()
    fresh = empty(core)
    alive = [number for number in range(60) if number % 3]
    fresh.add(alive, [[(texts[number], 1)] for number in alive])
    assert index.search("word1 common", 30) == fresh.search("word1 common", 30)


@SAME
@given(
    texts=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=200),
    queries=st.lists(TEXT, min_size=1, max_size=3),
    doomed=st.lists(st.integers(0, 200), max_size=10),
    cut=st.integers(0, 200),
    k=st.integers(1, 40),
)
def test_both_cores_give_the_same_results(compiled, texts, queries, doomed, cut, k):
    """Scores and order are equal to the last bit, over segments, tails, deletions and compaction."""
    one, other = empty(compiled), empty(twin)
    documents = [[(title, 3), (body, 1)] for title, body in texts]
    for index in (one, other):
        index.add(range(min(cut, len(texts))), documents[:cut])
        index.flush(0)
        index.add(range(min(cut, len(texts)), len(texts)), documents[cut:])
        index.delete(doomed)
    for query in queries:
        assert one.search(query, k) == other.search(query, k)
    assert one.search_many(queries, k) == [one.search(query, k) for query in queries]
    one.compact()
    other.compact()
    assert one.search(queries[0], k) == other.search(queries[0], k)
