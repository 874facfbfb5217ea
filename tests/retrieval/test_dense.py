"""The dense index: exact scores, the same in both cores, and bad vectors refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb.retrieval.core import twin
from victor_nb.retrieval.errors import BadVectors, CorruptIndex

SAME = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def vectors(count, dimension, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)


def filled(core, rows):
    index = core.Dense.in_memory(rows.shape[1])
    index.add(range(len(rows)), rows)
    return index


def test_the_nearest_come_first_with_their_cosines(core):
    """A vector is nearest to itself, whatever its length."""
    rows = vectors(50, 17)
    found = filled(core, rows).search(rows[7] * 100, 3)
    assert found[0] == (7, pytest.approx(1.0, abs=1e-6))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused_whole(core, bad):
    """Nothing is added if one vector is bad."""
    rows = vectors(3, 4)
    rows[2, 1] = bad
    index = core.Dense.in_memory(4)
    with pytest.raises(BadVectors):
        index.add(range(3), rows)
    with pytest.raises(BadVectors):
        index.search(rows[2], 1)
    assert index.stats().documents == 0


def test_a_wrong_dimension_is_refused(core):
    """Adding, searching and opening all say so."""
    index = core.Dense.in_memory(4)
    for wrong in (vectors(1, 5), vectors(2, 2)):
        with pytest.raises(BadVectors):
            index.add([0], wrong)
    with pytest.raises(BadVectors):
        index.search(vectors(1, 8)[0], 1)
    with pytest.raises(BadVectors):
        core.Dense.in_memory(0)


def test_an_empty_index_finds_nothing(core):
    """Nothing is an answer, not an error."""
    assert core.Dense.in_memory(3).search(np.ones(3, np.float32), 5) == []


def test_a_vector_of_zeros_is_near_to_nothing(core):
    """An empty text has a vector without a direction: its score is 0."""
    index = filled(core, np.zeros((3, 5), np.float32))
    assert index.search(np.ones(5, np.float32), 2) == [(0, 0.0), (1, 0.0)]


def test_a_folder_gives_back_what_was_flushed(core, tmp_path):
    """Vectors, deletions and the owner's mark."""
    rows = vectors(100, 12)
    index = core.Dense.open(tmp_path, 12)
    index.add(range(100), rows)
    index.delete([4])
    index.flush(5)
    before = index.search(rows[4], 10)
    del index
    again = core.Dense.open(tmp_path, 12)
    assert again.search(rows[4], 10) == before
    assert 4 not in dict(before)
    assert again.stats().mark == 5
    del again
    with pytest.raises(BadVectors):
        core.Dense.open(tmp_path, 13)


def test_a_folder_without_deletions_is_opened_again(core, tmp_path):
    """The plainest case: added, flushed, opened; and an index that never had anything."""
    for documents in (0, 1):
        index = core.Dense.open(tmp_path, 12)
        assert index.stats().documents == 0
        if documents:
            index.add([0], vectors(1, 12))
        index.flush(0)
        del index
        index = core.Dense.open(tmp_path, 12)
        assert index.stats().documents == documents
        del index


def test_a_damaged_file_is_noticed(core, tmp_path):
    """Damage is an error that says so."""
    index = core.Dense.open(tmp_path, 12)
    index.add(range(100), vectors(100, 12))
    index.flush(0)
    del index
    for file in tmp_path.iterdir():
        if content := file.read_bytes():
            file.write_bytes(content[: len(content) // 2])
    with pytest.raises(CorruptIndex):
        core.Dense.open(tmp_path, 12)


@SAME
@given(
    count=st.integers(1, 80),
    dimension=st.integers(1, 140),
    seed=st.integers(0, 2**32 - 1),
    cut=st.integers(0, 80),
    doomed=st.lists(st.integers(0, 80), max_size=10),
    k=st.integers(1, 20),
)
def test_both_cores_give_the_same_results(compiled, count, dimension, seed, cut, doomed, k):
    """Scores are equal to 1e-5 and keys are equal, ties by key, over segments, tails, deletions and filters."""
    rows = vectors(count, dimension, seed)
    rows[count // 2 :] = rows[: count - count // 2]  # copies make ties
    allowed = np.random.default_rng(seed).random(count) < 0.7
    one, other = compiled.Dense.in_memory(dimension), twin.Dense.in_memory(dimension)
    for index in (one, other):
        index.add(range(min(cut, count)), rows[:cut])
        index.flush(0)
        index.add(range(min(cut, count), count), rows[cut:])
        index.delete(doomed)
    query = vectors(1, dimension, seed + 1)[0]
    for found, expected in [
        (one.search(query, k), other.search(query, k)),
        (one.search_exactly(query, k, allowed), other.search_exactly(query, k, allowed)),
    ]:
        assert [key for key, _ in found] == [key for key, _ in expected]
        assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-5)
