"""Order: every node waits for what it must, for nothing that is idle talk, and circles are found."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from victor_nb.workflows.yaml_file.ordering import cycle, dependencies

nodes = [f"n{number}" for number in range(8)]
said = st.dictionaries(st.sampled_from(nodes), st.lists(st.sampled_from(nodes), max_size=3, unique=True))
reads = st.dictionaries(st.sampled_from(nodes), st.sets(st.sampled_from(nodes), max_size=3))


def all_before(node: str, waiting: Mapping[str, Sequence[str]]) -> set[str]:
    """Everything that is done before a node begins, itself included where it waits for itself."""
    found: set[str] = set()
    pending = list(waiting[node])
    while pending:
        one = pending.pop()
        if one not in found:
            found.add(one)
            pending += waiting[one]
    return found


@given(said, reads)
def test_a_node_waits_for_all_that_it_must(said: dict[str, list[str]], reads: dict[str, set[str]]) -> None:
    """What it says and what it reads; and, if it says nothing, all that is written above it."""
    waiting = dependencies(nodes, said, reads)

    for number, node in enumerate(nodes):
        must = {*said.get(node, ()), *reads.get(node, ())} | (set() if node in said else set(nodes[:number]))
        assert must <= all_before(node, waiting)


@given(said)
def test_a_node_that_speaks_waits_for_no_more_than_it_says(said: dict[str, list[str]]) -> None:
    """`depends_on: []` begins at once."""
    waiting = dependencies(nodes, said, {})

    assert all(set(waiting[node]) == set(others) for node, others in said.items())


def test_no_edge_is_drawn_twice_over() -> None:
    """A chain is a chain, also where later nodes read the first one's value."""
    assert dependencies(["a", "b", "c"], {}, {"c": {"a"}}) == {"a": (), "b": ("a",), "c": ("b",)}


@given(said, reads)
def test_circles_are_found_and_nothing_else_is(said: dict[str, list[str]], reads: dict[str, set[str]]) -> None:
    """A circle's nodes wait for each other, in its order; without one, every node can begin some day."""
    waiting = dependencies(nodes, said, reads)
    circle = cycle(waiting)

    if circle:
        assert circle[0] == circle[-1]
        assert all(after in waiting[before] for before, after in itertools.pairwise(circle))
    else:
        assert all(node not in all_before(node, waiting) for node in nodes)


def test_long_chains_are_no_recursion() -> None:
    """Fifty thousand nodes, one after another."""
    long = [f"n{number}" for number in range(50_000)]

    assert cycle(dependencies(long, {}, {})) == []
