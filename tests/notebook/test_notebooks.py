"""Whole notebooks, the installed kernel, and a terminal: where nobody clicks."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager

from tests.notebook.kernels import FrontEnd, kernel

SET_UP = "from tests.notebook.in_kernel import *\nstand_in_for_the_bundle()\n%load_ext victor_nb"


def executed(cells: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    """Run cells through papermill in a kernel of this interpreter."""
    import papermill

    from tests.notebook.kernels import ROOT

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("VICTOR_NOTEBOOK__WARM", "0")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python", "language": "python"}
    nbformat.write(notebook, folder / "in.ipynb")
    papermill.execute_notebook(
        folder / "in.ipynb", folder / "out.ipynb", cwd=folder, progress_bar=False, store_widget_state=False
    )
    return nbformat.read(folder / "out.ipynb", 4)


def test_papermill_runs_agent_cells_and_saves_static_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The saved notebook holds the run as data: no widget, no state."""
    cells = [SET_UP, "noter = scripted(('note', {'text': 'a'}))", "%%victor noter -o answer\nnote it", "answer.text"]

    saved = executed(cells, tmp_path, monkeypatch)

    assert saved.cells[3].outputs[0]["data"]["text/plain"] == "'all done'"
    assert "application/vnd.jupyter.widget" not in json.dumps(saved)


def test_papermill_fails_where_an_approval_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cell raises, and later cells are not run."""
    from papermill import PapermillExecutionError

    cells = [SET_UP, "saver = scripted(('save', {'text': 'a'}))", "%%victor saver\nsave it", "open('later.txt', 'w')"]

    with pytest.raises(PapermillExecutionError) as failed:
        executed(cells, tmp_path, monkeypatch)

    assert failed.value.ename == "ApprovalDenied"
    assert not (tmp_path / "later.txt").exists()
    assert not (tmp_path / "saved.txt").exists()


def test_the_installed_kernel_has_the_magics_from_the_start(tmp_path: Path) -> None:
    """`victor kernel install` writes a kernelspec whose kernel needs no %load_ext."""
    from victor_nb.commands import Session, invoke

    invoke(["kernel", "install", "--prefix", str(tmp_path)], Session())
    spec = KernelSpecManager(kernel_dirs=[str(tmp_path / "share/jupyter/kernels")]).get_kernel_spec("victor")
    assert spec.argv[0] == sys.executable
    (tmp_path / "work").mkdir()

    with kernel(sys.executable, tmp_path / "work", arguments=tuple(spec.argv[5:])) as manager:
        front_end = FrontEnd(manager)
        shown = front_end.ok("%victor version").text
        front_end.close()

    assert shown.strip()


def test_ipython_in_a_terminal_runs_verbs(tmp_path: Path) -> None:
    """There the call blocks, and asks on the terminal."""
    pexpect = pytest.importorskip("pexpect")
    from tests.notebook.kernels import ROOT

    child = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=NoColor"],
        cwd=str(tmp_path),
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)},
        timeout=60,
        encoding="utf-8",
    )
    try:
        child.expect(r"In \[1\]: ")
        child.sendline("from tests.notebook.in_kernel import *; get_ipython().run_line_magic('load_ext', 'victor_nb')")
        child.expect(r"In \[2\]: ")
        child.sendline("saver = scripted(('save', {'text': 'a'}))")
        child.expect(r"In \[3\]: ")
        child.sendline("%victor ask --agent saver save it")
        child.expect("wants to call save")
        child.expect("> ")
        child.sendline("y")
        child.expect("all done")
        child.expect(r"In \[4\]: ")
        child.sendline("exit")
        child.expect(pexpect.EOF)
        child.wait()
    finally:
        if child.isalive():
            child.kill(signal.SIGKILL)
            child.wait()
        child.close()

    assert (tmp_path / "saved.txt").read_text() == "a\n"
