"""The small computations: similar rows, hashed vectors, duplicates, labels and the cache, the same in both cores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb.retrieval.core import twin
from victor_nb.retrieval.errors import BadVectors

SAME = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
WORDS = st.lists(st.sampled_from(["load", "table", "read_csv", "DataFrame", "the", "plot", "東京"]), max_size=40)
TEXTS = st.lists(WORDS.map(" ".join), max_size=12)


def test_the_most_similar_rows_come_first(core):
    """Cosine, whatever the lengths; rows of zeros score 0; equal rows keep their order."""
    rows = np.array([[0, 0], [1, 1], [2, 0], [5, 5]], np.float32)
    found = core.top_k(np.array([3, 3], np.float32), rows, 4)
    assert [place for place, _ in found] == [1, 3, 2, 0]
    assert [score for _, score in found] == pytest.approx([1, 1, 0.5**0.5, 0], abs=1e-6)


def test_bad_rows_are_refused(core):
    """A wrong dimension and numbers that are not finite are errors of ours."""
    with pytest.raises(BadVectors):
        core.top_k(np.ones(3, np.float32), np.ones((2, 4), np.float32), 1)
    with pytest.raises(BadVectors):
        core.top_k(np.ones(1, np.float32), np.array([[np.nan]], np.float32), 1)


def test_texts_that_share_words_have_similar_vectors(core):
    """The hashing embedder needs no model; a text without words has no direction."""
    rows = core.hash_embed(["load a csv table", "read csv tables", "boundary layer flow", ""], 256)
    assert rows.shape == (4, 256)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    assert not rows[3].any()


def test_near_duplicates_are_found_with_their_overlap(core):
    """A copy overlaps in full, a changed text in part, an empty one with nothing."""
    long = "the quick brown fox jumps over the lazy dog and runs far away from it into the deep wood " * 3
    pairs = core.near_duplicates([long, "else", long.replace("lazy", "sleepy"), "", "", "else"], 0.6)
    assert [(one, other) for one, other, _ in pairs] == [(0, 2), (1, 5)]
    assert pairs[1][2] == 1.0


def test_a_classifier_learns_from_a_few_texts(core):
    """Probabilities of labels in their order; nothing is known at first."""
    classifier = core.Classifier()
    assert classifier.probabilities("x") == []
    classifier.learn("read the csv table", "data")
    classifier.learn("plot a line chart", "draw")
    assert dict(classifier.probabilities("charts with lines"))["draw"] > 0.7


def test_the_cache_forgets_what_is_old_and_what_was_used_longest_ago(core):
    """Both rules, and the counts that show how well it does."""
    cache = core.Cache(2, 10.0)
    cache.put("a", 1, 0.0)
    cache.put("b", 2, 1.0)
    assert cache.get("a", 2.0) == 1
    cache.put("c", 3, 3.0)
    assert [cache.get(key, 4.0) for key in "abc"] == [1, None, 3]
    assert cache.get("a", 10.0) is None
    assert (len(cache), cache.hits, cache.misses) == (1, 3, 2)
    assert cache.pop("c") == 3
    cache.put("d", 4)
    assert cache.get("d") == 4
    cache.clear()
    assert len(cache) == 0


@SAME
@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 2**32 - 1), st.integers(0, 12))
def test_both_cores_find_the_same_rows(compiled, count, dimension, seed, k):
    """Scores to 1e-5, ties in the order of rows."""
    noise = np.random.default_rng(seed)
    rows = noise.normal(size=(count, dimension)).astype(np.float32)
    rows[count // 2 :] = rows[: count - count // 2]
    query = noise.normal(size=dimension).astype(np.float32)
    one, other = compiled.top_k(query, rows, k), twin.top_k(query, rows, k)
    assert [place for place, _ in one] == [place for place, _ in other]
    assert [score for _, score in one] == pytest.approx([score for _, score in other], abs=1e-5)


@SAME
@given(TEXTS, st.integers(1, 70), st.floats(0.1, 1))
def test_both_cores_treat_texts_alike(compiled, texts, dimension, least):
    """Hashed vectors to 1e-6, the same duplicates, probabilities to 1e-9."""
    assert compiled.hash_embed(texts, dimension) == pytest.approx(twin.hash_embed(texts, dimension), abs=1e-6)
    assert compiled.near_duplicates(texts, least) == twin.near_duplicates(texts, least)
    one, other = compiled.Classifier(), twin.Classifier()
    for number, text in enumerate(texts):
        one.learn(text, f"label {number % 3}")
        other.learn(text, f"label {number % 3}")
    for text in texts:
        expected = dict(other.probabilities(text))
        assert dict(one.probabilities(text)) == pytest.approx(expected, abs=1e-9)


@SAME
@given(
    st.integers(0, 4),
    st.lists(st.tuples(st.sampled_from(["get", "put", "pop"]), st.sampled_from("abcdef"), st.floats(0, 3))),
)
def test_both_caches_keep_the_same(compiled, capacity, steps):
    """Whatever is put, asked for and forgotten, and whenever."""
    one, other = compiled.Cache(capacity, 4.0), twin.Cache(capacity, 4.0)
    now = 0.0
    for number, (what, key, pause) in enumerate(steps):
        now += pause
        for cache in (one, other):
            if what == "put":
                cache.put(key, number, now)
        if what != "put":
            arguments = (key, now) if what == "get" else (key,)
            assert getattr(one, what)(*arguments) == getattr(other, what)(*arguments)
        assert (len(one), one.hits, one.misses) == (len(other), other.hits, other.misses)
