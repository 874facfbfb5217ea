"""Every recipe runs from its first cell to its last, in a new kernel, without a key and without a network."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.require import library
from tests.support.this_python import ThisPython

LIBRARIES = {
    "14_dask": ("distributed", "dask"),
    "30_pipeline_on_a_cluster": ("distributed", "dask"),
    "35_traces": ("opentelemetry.sdk", "otel"),
}
"""What a recipe needs of an extra: the module, and the extra."""

RECIPES = sorted((Path(__file__).parents[2] / "cookbook").glob("*.ipynb"))


@pytest.fixture
def executed(tmp_path, monkeypatch):
    """Runs a recipe in a kernel whose homes, and whose journal, are in a folder of its own."""
    for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))

    def execute(recipe):
        notebook = nbformat.read(recipe, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=120,
            kernel_manager_class=ThisPython,
            store_widget_state=False,
            resources={"metadata": {"path": str(tmp_path)}},
        )
        client.execute()
        return notebook

    return execute


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_runs_to_its_end(recipe, executed):
    """A recipe that raises is no recipe."""
    if recipe.stem in LIBRARIES:
        module, extra = LIBRARIES[recipe.stem]
        library(module, extra=extra)
    notebook = executed(recipe)

    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.filterwarnings("ignore")
def test_the_recipe_of_a_server_runs_on_a_server(executed, postgres, monkeypatch):
    """Where there is one; without, the recipe says that it uses a file."""
    monkeypatch.setenv("POSTGRES_URL", postgres.url())
    notebook = executed(next(path for path in RECIPES if "postgresql" in path.stem))

    assert "on a server" in str(notebook.cells[1].outputs)


def test_there_are_recipes():
    """An empty cookbook would pass every other test."""
    assert len(RECIPES) >= 30
