"""Shapes: graphs as plain data."""

from victor_nb.workflows import END, START, EdgeShape, GraphShape, NodeShape


def test_a_shape_comes_back_from_json_with_the_graphs_inside():
    """What the journal keeps draws the same picture later."""
    inner = GraphShape("inner", (NodeShape("x", about="Do x."),), (EdgeShape(START, "x"), EdgeShape("x", END)))
    outer = GraphShape(
        "outer",
        (NodeShape("a", "agent", label="A"), NodeShape("inner", "workflow", inside=inner)),
        (EdgeShape("a", "inner", label="if good", is_conditional=True),),
    )

    assert GraphShape.from_json(outer.to_json()) == outer
