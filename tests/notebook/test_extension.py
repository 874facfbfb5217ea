"""Loading and unloading the extension: silent, light, idempotent, and undone exactly."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.kernels import ROOT
from victor_nb.notebook.extension import load_ipython_extension, unload_ipython_extension
from victor_nb.notebook.warming import Warming

HEAVY = [
    "pandas",
    "sklearn",
    "numexpr",
    "pydantic",
    "pydantic_ai",
    "pydantic_settings",
    "httpx",
    "httpx2",
    "openai",
    "anthropic",
    "papermill",
    "nbclient",
    "click",
    "rich",
    "anywidget",
    "ipywidgets",
    "pyarrow",
    "numpy",
    "scipy",
    "matplotlib",
]  # one line a library would be longer


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A shell of its own, without a kernel."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    yield shell
    unload_ipython_extension(shell)
    InteractiveShell.clear_instance()


def state(shell: Any) -> dict[str, Any]:
    """Everything that loading may change, as the objects themselves."""
    return {
        "line": dict(shell.magics_manager.magics["line"]),
        "cell": dict(shell.magics_manager.magics["cell"]),
        "transformers": list(shell.input_transformers_cleanup),
        "events": {name: list(listeners) for name, listeners in shell.events.callbacks.items()},
        "matchers": list(shell.Completer.custom_matchers),
        "hooks": dict(shell.strdispatchers["complete_command"].strs),
        "names": dict(shell.user_ns),
    }


def test_unloading_puts_back_the_very_objects(shell: InteractiveShell) -> None:
    """Also a magic of the same name that somebody else had registered."""
    shell.register_magic_function(lambda line: "theirs", "line", "victor")
    before = state(shell)

    load_ipython_extension(shell)
    loaded = state(shell)
    unload_ipython_extension(shell)

    assert loaded != before
    assert state(shell) == before


def test_loading_twice_is_loading_once(shell: InteractiveShell) -> None:
    """Reloading a notebook's first cell changes nothing."""
    load_ipython_extension(shell)
    once = state(shell)

    load_ipython_extension(shell)

    assert state(shell) == once


def test_unloading_what_is_not_loaded_does_nothing(shell: InteractiveShell) -> None:
    """As `%unload_ext` twice does."""
    before = state(shell)

    unload_ipython_extension(shell)

    assert state(shell) == before


def test_loading_is_silent(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed."""
    load_ipython_extension(shell)

    assert capsys.readouterr() == ("", "")


def test_verbs_run_in_a_shell_without_a_kernel(shell: InteractiveShell) -> None:
    """The blocking path of terminals and scripts: same verb, same view."""
    load_ipython_extension(shell)

    result = shell.run_cell("%victor version")
    cell = shell.run_cell("%%victor version\nignored")

    assert result.success
    assert cell.success
    assert str(result.result) == str(cell.result)


def test_a_quote_that_nobody_closed_is_told(shell: InteractiveShell) -> None:
    """The line is not guessed at."""
    load_ipython_extension(shell)

    result = shell.run_cell('%victor ask "what')

    assert "close the quote" in str(result.error_in_exec)


def test_an_error_of_ours_is_shown_alone_and_can_be_pickled(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, no frames of ours; kernels send errors to other processes."""
    load_ipython_extension(shell)

    error = shell.run_cell("%victor rnus").error_in_exec

    shown = capsys.readouterr().out
    assert "UsageError: unknown verb 'rnus'. Did you mean 'runs'?" in shown
    assert "Traceback" not in shown
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_braces_and_dollars_in_a_line_are_text(shell: InteractiveShell) -> None:
    """IPython does not expand them, so a prompt full of JSON stays what it is."""
    load_ipython_extension(shell)
    shell.user_ns["version"] = "runs"

    result = shell.run_cell("%victor {version} $version")

    assert "'{version}'" in str(result.error_in_exec)


def test_the_last_failure_is_remembered(shell: InteractiveShell) -> None:
    """Whether the cell failed while it ran or before."""
    load_ipython_extension(shell)
    shell.run_cell("valeu")
    named = str(shell.run_cell("%victor fix").result)
    shell.run_cell("1 +")
    syntax = str(shell.run_cell("%victor fix").result)

    assert "NameError" in named
    assert "SyntaxError" in syntax


def test_loading_imports_no_heavy_library() -> None:
    """Measured in a fresh interpreter, as what bare IPython does not load anyway."""
    code = f"""
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_line_magic("load_ext", "victor_nb")
print(json.dumps(sorted(set({HEAVY!r}) & (set(sys.modules) - before))))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("in_kernel", [True, False])
def test_warming_is_for_kernels(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, in_kernel: bool) -> None:
    """A terminal imports what its verb needs and nothing ahead of it."""
    started: list[str] = []
    monkeypatch.setattr(Warming, "start", lambda _: started.append("warming"))
    monkeypatch.setattr("victor_nb.notebook.extension._has_kernel", lambda _: in_kernel)

    load_ipython_extension(shell)

    assert started == (["warming"] if in_kernel else [])


def test_warming_imports_in_the_background_and_survives_what_is_missing() -> None:
    """A broken library must not write into the notebook."""
    warming = Warming(("no_such_library_at_all", "colorsys"), pause_s=0)
    warming.start()
    warming.thread.join()

    assert "colorsys" in sys.modules


class Slow:
    """A finder that says when the import of `slow_library` begins, and lets it end when it is told to."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    def find_spec(self, name: str, *_: object) -> None:
        """Wait in the middle of the import."""
        if name == "slow_library":
            self.begun.set()
            assert self.may_end.wait(30)


def test_a_cell_waits_for_the_import_under_way_and_none_begins_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that import parts of one library at once could find it half made."""
    slow, order = Slow(), []
    monkeypatch.setattr("sys.meta_path", [slow, *sys.meta_path])
    warming = Warming(("slow_library", "colorsys"), pause_s=0)
    cell = threading.Thread(target=lambda: (warming.give_way(), order.append("cell runs")))
    warming.start()
    slow.begun.wait(30)
    cell.start()
    sys.modules.pop("colorsys", None)
    order.append("import ends")
    slow.may_end.set()
    cell.join(30)

    assert order == ["import ends", "cell runs"]
    assert "colorsys" not in sys.modules
    warming.go_on()
    warming.thread.join(30)
    assert "colorsys" in sys.modules


def test_warming_that_waits_for_a_cell_can_be_stopped() -> None:
    """Unloading in a cell does not leave a thread behind."""
    warming = Warming(("colorsys",), pause_s=0)
    warming.give_way()
    warming.start()
    warming.stop()
    warming.thread.join(10)

    assert not warming.thread.is_alive()


def test_warming_can_be_stopped() -> None:
    """Between two imports."""
    warming = Warming(("no_such_library_at_all",), pause_s=3600)
    warming.start()
    warming.stop()
    warming.thread.join(10)

    assert not warming.thread.is_alive()
