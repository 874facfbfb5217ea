"""Drawings made of characters."""

from __future__ import annotations

from hypothesis import given, settings

from tests.workflows.drawing.shapes import nested, react, shape, shapes, thousand
from victor_nb.workflows import END, START, EdgeShape, GraphShape, NodeShape
from victor_nb.workflows.drawing import Mark, as_text
from victor_nb.workflows.drawing.lettering import cells, clipped

REACT = """\
           ( start )
               ▼
       ┌───────────────┐
    ┌─►│ agent · agent │
    │  └───────┬───────┘
    │          ┆
    └───────┐  ┆
        ┌┄┄┄┼┄┄┴┄┄┄┄┄┄┄┐
   call tools       answer
        ▼   │          ┆
┌───────────┴──┐       ▼
│ tools · tool │    ( end )
└──────────────┘"""

NESTED_ASCII = """\
       ( start )
           v
       +-------+
       | write |
       +---+---+
           v
+- review - workflow -+
|                     |
|     ( start )       |
|         v           |
|     +------+        |
|     | read |<-+     |
|     +---+--+  |     |
|         | +---+     |
|         v |         |
|     +-----+-+       |
|     | judge |       |
|     +---+---+       |
|         v           |
|      ( end )        |
|                     |
+----------+----------+
           v
      +---------+
      | publish |
      +----+----+
           v
        ( end )"""


def test_a_cycle_with_conditions_is_drawn_as_here() -> None:
    """Conditional edges are dashed and say when; the way back enters from the side."""
    assert as_text(react()) == REACT


def test_a_sub_workflow_is_drawn_inside_its_frame_in_ascii_too() -> None:
    """ASCII uses no other characters, for logs that know no better."""
    drawn = as_text(nested(), ascii=True)

    assert drawn.isascii()
    assert drawn == NESTED_ASCII


def test_a_loop_stands_beside_its_box() -> None:
    """A node that leads to itself says so on the left."""
    assert as_text(shape("loop", ("again", "again"))) == "┌─►┌───────┐\n│  │ again │\n└──└───────┘"


def test_marks_stand_beside_the_names_with_their_signs() -> None:
    """How a node fared is said in words and with a sign, not by a colour."""
    drawn = as_text(nested(), marks={"write": Mark("good", "340 ms"), "review/judge": Mark("bad", "failed")})

    assert "│ ✓ write: 340 ms │" in drawn
    assert "│ ✗ judge: failed │" in drawn


def test_wide_characters_take_two_cells() -> None:
    """Boxes stay closed around names in any script."""
    drawn = as_text(GraphShape("wide", (NodeShape("x", label="評価"),), ()))

    assert drawn == "┌──────┐\n│ 評価 │\n└──────┘"
    assert {cells(line) for line in drawn.splitlines()} == {8}


def test_what_would_break_a_line_is_left_out_of_names() -> None:
    """A newline or an escape code in a name does not reach the terminal."""
    assert clipped("a\nb\x1b[31m\tc", 20) == "a b [31m c"
    assert clipped("a" * 30, 5) == "aaaa…"


@given(graph=shapes())
@settings(max_examples=100)
def test_every_box_is_whole_and_every_arrow_has_its_head(graph: GraphShape) -> None:
    """Nothing overwrites a caption or an arrow's head, whatever the graph."""
    drawn = as_text(graph)

    heads = sum(drawn.count(head) for head in "▼◄►")
    assert (heads > 0) == any(edges for edges in _edges(graph))
    assert all(line == line.rstrip() for line in drawn.splitlines())


def test_a_thousand_nodes_can_be_drawn() -> None:
    """Large drawings work; whoever shows them decides whether they fit."""
    assert as_text(thousand()).count("▼") > 900


def test_start_and_end_are_words_in_brackets() -> None:
    """The two that are no nodes look like none."""
    assert as_text(shape("least", (START, END))) == "( start )\n    ▼\n ( end )"


def _edges(graph: GraphShape) -> list[tuple[EdgeShape, ...]]:
    inside = [edges for node in graph.nodes if node.inside for edges in _edges(node.inside)]
    return [graph.edges, *inside]
