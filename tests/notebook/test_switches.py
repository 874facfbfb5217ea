"""The two switches of the extension, as a project sets them: `notebook.auto_fix` and `notebook.warm`."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from victor_nb.notebook.failing import LastFailure
from victor_nb.notebook.warming import Warming


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was displayed."""
    views: list[Any] = []
    monkeypatch.setattr("IPython.display.display", views.append)
    return views


def failed_cell(source: str) -> Any:
    """What IPython hands to its listeners after a cell that failed."""
    error = NameError("name 'np' is not defined")
    return SimpleNamespace(error_in_exec=error, error_before_exec=None, info=SimpleNamespace(raw_cell=source))


def test_a_failure_is_explained_unasked_only_where_that_is_switched_on(
    shown: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off by default; a project's file turns it on, and edits count at once."""
    monkeypatch.chdir(tmp_path)
    last = LastFailure()
    last.note(failed_cell("np.zeros(3)"))
    assert shown == []

    (tmp_path / "victor.toml").write_text("[notebook]\nauto_fix = true")
    last.note(failed_cell("np.zeros(3)"))

    assert "import numpy as np" in shown[0].to_text()
    kept = last()
    assert kept is not None
    assert kept[1] == "np.zeros(3)"


def test_a_project_can_switch_warming_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread looks, and imports nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "victor.toml").write_text("[notebook]\nwarm = false")
    (tmp_path / "heavy_library.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    warming = Warming(["heavy_library"], pause_s=0)
    warming.start()
    warming.thread.join()
    assert "heavy_library" not in sys.modules

    (tmp_path / "victor.toml").unlink()
    monkeypatch.setenv("VICTOR_NOTEBOOK__WARM", "0")
    warming = Warming(["heavy_library"], pause_s=0)
    warming.start()
    warming.thread.join()
    assert "heavy_library" not in sys.modules

    monkeypatch.delenv("VICTOR_NOTEBOOK__WARM")
    again = Warming(["heavy_library"], pause_s=0)
    again.start()
    again.thread.join()
    assert sys.modules.pop("heavy_library", None) is not None
