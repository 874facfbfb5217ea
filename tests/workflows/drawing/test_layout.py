"""The layout: whatever the graph, nothing lies over anything else, and every edge leads where it should."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.drawing.shapes import nested, react, shape, shapes, thousand
from victor_nb.workflows import END, START, EdgeShape, GraphShape
from victor_nb.workflows.drawing.crowding import isotonic
from victor_nb.workflows.drawing.faces import picture_layout
from victor_nb.workflows.drawing.geometry import Box, Layout, Point, Style
from victor_nb.workflows.drawing.layers import layered
from victor_nb.workflows.drawing.layout import lay_out
from victor_nb.workflows.drawing.ordering import crossings, ordered
from victor_nb.workflows.drawing.picture_style import PictureStyle
from victor_nb.workflows.drawing.text_style import TextStyle, tracks

STYLES: list[Style] = [PictureStyle(), TextStyle()]


@pytest.mark.parametrize("style", STYLES, ids=["picture", "text"])
@given(graph=shapes())
@settings(max_examples=150)
def test_no_box_lies_over_another(style: Style, graph: GraphShape) -> None:
    """Boxes keep apart, except that a sub-workflow's frame holds what is inside it."""
    layout = lay_out(graph, style)

    for one, other in combinations(layout.boxes, 2):
        if other.path.startswith(one.path + "/"):
            assert _holds(one, other)
        elif not one.path.startswith(other.path + "/"):
            assert not _overlap(one, other), (one, other)


@pytest.mark.parametrize("style", STYLES, ids=["picture", "text"])
@given(graph=shapes())
@settings(max_examples=150)
def test_every_edge_goes_from_its_source_to_its_target(style: Style, graph: GraphShape) -> None:
    """In the order of definition, a route for each edge, from one border to the other."""
    layout = lay_out(graph, style)

    top = [route for route in layout.routes if "/" not in route.source]
    assert [(route.source, route.target) for route in top] == [(edge.source, edge.target) for edge in graph.edges]
    boxes = {box.path: box for box in layout.boxes}
    for route in layout.routes:
        assert _touches(boxes[route.source], route.points[0]), route
        assert _touches(boxes[route.target], route.points[-1]), route


@pytest.mark.parametrize("style", STYLES, ids=["picture", "text"])
@given(graph=shapes())
@settings(max_examples=100)
def test_everything_lies_inside_the_drawing(style: Style, graph: GraphShape) -> None:
    """The size that a layout states is the size that it needs."""
    layout = lay_out(graph, style)

    points = [Point(box.x, box.y) for box in layout.boxes] + [point for one in layout.routes for point in one.points]
    points += [Point(box.x + box.width, box.y + box.height) for box in layout.boxes]
    points += [one.label_at for one in layout.routes if one.label_at]
    assert all(-0.01 <= x <= layout.width + 0.01 and -0.01 <= y <= layout.height + 0.01 for x, y in points)


@given(graph=shapes())
@settings(max_examples=60)
def test_a_layout_depends_on_the_graph_alone(graph: GraphShape) -> None:
    """The same graph, even from its JSON, has the same places."""
    assert picture_layout(graph) == picture_layout(GraphShape.from_json(graph.to_json()))


def test_edges_lead_down_except_those_that_close_a_cycle() -> None:
    """The first way through a cycle is drawn downwards."""
    layout = picture_layout(react())
    y = {box.path: box.y for box in layout.boxes}

    assert y[START] < y["agent"] < y["tools"]
    assert [route.is_back for route in layout.routes] == [False, False, False, True]


def test_a_chain_is_a_straight_line() -> None:
    """What follows one another stands below one another, and the edges are upright."""
    layout = picture_layout(shape("chain", (START, "a"), ("a", "b_with_a_longer_name"), ("b_with_a_longer_name", END)))

    assert len({box.center_x for box in layout.boxes}) == 1
    assert all(len(route.points) == 2 for route in layout.routes)


