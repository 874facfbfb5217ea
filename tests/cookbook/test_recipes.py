"""Every recipe runs from its first cell to its last, in a new kernel, without a key and without a network."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.this_python import ThisPython

RECIPES = sorted((Path(__file__).parents[2] / "cookbook").glob("*.ipynb"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_runs_to_its_end(recipe, tmp_path, monkeypatch):
    """A recipe that raises is no recipe; it keeps its journal in a folder of its own."""
    for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    notebook = nbformat.read(recipe, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_manager_class=ThisPython,
        store_widget_state=False,
        resources={"metadata": {"path": str(tmp_path)}},
    )

    client.execute()

    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


def test_there_are_recipes():
    """An empty cookbook would pass every other test."""
    assert len(RECIPES) >= 5
