"""Fusion of rankings and ranking of code, the same in both cores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from victor_nb.retrieval.core import twin

SAME = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
RANKING = st.dictionaries(st.integers(0, 30), st.floats(0, 20), max_size=20).map(
    lambda scores: sorted(scores.items(), key=lambda hit: -hit[1])
)
NAMES = st.lists(st.sampled_from(["read_csv", "DataFrame.join", "test_x", "load", "é", ""]), max_size=3)
PATHS = st.sampled_from(["src/tables/read.py", "tests/test_read.py", "pkg/__init__.py", "legacy/load.py", ""])


def test_convex_fusion_scales_both_arms(core):
    """The lexical arm by its best, the dense one between its worst and best; absent is 0."""
    fused = core.fuse_convex([(1, 8.0), (2, 4.0)], [(2, 0.9), (3, 0.5)], 0.25, 5)
    assert fused == [(1, pytest.approx(0.75)), (2, pytest.approx(0.625)), (3, 0.0)]


def test_convex_fusion_with_an_empty_arm_keeps_the_other(core):
    """Nothing found by one arm takes nothing from the other's order."""
    assert [key for key, _ in core.fuse_convex([(5, 2.0), (4, 1.0)], [], 0.5, 5)] == [5, 4]
    assert [key for key, _ in core.fuse_convex([], [(5, 0.2), (4, 0.1)], 0.5, 5)] == [5, 4]


def test_fusion_by_ranks_adds_reciprocals(core):
    """Whoever is early in both comes first."""
    fused = core.fuse_ranks([[(1, 9.0), (2, 8.0)], [(2, 0.3), (3, 0.2)]], 60.0, 2)
    assert fused == [(2, pytest.approx(1 / 62 + 1 / 61)), (1, pytest.approx(1 / 61))]


def test_what_defines_the_name_comes_first(core):
    """Asked for a name, the chunk that defines it is wanted, not those that use it."""
    ranks = core.CodeRanks()
    ranks.add(1, "pkg/use.py", ["main"])
    ranks.add(2, "pkg/table.py", ["read_csv"])
    assert [key for key, _ in ranks.rank("read_csv", [(1, 9.0), (2, 6.0)], 5)] == [2, 1]


def test_a_sentence_does_not_name_what_one_of_its_words_is_the_name_of(core):
    """Where the word is the whole query it does; a name of several words is named wherever it stands."""
    ranks = core.CodeRanks()
    ranks.add(0, "a.py", ["read"])
    ranks.add(1, "b.py", ["parse_date"])
    found = [(2, 1.0), (0, 0.5), (1, 0.5)]
    assert [key for key, _ in ranks.rank("read lines of a file in reverse", found, 3)] == [2, 0, 1]
    assert ranks.rank("read", found, 1)[0][0] == 0
    assert ranks.rank("where is parse_date used in reverse", found, 1)[0][0] == 1


def test_tests_stand_back_unless_asked_for(core):
    """A test uses what it tests more densely than the code itself."""
    ranks = core.CodeRanks()
    ranks.add(1, "tests/check.py", [])
    ranks.add(2, "pkg/check.py", [])
    found = [(1, 9.0), (2, 8.0)]
    assert [key for key, _ in ranks.rank("load", found, 5)] == [2, 1]
    assert [key for key, _ in ranks.rank("tests load", found, 5)] == [1, 2]


@SAME
@given(RANKING, RANKING, st.floats(0, 1), st.integers(0, 12))
def test_both_cores_fuse_alike(compiled, lexical, dense, alpha, k):
    """Scores to 1e-9 and the same order."""
    for one, other in [
        (compiled.fuse_convex(lexical, dense, alpha, k), twin.fuse_convex(lexical, dense, alpha, k)),
        (compiled.fuse_ranks([lexical, dense], 60.0, k), twin.fuse_ranks([lexical, dense], 60.0, k)),
    ]:
        assert [key for key, _ in one] == [key for key, _ in other]
        assert [score for _, score in one] == pytest.approx([score for _, score in other], abs=1e-9)


def both(core, texts, vectors, query, vector, k=10):
    """What the indexes of these texts and vectors find, left in the core."""
    lexical, dense = core.Lexical.in_memory(k1=1.2, b=0.75), core.Dense.in_memory(2)
    lexical.add(range(len(texts)), [[(text, 1)] for text in texts])
    dense.add(range(len(vectors)), np.array(vectors, np.float32))
    return lexical.scores(query, k), dense.scores(np.array(vector, np.float32), k)


def test_candidates_keep_what_each_index_said(core):
    """Fused and ranked as the functions do, and beside it the score of the words and that of the vectors."""
    words, near = both(core, ["read a table", "write", "read"], [[1, 0], [0, 1], [1, 1]], "read", [1, 0], k=2)
    assert (len(words), len(near)) == (2, 2)
    candidates, ranks = core.Candidates(words, near, 0.2, 10), core.CodeRanks()
    assert sorted(candidates.unknown_to(ranks)) == [0, 2]
    ranks.add(0, "tests/table.py", [])
    assert candidates.unknown_to(ranks) == [2]

    best = candidates.ranked(ranks, "read", 5)
    assert [key for key, *_ in best] == [2, 0]
    assert best[0][2] > best[1][2] > 0
    assert [each[3] for each in best] == [pytest.approx(2**-0.5, abs=1e-6), pytest.approx(1.0, abs=1e-6)]


def test_candidates_of_one_index_alone_have_no_score_of_the_other(core):
    """An index that was not asked is None; one that found nothing changes nothing either."""
    words, near = both(core, ["read"], [[1, 0]], "write", [1, 0])
    for lexical in (None, words):
        assert core.Candidates(lexical, near, 0.2, 5).ranked(core.CodeRanks(), "write", 5) == [(0, 1.0, None, 1.0)]
    assert core.Candidates(None, None, 0.2, 5).ranked(core.CodeRanks(), "write", 5) == []


WORDS = st.lists(st.sampled_from(["read", "write", "table", "row", "test"]), min_size=1, max_size=5).map(" ".join)
VECTOR = st.tuples(st.integers(-3, 3), st.integers(-3, 3)).filter(any)


@SAME
@given(st.lists(st.tuples(WORDS, VECTOR, PATHS, NAMES), min_size=1, max_size=12), WORDS, VECTOR, st.integers(1, 12))
@example([("write", (0, 1), "a.py", []), ("write", (1, 0), "b.py", [])], "read", (0, -1), 2)  # zeros of both signs
def test_both_cores_choose_alike(compiled, chunks, query, vector, k):
    """From the indexes to the ranked best, with every score."""
    texts, vectors, paths, names = zip(*chunks, strict=True)
    chosen = []
    for core in (compiled, twin):
        candidates, ranks = core.Candidates(*both(core, texts, vectors, query, vector), 0.2, k), core.CodeRanks()
        for key in candidates.unknown_to(ranks)[::2]:
            ranks.add(key, paths[key], names[key])
        chosen.append(candidates.ranked(ranks, query, k))
    assert [one[0] for one in chosen[0]] == [one[0] for one in chosen[1]]
    for one, other in zip(*chosen, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


@SAME
@given(st.lists(st.tuples(PATHS, NAMES), max_size=20), RANKING, st.sampled_from(["read csv", "load test", "é", ""]))
def test_both_cores_rank_code_alike(compiled, places, found, query):
    """Paths, names, penalties and neighbours count the same."""
    one, other = compiled.CodeRanks(), twin.CodeRanks()
    for key, (path, names) in enumerate(places):
        one.add(key, path, names)
        other.add(key, path, names)
    assert one.rank(query, found, 10) == other.rank(query, found, 10)
