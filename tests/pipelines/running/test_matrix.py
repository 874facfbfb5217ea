"""A matrix becomes members with ids that say which they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.pipelines.running.matrix import members
from victor_nb.workflows import ExpressionFailed


def test_a_node_without_a_matrix_is_its_own_member():
    """Its id is the node's."""
    assert [one.id for one in members("prepare", {}, {})] == ["prepare"]


def test_there_is_a_member_for_each_combination_the_last_axis_changing_fastest():
    """As nested loops would have it."""
    found = members("train", {"model": ["ridge", "lasso"], "seed": [0, 1]}, {})

    assert [one.id for one in found] == [
        "train[model=ridge,seed=0]",
        "train[model=ridge,seed=1]",
        "train[model=lasso,seed=0]",
        "train[model=lasso,seed=1]",
    ]
    assert found[1].values == {"model": "ridge", "seed": 1}


def test_an_axis_may_be_what_an_earlier_node_found():
    """A template in place of a list is filled in when the node begins, and keeps the types of its values."""
    found = members("score", {"fold": "{{ prepare.folds }}"}, {"prepare": {"folds": [1, 2]}})

    assert [one.values for one in found] == [{"fold": 1}, {"fold": 2}]


def test_an_axis_that_is_no_list_is_refused():
    """The error names node and axis."""
    with pytest.raises(ExpressionFailed, match="'fold' in the matrix of node 'score' is 7, not a list"):
        members("score", {"fold": "{{ n }}"}, {"n": 7})


def test_values_that_look_alike_have_ids_of_their_own():
    """1 and "1" are two members."""
    assert len({one.id for one in members("n", {"x": [1, "1"]}, {})}) == 2


values = st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.lists(st.integers()))


@given(st.lists(values, max_size=6), st.lists(values, max_size=3))
def test_members_are_as_many_as_combinations_and_their_ids_are_different_and_stay(some, others):
    """Whatever the values are; the same matrix gives the same ids again."""
    matrix = {
        "a": [f"{{% raw %}}{one}{{% endraw %}}" if isinstance(one, str) else one for one in some],
        "b": [0] * len(others),
    }
    found = members("n", matrix, {})

    assert len({one.id for one in found}) == len(some) * len(others)
    assert [one.id for one in members("n", matrix, {})] == [one.id for one in found]
