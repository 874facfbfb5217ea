"""What a saved notebook holds of a run: the report, and nothing of the widget."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = [pytest.mark.usefixtures("bundle"), pytest.mark.slow]

CELL = """
from tests.views.samples import analysis
from victor_nb.views import live_view
view = live_view("01K6RUN7Q2M4")
view.show()
for event in analysis():
    view.add(event)
{end}
"""


def executed(*cells: str) -> Any:
    """Run cells in a real kernel, and return the notebook as it would be saved, widget states and all."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, kernel_name="python3", timeout=120, store_widget_state=True)
    asyncio.run(client.async_execute())
    return notebook


def test_a_frozen_run_is_plain_data_in_the_notebook() -> None:
    """One output with the four faces; no widget view, and no bundle in the metadata, even though states are stored."""
    notebook = executed(CELL.format(end="view.freeze();"))

    (output,) = notebook.cells[0].outputs
    assert set(output.data) == {"text/plain", "text/markdown", "text/html", "image/svg+xml"}
    assert "What separates the species" in output.data["text/html"]
    assert len(json.dumps(notebook.metadata)) < 8_000


def test_a_later_cell_can_freeze_the_view_of_an_earlier_one() -> None:
    """A run in the background ends in the cell that started it."""
    notebook = executed(CELL.format(end=""), "view.freeze();")

    assert "text/html" in notebook.cells[0].outputs[0].data
    assert "application/vnd.jupyter.widget-view+json" not in notebook.cells[0].outputs[0].data
    assert notebook.cells[1].outputs == []


def test_a_view_that_was_never_frozen_names_the_command_that_shows_the_run() -> None:
    """When the kernel dies in the middle, the page still says what was there."""
    notebook = executed(CELL.format(end=""))

    data = notebook.cells[0].outputs[0].data
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "victor show 01K6RUN7Q2M4" in data["text/html"]
