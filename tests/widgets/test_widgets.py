"""The widgets' own tests and types, run by node where it is installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.require import absent, require

ROOT = Path(__file__).parents[2]
WIDGETS = ROOT / "widgets"
LARGEST_BUNDLE = 52_000
NAMES = sorted(path.parent.name for path in WIDGETS.glob("*/index.ts"))
MODULES = sorted(path for name in NAMES for path in (WIDGETS / name).glob("*.ts"))


def npm(*arguments: str) -> str:
    """Run an npm script of the widgets, and return what it printed."""
    program = require("npm")
    if not (WIDGETS / "node_modules" / "typescript").is_dir():
        absent("the widgets' packages are not installed: npm ci in widgets/")
    done = subprocess.run([program, *arguments], cwd=WIDGETS, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_pure_parts_do_what_their_tests_say() -> None:
    """State, words, Markdown and the message store, without a browser or a kernel."""
    assert "fail 0" in npm("test")


def test_the_types_hold() -> None:
    """TypeScript in strict mode finds nothing."""
    npm("run", "check")


def test_the_bundle_is_small_and_loads_nothing(tmp_path: Path) -> None:
    """It is copied into every page that shows a run; nothing in it reaches for another address."""
    npm("run", "build", "--", str(tmp_path))

    for name in NAMES:
        code = (tmp_path / f"{name}.js").read_text("utf-8")
        style = (tmp_path / f"{name}.css").read_text("utf-8")
        assert len(code) + len(style) < LARGEST_BUNDLE, name
        for loader in ("fetch(", "XMLHttpRequest", "WebSocket", "import(", "innerHTML", "eval(", "document.write"):
            assert loader not in code, (name, loader)
        assert "url(" not in style
        assert "@import" not in style


def test_the_lock_file_names_no_registry() -> None:
    """Whoever builds uses the registry of their own machine."""
    assert "resolved" not in (WIDGETS / "package-lock.json").read_text("utf-8")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_module_opens_with_its_purpose(path: Path) -> None:
    """The first line says what the module is for."""
    assert path.read_text("utf-8").startswith("// ")
