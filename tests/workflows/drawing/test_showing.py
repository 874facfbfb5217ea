"""A workflow shows itself in a cell."""

from __future__ import annotations

import subprocess
import sys
from typing import TypedDict

from victor_nb import END, START, Workflow


class State(TypedDict, total=False):
    """Nothing of interest."""

    x: int


def steps() -> Workflow:
    """Two nodes, one with a sentence about it."""
    workflow = Workflow(State, name="steps")

    def double(state: State) -> State:
        """Twice as much."""
        return {"x": state["x"] * 2}

    workflow.add_node(double)
    workflow.add_node("check", lambda state: None)
    workflow.add_edge(START, "double")
    workflow.add_edge("double", "check")
    workflow.add_edge("check", END)
    return workflow


def test_a_workflow_at_the_end_of_a_cell_is_drawn() -> None:
    """SVG for pages, characters for terminals."""
    shown = steps()._repr_mimebundle_()

    assert shown.keys() == {"text/plain", "text/html", "image/svg+xml"}
    assert "Workflow steps" in shown["image/svg+xml"]
    assert "│ double │" in shown["text/plain"]


def test_an_unfinished_workflow_is_drawn_too() -> None:
    """Whoever builds a graph in a notebook looks at it in between."""
    workflow = Workflow(State, name="half")
    workflow.add_node("alone", lambda state: None)

    assert "alone" in workflow._repr_mimebundle_(include={"text/plain"})["text/plain"]


def test_a_workflow_needs_no_drawing_until_it_is_shown() -> None:
    """Running a graph somewhere far from a notebook loads no layout."""
    code = "import sys, victor_nb; victor_nb.Workflow; print('victor_nb.workflows.drawing' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
