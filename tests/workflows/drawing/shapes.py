"""Graphs to draw: known ones, and any."""

from __future__ import annotations

from hypothesis import strategies as st

from victor_nb.workflows import END, START, EdgeShape, GraphShape, NodeShape

START_NODE, END_NODE = NodeShape(START, "start"), NodeShape(END, "end")
KINDS = ("function", "agent", "human", "workflow", "tool", "notebook")


def shape(name: str, *edges: tuple[str, str], **kinds: str) -> GraphShape:
    """A graph of these edges; ids in the order in which they are named first."""
    ids = dict.fromkeys(end for edge in edges for end in edge)
    special = {START: START_NODE, END: END_NODE}
    nodes = tuple(special.get(one) or NodeShape(one, kinds.get(one, "function")) for one in ids)  # type: ignore[arg-type]
    return GraphShape(name, nodes, tuple(EdgeShape(*edge) for edge in edges))


def react() -> GraphShape:
    """An agent and its tools: a cycle and labels."""
    edges = (
        EdgeShape(START, "agent"),
        EdgeShape("agent", "tools", "call tools", True),
        EdgeShape("agent", END, "answer", True),
        EdgeShape("tools", "agent"),
    )
    nodes = (START_NODE, NodeShape("agent", "agent", about="Decides"), NodeShape("tools", "tool"), END_NODE)
    return GraphShape("react", nodes, edges)


def nested() -> GraphShape:
    """A sub-workflow between two nodes."""
    inner = shape("review", (START, "read"), ("read", "judge"), ("judge", "read"), ("judge", END))
    outer = shape("research", (START, "write"), ("write", "review"), ("review", "publish"), ("publish", END))
    nodes = tuple(NodeShape("review", "workflow", inside=inner) if one.id == "review" else one for one in outer.nodes)
    return GraphShape("research", nodes, outer.edges)


def thousand() -> GraphShape:
    """A thousand nodes with branches, joins and ways back."""
    edges = [(f"n{max(0, at - 1 - at * 7 % 30)}", f"n{at}") for at in range(1, 1000)]
    edges += [(f"n{at}", f"n{min(999, at + 1 + at * 11 % 60)}") for at in range(0, 999, 2)]
    edges += [(f"n{at}", f"n{at - 400}") for at in range(500, 1000, 50)]
    return shape("thousand", *dict.fromkeys(edges))


@st.composite
def shapes(draw: st.DrawFn, deep: int = 1) -> GraphShape:
    """Any graph: cycles, loops, islands, edges twice, names of any characters, sub-workflows."""
    count = draw(st.integers(0, 9))
    ids = [f"n{at}" for at in range(count)]
    nodes = tuple(
        NodeShape(
            one,
            draw(st.sampled_from(KINDS)),
            draw(st.text(max_size=12)),
            draw(st.text(max_size=20)),
            draw(shapes(deep=deep - 1)) if deep and draw(st.integers(0, 5)) == 0 else None,
        )
        for one in ids
    )
    ends = st.sampled_from(ids) if ids else st.nothing()
    edge = st.builds(EdgeShape, ends, ends, st.sampled_from(["", "yes", "a longer label"]), st.booleans())
    edges = draw(st.lists(edge, max_size=18)) if ids else []
    return GraphShape(draw(st.text(max_size=8)), nodes, tuple(edges))
