"""Running Python in a kernel: what is asked of it, and what a model sees."""

from __future__ import annotations

import pytest

from tests.tools.calling import call
from victor_nb.tools import Artifact, CellOutcome, ToolRefused, python_cell, to_model_text


def answering(outcome: CellOutcome):
    """A toolset whose kernel gives this outcome, and the list of code it was given."""
    given = []

    async def execute(code: str) -> CellOutcome:
        given.append(code)
        return outcome

    return python_cell(execute), given


def test_code_reaches_the_kernel_and_the_outcome_comes_back():
    """Only what there is, is in the answer."""
    tools, given = answering(CellOutcome(stdout="hello\n", result="4"))
    assert call(tools, "run_python", code="print('hello')\n2 + 2") == {"stdout": "hello\n", "result": "4"}
    assert given == ["print('hello')\n2 + 2"]


def test_an_exception_in_the_code_is_part_of_the_answer():
    """A model can read the traceback and try again."""
    tools, _ = answering(CellOutcome(stderr="warned", error="Traceback …\nKeyError: 'x'"))
    assert call(tools, "run_python", code="d['x']") == {"stderr": "warned", "error": "Traceback …\nKeyError: 'x'"}


def test_plots_come_back_as_artifacts():
    """Rich output is kept whole for the user and named to the model."""
    plot = Artifact("plot", "image/png", b"x", text="a line")
    tools, _ = answering(CellOutcome(artifacts=(plot,)))
    answer = call(tools, "run_python", code="draw()")
    assert answer == {"artifacts": [plot]}
    assert "a line" in to_model_text(answer)


def test_silence_is_an_answer():
    """A model is told that nothing came."""
    tools, _ = answering(CellOutcome())
    assert call(tools, "run_python", code="x = 1") == {"result": "no output"}


def test_output_and_code_are_limited():
    """A loop that prints for ever does not fill the journal; a megabyte of code is refused unread."""
    tools, given = answering(CellOutcome(stdout="x" * 10_000_000))
    assert len(call(tools, "run_python", code="loop()")["stdout"]) <= 20_000
    with pytest.raises(ToolRefused, match="characters"):
        call(tools, "run_python", code="x" * 1_000_000)
    assert given == ["loop()"]


def test_every_call_needs_approval():
    """Code is never run unasked."""
    tools, _ = answering(CellOutcome())
    assert all(tool.approval for tool in tools)
