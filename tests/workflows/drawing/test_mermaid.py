"""Mermaid text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.drawing.shapes import nested, react
from victor_nb.workflows import EdgeShape, GraphShape, NodeShape
from victor_nb.workflows.drawing import to_mermaid

REACT = """\
flowchart TD
    n0(["start"])
    n1("agent")
    n2[["tools"]]
    n3(["end"])
    n0 --> n1
    n1 -.->|"call tools"| n2
    n1 -.->|"answer"| n3
    n2 --> n1
"""


def test_a_flowchart_with_dotted_conditional_edges() -> None:
    """The text is the same wherever it is pasted."""
    assert to_mermaid(react()) == REACT


def test_a_sub_workflow_is_a_subgraph() -> None:
    """Its nodes have names of their own, so that equal ids do not meet."""
    written = to_mermaid(nested())

    assert '    subgraph n2 ["review"]\n        n2_0(["start"])\n        n2_1["read"]' in written
    assert written.count("    end\n") == 1


@given(name=st.text(max_size=20))
def test_no_name_can_break_the_syntax(name: str) -> None:
    """Quotes, brackets, newlines and keywords are text."""
    graph = GraphShape("any", (NodeShape("x", label=name), NodeShape("y")), (EdgeShape("x", "y", name),))

    lines = to_mermaid(graph).splitlines()
    assert len(lines) == 4
    assert lines[1].count('"') == 2
    assert lines[3].startswith("    n0 -->")


def test_markup_in_a_name_is_written_as_entities() -> None:
    """Mermaid reads HTML in labels; ours have none."""
    assert '["#lt;b#gt; #amp; #quot;#35;1#quot;"]' in to_mermaid(
        GraphShape("any", (NodeShape("x", label='<b> & "#1"'),), ())
    )
