"""Wide layers: what a fan-out has side by side is wrapped, so that it can be looked at."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.drawing.shapes import shape
from victor_nb.workflows import END, START, GraphShape
from victor_nb.workflows.drawing import as_text, picture_layout
from victor_nb.workflows.drawing.banding import MOST_ACROSS
from victor_nb.workflows.drawing.layers import layered
from victor_nb.workflows.drawing.ordering import crossings, ordered


def fan(width: int, length: int = 1) -> GraphShape:
    """One node, `width` chains of `length` nodes below it, and one node below them all."""
    chains = [[f"n{chain:03}_{at}" for at in range(length)] for chain in range(width)]
    edges = [pair for chain in chains for pair in zip(["plan", *chain], [*chain, "join"], strict=True)]
    return shape("fan", (START, "plan"), *edges, ("join", END))


def widest(drawn: GraphShape) -> int:
    """How many boxes stand side by side at most."""
    return max(Counter(box.y for box in picture_layout(drawn).boxes).values())


def test_a_fan_out_of_three_hundred_nodes_is_wrapped() -> None:
    """It is a few thousand pixels wide, and not sixty thousand; nothing lies upon anything."""
    layout = picture_layout(fan(300))

    assert widest(fan(300)) <= MOST_ACROSS
    assert layout.width < 4_000
    assert layout.height < 6_000
    assert len({(box.x, box.y) for box in layout.boxes}) == 304


def test_what_can_be_seen_at_once_is_not_wrapped() -> None:
    """A layer stays a layer as long as it can."""
    assert widest(fan(MOST_ACROSS)) == MOST_ACROSS
    assert widest(fan(MOST_ACROSS + 1)) < MOST_ACROSS


def test_a_chain_stays_together_when_a_matrix_of_chains_is_wrapped() -> None:
    """Each `train` stands right over its `evaluate`."""
    boxes = {box.path: box for box in picture_layout(fan(40, length=2)).boxes}

    for chain in range(40):
        train, evaluate = boxes[f"n{chain:03}_0"], boxes[f"n{chain:03}_1"]
        assert train.center_x == evaluate.center_x
        assert 0 < evaluate.y - train.y < 150


def test_a_wrapped_graph_reads_like_lines_of_words() -> None:
    """The order of definition, from left to right and then downwards."""
    boxes = [box for box in picture_layout(fan(60)).boxes if box.path.startswith("n")]

    assert [box.path for box in sorted(boxes, key=lambda box: (box.y, box.x))] == [f"n{at:03}_0" for at in range(60)]


def test_no_edges_cross_in_a_wrapped_fan_out() -> None:
    """What a band gives on is collected before the next one gets its own."""
    edges = [(0, at) for at in range(1, 61)] + [(at, 61) for at in range(1, 61)]
    graph = layered(62, edges)

    assert crossings(ordered(graph), graph.down) == 0


def test_a_wrapped_graph_is_drawn_as_text_too() -> None:
    """One layout for every drawing: the lines of a terminal are not as long as the fan is wide."""
    drawn = as_text(fan(40))

    assert all(f"n{at:03}_0" in drawn for at in range(40))
    assert max(map(len, drawn.splitlines())) < 300


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60)), min_size=40, max_size=200), st.booleans())
def test_wrapping_never_turns_an_edge_around(edges: list[tuple[int, int]], is_fed: bool) -> None:
    """Whatever hangs on a few hubs: edges that close no cycle lead downwards."""
    several = [(hub, 6 + node) for hub, node in edges]
    several += [(6 + node, 70) for _, node in edges] if is_fed else []
    graph = layered(71, several)

    assert all(graph.layer[source] < graph.layer[target] for source, target in several)
