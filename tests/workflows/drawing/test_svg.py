"""Drawings as SVG: well-formed whatever the names, readable in light and in dark, and nothing is loaded."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given, settings

from tests.workflows.drawing.shapes import nested, react, shape, shapes
from victor_nb.workflows import END, START, GraphShape, NodeShape
from victor_nb.workflows.drawing import Mark, as_svg
from victor_nb.workflows.drawing.faces import MOST_IN_HTML, MOST_IN_TEXT, as_bundle
from victor_nb.workflows.drawing.looks import COLOURS, ICONS, MARKS

SVG = "{http://www.w3.org/2000/svg}"


@given(graph=shapes())
@settings(max_examples=100)
def test_every_graph_is_well_formed_xml(graph: GraphShape) -> None:
    """Any text may be a name."""
    root = ElementTree.fromstring(as_svg(graph))

    assert root.tag == f"{SVG}svg"


def test_names_cannot_become_markup() -> None:
    """A label is text, even if it looks like a tag."""
    drawn = as_svg(GraphShape("<b>", (NodeShape("x", label="<script>alert(1)</script>", about='"&'),), ()))

    assert "<script" not in drawn
    assert "<b>" not in drawn


def test_nothing_is_loaded_and_nothing_has_an_id() -> None:
    """No script, no address, no font, and two drawings on one page do not disturb each other."""
    drawn = as_svg(nested())

    assert not re.search(r"<script|<image|@import|url\(|href|\sid=", drawn)
    assert re.findall(r"https?://[^\"]+", drawn) == ["http://www.w3.org/2000/svg"]


def test_conditional_edges_are_dashed_and_labelled() -> None:
    """What is taken only sometimes looks so, and says when."""
    drawn = as_svg(react())

    assert drawn.count("stroke-dasharray") == 2
    assert ">call tools</text>" in drawn
    assert ">answer</text>" in drawn


def test_a_screen_reader_is_told_the_nodes_and_where_they_lead() -> None:
    """The picture says itself in words."""
    root = ElementTree.fromstring(as_svg(react(), marks={"agent": Mark("good", "done · 2 s")}))

    described = root.findtext(f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Workflow react"
    assert described == (
        "4 nodes, 4 edges. agent: done · 2 s. start leads to agent. agent leads to tools if call tools. "
        "agent leads to end if answer. tools leads to agent."
    )


def test_marks_take_the_second_line_and_bring_a_sign() -> None:
    """How a node fared is seen without colours."""
    drawn = as_svg(react(), marks={"agent": Mark("bad", "failed · 3 attempts")})

    assert "failed · 3 attempts</text>" in drawn
    assert MARKS["bad"] in drawn
    assert "Decides</text>" not in drawn


def test_one_theme_needs_no_style_sheet() -> None:
    """Programs that make pixels of it know no variables."""
    dark = as_svg(react(), theme="dark")

    assert "<style>" not in dark
    assert COLOURS["dark"]["ground"] in dark
    assert COLOURS["light"]["ground"] not in dark


def test_without_a_theme_both_are_there() -> None:
    """The page decides: the system's setting, JupyterLab's or VS Code's."""
    drawn = as_svg(react())

    assert "prefers-color-scheme:dark" in drawn
    assert "data-jp-theme-light=false" in drawn
    assert f'fill="{COLOURS["light"]["ground"]}"' in drawn


def test_the_two_themes_have_the_same_colours_and_every_kind_has_an_icon() -> None:
    """A name that one theme lacks would be drawn in black on black."""
    assert COLOURS["light"].keys() == COLOURS["dark"].keys()
    assert ICONS.keys() <= COLOURS["light"].keys()
    assert MARKS.keys() <= COLOURS["light"].keys()


def test_words_on_their_ground_have_contrast() -> None:
    """At least 4.5 to 1, as WCAG asks for small text, in both themes."""
    for colours in COLOURS.values():
        for ground in ("ground", "card", "frame"):
            for ink in ("ink", "faint", "busy", "good", "bad", "ask"):
                assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


def test_a_notebook_gets_text_and_svg() -> None:
    """The bundle that `_repr_mimebundle_` gives; IPython may ask for a part."""
    assert list(as_bundle(react())) == ["text/plain", "image/svg+xml", "text/html"]
    assert list(as_bundle(react(), include={"text/plain"})) == ["text/plain"]
    assert list(as_bundle(react(), exclude={"text/html"})) == ["text/plain", "image/svg+xml"]


def test_large_graphs_are_shown_once_and_not_as_text() -> None:
    """A notebook does not grow by the same picture twice, nor a terminal by a page as wide as a house."""
    many = shape("many", *((START, f"n{at}") for at in range(MOST_IN_HTML)), *((f"n{at}", END) for at in range(3)))

    shown = as_bundle(many)
    assert list(shown) == ["text/plain", "image/svg+xml"]
    assert len(shown["text/plain"].splitlines()) == 1
    assert MOST_IN_TEXT < MOST_IN_HTML


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