def test_an_edge_past_several_layers_runs_straight_beside_their_boxes() -> None:
    """It crosses no box."""
    graph = shape("past", ("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"))
    layout = picture_layout(graph)

    long = next(route for route in layout.routes if (route.source, route.target) == ("a", "d"))
    between = [box for box in layout.boxes if box.path in ("b", "c")]
    uprights = {a.x for a, b in pairwise(long.points) if a.x == b.x}
    assert uprights
    assert all(not box.x <= x <= box.x + box.width for x in uprights for box in between)


def test_crossings_that_can_be_avoided_are_avoided() -> None:
    """Two pairs that were defined crosswise come to stand side by side."""
    graph = layered(4, [(0, 3), (1, 2)])

    assert crossings(ordered(graph), graph.down) == 0


def test_a_node_that_only_edges_name_is_placed_too() -> None:
    """A drawing of a graph with mistakes shows the mistake."""
    layout = picture_layout(GraphShape("wrong", (), (EdgeShape("a", "nowhere"),)))

    assert [(box.path, box.about) for box in layout.boxes] == [("a", "not defined"), ("nowhere", "not defined")]


def test_a_sub_workflow_stands_in_a_frame_with_its_own_paths() -> None:
    """Its nodes are told from others of the same name by the path."""
    layout = picture_layout(nested())
    boxes = {box.path: box for box in layout.boxes}

    assert boxes["review"].is_frame
    assert boxes["review/judge"].depth == 1
    assert _holds(boxes["review"], boxes["review/judge"])


def test_a_thousand_nodes_that_cross_a_lot_stay_as_narrow_as_their_widest_layer() -> None:
    """Straight edges alone would make the drawing ten times as wide, and nobody could look at it."""
    layout = picture_layout(thousand())
    rows: dict[float, float] = {}
    for box in layout.boxes:
        rows[box.center_y] = rows.get(box.center_y, 0.0) + box.width + PictureStyle.node_gap

    assert len(layout.boxes) == 1000
    assert layout.width < 2.5 * max(rows.values())


@given(wanted=st.lists(st.floats(-100, 100), max_size=12))
def test_the_nearest_rising_numbers_rise_and_keep_their_mean(wanted: list[float]) -> None:
    """Isotonic regression moves no more than it must: what rises already stays."""
    found = isotonic(wanted, [1.0] * len(wanted))

    assert all(one <= other + 1e-9 for one, other in pairwise(found))
    assert sum(found) == pytest.approx(sum(wanted), abs=1e-6)
    assert isotonic(sorted(wanted), [1.0] * len(wanted)) == sorted(wanted)


def test_a_thousand_ways_to_the_end_share_their_lanes() -> None:
    """Every node may go to the end: the drawing stays narrow."""
    edges = [(f"n{at}", f"n{at + 1}") for at in range(999)] + [(f"n{at}", END) for at in range(1000)]
    layout = picture_layout(shape("chain", *edges))

    assert layout.width < 400


def test_no_nodes_make_an_empty_drawing() -> None:
    """Nothing to draw is no error."""
    assert picture_layout(GraphShape("empty", (), ())) == Layout("empty", 28.0, 28.0, (), ())


def test_ways_of_one_bundle_share_a_row_and_others_do_not() -> None:
    """Characters have no curves: what leaves one box together may lie over each other, strangers may not."""
    found = tracks([(5, 1), (5, 9), (3, 12), (7, 7)])

    assert found[5, 1] == found[5, 9] != found[3, 12]
    assert (7, 7) not in found


def test_a_way_that_ends_where_another_begins_lies_below_it() -> None:
    """Otherwise the two would run over each other in that column."""
    found = tracks([(1, 6), (6, 12)])

    assert found[6, 12] < found[1, 6]


def _overlap(one: Box, other: Box) -> bool:
    apart = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (apart or one.y + one.height <= other.y or other.y + other.height <= one.y)


def _holds(outer: Box, inner: Box) -> bool:
    across = outer.x < inner.x and inner.x + inner.width < outer.x + outer.width
    return across and outer.y < inner.y and inner.y + inner.height < outer.y + outer.height


def _touches(box: Box, point: Point) -> bool:
    """Whether a point is on a box's border, within the cell that a drawing of characters has."""
    return box.x - 1 <= point.x <= box.x + box.width + 1 and box.y - 1 <= point.y <= box.y + box.height + 1
