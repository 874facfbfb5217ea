"""The project's own code, prose and notebooks."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from victor_nb.assist import Assistant
from victor_nb.assist import project as projects
from victor_nb.assist.places import Places

MARKDOWN = "# Herds\n\nHow we shear llamas in spring:\n\n```python\nshear(llamas)\n```\n"
PYTHON = 'import numpy as np\n\n\ndef shear(llamas):\n    """Shear llamas gently."""\n    return np.sort(llamas)\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a file of each kind."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "notes.md").write_text(MARKDOWN)
    (root / "llamas.py").write_text(PYTHON)
    cells = ["%victor docs 'shear llamas'", "import herds\nshear_all = [shear(llama) for llama in llamas]"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, root / "work.ipynb")
    return root


@pytest.fixture
def assistant(places: Places, root: Path, herds: Path, monkeypatch: pytest.MonkeyPatch) -> Assistant:
    """An assistant of the project; it looks for changes before every question."""
    monkeypatch.setattr(projects, "LOOK_S", 0.0)
    monkeypatch.setattr("victor_nb.assist.assistant.USUAL", ())
    return Assistant(places, root, packages=("herds",))


def test_code_prose_and_cells_are_found_with_their_places(assistant: Assistant) -> None:
    """Each with code that can be run and the place to look it up; a cell that asks is no answer."""
    found = {passage.kind: passage for passage in assistant.ask("shear llamas", k=20) if not passage.package}

    assert found["code"].source == "llamas.py:1-6"
    assert found["code"].code == PYTHON.rstrip()
    assert found["text"].source == "notes.md:1-7"
    assert found["text"].code == "shear(llamas)"
    assert found["notebook"].source == "work.ipynb#2:1-2"
    assert not any("%victor" in passage.text for passage in assistant.ask("shear llamas", k=20))


def test_a_change_is_seen(assistant: Assistant, root: Path) -> None:
    """What is written now is found by the next question, what is deleted is not."""
    assistant.ask("shear llamas")
    (root / "yaks.py").write_text('def milk(yaks):\n    """Milk yaks."""\n')
    (root / "llamas.py").unlink()

    assert assistant.ask("milk yaks")[1].name == "milk"
    assert "llamas.py" not in [passage.path for passage in assistant.ask("shear llamas", k=20)]


def test_what_the_project_imports_is_asked_about(places: Places, root: Path, herds: Path) -> None:
    """Without being named or usual: a cell imports it."""
    assistant = Assistant(places, root, packages=("nowhere_to_be_found",))

    assert "herds.count_giraffes" in [passage.name for passage in assistant.ask("count giraffes", k=20)]


def test_a_passage_of_the_project_can_be_taught(assistant: Assistant) -> None:
    """It rises like one of a package, and is found again by its place."""
    answer = assistant.ask("shear llamas", k=20)
    place = next(at for at, passage in enumerate(answer, start=1) if passage.kind == "notebook")

    assert assistant.judge_last(place, "accepted").source == "work.ipynb#2:1-2"
    assert assistant.ask("shear llamas")[1].kind == "notebook"


def test_a_project_with_too_many_files_is_not_read(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says so, and packages are asked all the same."""
    monkeypatch.setattr(projects, "MOST_FILES", 2)

    answer = assistant.ask("count giraffes")

    assert answer[1].name == "herds.count_giraffes"
    assert "more than 2 files" in answer.notes[0]


def test_only_named_packages_leave_the_project_out(assistant: Assistant) -> None:
    """Whoever names a package asks about that."""
    assert all(passage.package for passage in assistant.ask("shear llamas", packages=["herds"], k=20))
