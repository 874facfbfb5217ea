"""The executed notebook on disk: whole at every instant, with every output that came, and cheap."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.pipelines.executing.conftest import needs_linux
from tests.support import processes
from tests.support.processes import ends, pid_in
from victor_nb.pipelines.executing import (
    Bounds,
    Execution,
    InvalidNotebook,
    NotebookNotSaved,
    execute_notebook,
    fold,
    notebook_files,
    recovered,
    saving,
)
from victor_nb.pipelines.executing.saving import SavedNotebook, is_due

Start = Callable[..., "subprocess.Popen[str]"]
KILLS = int(os.environ.get("VICTOR_KILLS", "6"))


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process that executes a notebook; it has ended after the test."""
    started: list[Any] = []

    def start(source: Path, output: Path, pauses: str = "0.0, 0", *, handles: bool = False) -> subprocess.Popen[str]:
        code = RUNNER.format(pauses=pauses, handling=HANDLING if handles else "")
        command = [sys.executable, "-c", code, str(source), str(output)]
        started.append(subprocess.Popen(command, cwd=Path(__file__).parents[3], stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()
        one.stderr.close()


RUNNER = """
import sys
from pathlib import Path
from victor_nb.pipelines.executing import Execution, execute_notebook
from victor_nb.pipelines.executing import saving
saving.SHORTEST_PAUSE_S, saving.SHARE = {pauses}
{handling}
execute_notebook(sys.argv[1], sys.argv[2], how=Execution(cwd=Path(sys.argv[1]).parent))
"""
HANDLING = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))"


@needs_linux
@pytest.mark.timeout(180 + 20 * KILLS)
def test_no_kill_tears_the_notebook_or_leaves_a_process(desk, start):
    """The runner is killed at random points of a notebook that writes much and keeps saying how far it is."""
    note = desk.path / "kernel"
    source = desk.write(
        f"import os, time\nprint(os.getpid(), file=open({str(note)!r}, 'w'), flush=True)",
        *[f"print('x' * 300_000)\ntime.sleep(0.02)\nprint('end of {n}')" for n in range(40)],
    )
    dice = random.Random(7)
    for _ in range(KILLS):
        note.unlink(missing_ok=True)
        runner = start(source, desk.output)  # saves as often as it can, to be killed while it does
        kernel = pid_in(note, runner)
        with suppress(subprocess.TimeoutExpired):
            runner.wait(dice.uniform(0, 2))
        runner.kill()
        runner.wait()

        assert ends(kernel)
        json.loads(desk.output.read_text())
        whole = fold(desk.output)
        assert fold(desk.output) == whole == nbformat.read(desk.output, 4)
        _is_consistent(whole)
        assert [file.name for file in desk.output.parent.iterdir()] == ["done.ipynb"]


def _is_consistent(book) -> None:
    """Completed cells have all their output, the one that ran a part of it; those that follow have none."""
    statuses = [cell.metadata.papermill.status for cell in book.cells]
    done = statuses.count("completed")
    assert statuses[:done] == ["completed"] * done
    assert set(statuses[done + 1 :]) <= {"pending"}
    for n, cell in enumerate(book.cells[1 : done + 1]):
        whole = "x" * 300_000 + f"\nend of {n}\n"
        shown = "".join(output.text for output in cell.outputs)
        assert shown == whole if cell.metadata.papermill.status == "completed" else whole.startswith(shown)
        assert len(cell.outputs) <= 1
    assert not any(cell.get("outputs") for cell in book.cells[done + 1 :])


def test_a_cell_that_is_told_finished_can_be_found_with_all_that_it_showed(desk):
    """A runner that is killed as soon as it has told so loses nothing of that cell, nor what was left out of it."""
    found = {}

    def on_event(kind, about):
        if kind == "cell.finished":
            found[about["cell"]] = recovered(desk.output).cells[about["cell"]]

    source = desk.write("print('a')\n1", "for n in range(1000): print(n)")
    execute_notebook(source, desk.output, on_event=on_event, how=Execution(bounds=Bounds(text=100)))

    saved = desk.saved().cells
    assert [found[n].metadata.papermill.status for n in (0, 1)] == ["completed", "completed"]
    assert [found[n].execution_count for n in (0, 1)] == [1, 2]
    assert found[0].outputs == saved[0].outputs
    assert [_text(found[1]), _text(saved[1])] == [_text(saved[1])] * 2
    assert "left out here" in _text(found[1])


def _text(cell) -> str:
    return "".join(output["text"] for output in cell.outputs)


def test_what_is_printed_before_and_after_a_save_is_one_output(tmp_path):
    """The log goes on with the stream that the file on disk ends with; updates of displays find their place."""
    cell = nbformat.v4.new_code_cell("x", metadata={"papermill": {"status": "running"}})
    book = nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": {}})
    file = SavedNotebook(book, str(tmp_path / "a.ipynb"), tmp_path / "a.outputs")
    cell.outputs = [nbformat.v4.new_output("stream", text="be")]
    file.begin()
    file.note(["stream", 0, "stdout", "fore\n"])
    file.note(["output", 0, {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}}])
    file.note(["stream", 0, "stdout", "after\n"])
    file.note(["put", 0, 1, {"data": {"text/plain": "2"}}])

    before, shown, after = recovered(tmp_path / "a.ipynb").cells[0].outputs

    assert (before.text, shown.data["text/plain"], after.text) == ("before\n", "2", "after\n")


@pytest.mark.parametrize("moment", ["read_notebook", "entries_after"])
def test_a_notebook_that_its_runner_saves_while_it_is_read_has_every_output(tmp_path, monkeypatch, moment):
    """Saving replaces the notebook and drops the log that the earlier one needs: a reader has both of one state."""
    monkeypatch.setattr(saving, "SHORTEST_PAUSE_S", 0.0)
    cell = nbformat.v4.new_code_cell("x", metadata={"papermill": {"status": "running"}})
    book = nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": {}})
    file = SavedNotebook(book, str(tmp_path / "a.ipynb"), tmp_path / "a.outputs")
    file.begin()
    file.note(["stream", 0, "stdout", "before\n"])
    reads, read = [], getattr(saving, moment)

    def save_meanwhile(*place):
        reads.append(place)
        found = read(*place)
        if len(reads) == 1:
            cell.outputs = [nbformat.v4.new_output("stream", text="before\n")]
            file.save_if_due()
            file.wait()
            file.note(["stream", 0, "stdout", "after\n"])
        return found

    monkeypatch.setattr(saving, moment, save_meanwhile)
    assert "".join(output.text for output in recovered(tmp_path / "a.ipynb").cells[0].outputs) == "before\nafter\n"
    assert len(reads) == 2


@needs_linux
def test_a_reader_beside_a_runner_that_saves_all_the_time_never_finds_less_than_before(desk, start):
    """Whoever follows a notebook sees its outputs grow, whatever is replaced and dropped beneath."""
    runner = start(desk.write("for n in range(3000): print(n, flush=True)"), desk.output)
    seen = [0]
    while runner.poll() is None:
        if (book := recovered(desk.output)) is not None:
            seen.append(len("".join(output.text for output in book.cells[0].outputs)))

    assert seen == sorted(seen)
    assert runner.returncode == 0


@needs_linux
def test_what_came_before_a_kill_is_there_after_it(desk, start):
    """The outputs of a long cell are on disk the moment they come, though the notebook is not saved for each."""
    note, cell = desk.path / "kernel", "import os, time\nfor n in range(1000):\n    print(n, flush=True)\n"
    cell += f"    if n == 50: print(os.getpid(), file=open({str(note)!r}, 'w'), flush=True)\n    time.sleep(0.01)"
    runner = start(desk.write(cell), desk.output, "1e9, 1")
    pid_in(note, runner)
    runner.kill()
    runner.wait()

    saved = fold(desk.output)
    assert [int(line) for line in saved.cells[0].outputs[0].text.split()][:40] == list(range(40))
    assert saved.cells[0].metadata.papermill.status == "failed"
    assert saved.metadata.papermill.exception is True


@needs_linux
@pytest.mark.parametrize("handles", [False, True], ids=["killed by it", "takes it as an exit"])
def test_a_runner_that_is_terminated_leaves_nothing_running_and_loses_no_output(desk, start, handles):
    """SIGTERM, as a container's end sends it: it ends a Python program at once, unless that asks for an exit."""
    cell = "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
    cell += "print(os.getpid(), child.pid, flush=True)\ntime.sleep(1000)"
    runner = start(desk.write("print('before')", cell), desk.output, handles=handles)
    printed = came(desk.output, 1)
    runner.send_signal(signal.SIGTERM)
    runner.wait()

    assert runner.returncode == (143 if handles else -signal.SIGTERM)
    assert [ends(int(pid)) for pid in printed.split()] == [True, True]
    if not handles:
        fold(desk.output)
    assert desk.statuses() == ["completed", "failed"]
    assert [desk.text(0), desk.text(1)] == ["before\n", printed]
    assert [file.name for file in desk.output.parent.iterdir()] == ["done.ipynb"]


def test_an_interrupted_runner_saves_and_tells(desk, start):
    """Ctrl-C: the cell is stopped, the notebook is saved, and the interrupt goes on."""
    runner = start(desk.write("import os, time\nprint('hi', os.getpid(), flush=True)\ntime.sleep(1000)"), desk.output)
    printed = came(desk.output)  # what a kernel still holds when it is interrupted, it may be too busy to say
    runner.send_signal(signal.SIGINT)
    _, said = runner.communicate()

    assert ends(int(printed.split()[1]))
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert desk.statuses() == ["failed"]
    assert desk.text(0) == printed


def came(output: Path, cell: int = 0) -> str:
    """Wait until what a cell prints has reached the runner; return it."""
    deadline = time.monotonic() + processes.WAIT_S
    while time.monotonic() < deadline:
        with suppress(InvalidNotebook):
            book = recovered(output)
            if book is not None and (text := "".join(one.text for one in book.cells[cell].outputs)).endswith("\n"):
                return text
        time.sleep(0.01)
    raise AssertionError("nothing was printed")


def test_saving_is_a_small_part_of_the_time():
    """The longer a save takes, the longer until the next; short ones come once a second."""
    assert not is_due(0.5, 0.0)
    assert is_due(1.0, 0.0)
    assert not is_due(9.0, 0.5)
    assert is_due(10.0, 0.5)


def test_a_hundred_large_cells_are_saved_a_few_times_only(tmp_path):
    """Time spent on saving stays below a twentieth, however large the notebook grows; each cell takes 0.1 s here."""
    now = [0.0]
    cells = [nbformat.v4.new_code_cell("x") for _ in range(100)]
    book = nbformat.v4.new_notebook(cells=cells)
    file = SavedNotebook(book, str(tmp_path / "a.ipynb"), tmp_path / "a.outputs", clock=lambda: now[0])
    writes: list[int] = []

    def attempt(content) -> None:
        writes.append(sum(map(len, content)))
        now[0] += writes[-1] / 50_000_000  # a slow disk

    file._attempt = attempt  # the clock stands still in a real one
    file.begin()
    for cell in cells:
        now[0] += 0.1
        cell.outputs = [nbformat.v4.new_output("stream", text="x" * 1_000_000)]
        file.save_if_due()
        file.wait()

    assert sum(writes) < 1.2 * 100_000_000


def test_notebooks_are_written_as_nbformat_writes_them():
    """Byte for byte, so that version control sees no difference."""
    book = nbformat.v4.new_notebook(
        metadata={"b": 1, "a": {"ü": [1.5, None]}},
        cells=[
            nbformat.v4.new_markdown_cell("# a\nb", attachments={"a.png": {"image/png": "QQ==\n"}}),
            nbformat.v4.new_code_cell(
                "1\n2",
                outputs=[
                    nbformat.v4.new_output("stream", text="a\nb\u2028c\n\x1b[0m"),
                    nbformat.v4.new_output(
                        "display_data", {"text/html": "<b>\n</b>", "application/json": {"a": "b\nc"}}
                    ),
                    nbformat.v4.new_output("error", ename="E", evalue="é", traceback=["a\nb"]),
                ],
            ),
            nbformat.v4.new_code_cell(""),
        ],
    )

    assert b"".join(notebook_files.notebook_bytes(book)).decode() == nbformat.writes(book) + "\n"


def test_half_a_surrogate_pair_can_be_saved():
    """As cut emoji have it; other writers raise."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("'\ud83d'")])

    assert b"ud83d" in b"".join(notebook_files.notebook_bytes(book))


def test_a_cell_that_prints_without_end_is_bounded(desk):
    """The notebook says what was left out and where all of it is, and shows its end."""
    outcome = desk.run("for n in range(200_000): print(n)", bounds=Bounds(text=10_000))

    first, notice, last = desk.saved().cells[0].outputs
    whole = desk.output.with_suffix(".outputs") / "cell-1.txt"
    assert outcome.status == "finished"
    assert len(first.text) == 10_000
    assert str(whole) in notice.text
    assert last.text.endswith("199999\n")
    assert whole.read_text() == "".join(f"{n}\n" for n in range(200_000))
    assert desk.about("cell.cut")["file"] == str(whole)


def test_displays_are_bounded_too(desk):
    """One that is too large goes to the file; errors are always kept."""
    desk.run(
        "from IPython.display import HTML, display\ndisplay(HTML('y' * 20_000))\ndisplay(HTML('z'))\n1 / 0",
        bounds=Bounds(rich=10_000),
    )

    kinds = [output.output_type for output in desk.saved().cells[0].outputs]
    assert kinds == ["display_data", "error", "stream", "stream"]
    assert "y" * 20_000 in (desk.output.with_suffix(".outputs") / "cell-1.txt").read_text()


def test_displays_are_updated_and_cleared(desk):
    """As in JupyterLab, also from a later cell."""
    desk.run(
        "from IPython.display import display, clear_output\nshown = display('a', display_id=True)\nshown.update('b')",
        "shown.update('c')\nprint('gone')\nclear_output(wait=True)\nprint('stays')",
    )

    assert desk.text(0) == "'c'"
    assert desk.text(1) == "stays\n"


def test_widgets_are_kept(desk):
    """Their state is in the notebook's metadata."""
    desk.run("import ipywidgets\nipywidgets.IntSlider(7)")

    assert "application/vnd.jupyter.widget-state+json" in desk.saved().metadata.widgets


# -- places ------------------------------------------------------------------------------------------------------------


def test_a_notebook_may_remove_the_folder_that_it_is_written_to(desk):
    """It is made again at the end, and nothing is lost."""
    outcome = desk.run("import shutil\nshutil.rmtree('out')", "print('after')")

    assert outcome.status == "finished"
    assert desk.text(1) == "after\n"


def test_a_notebook_may_remove_its_own_folder(desk):
    """Its source included."""
    outcome = desk.run("import shutil, os\nshutil.rmtree(os.getcwd())", "print('after')")

    assert outcome.status == "finished"
    assert desk.text(1) == "after\n"


def test_a_link_stays_a_link(desk):
    """The notebook that it points to is replaced."""
    target = desk.path / "elsewhere" / "real.ipynb"
    target.parent.mkdir()
    target.write_text("{}")
    target.chmod(0o640)
    desk.output.parent.mkdir()
    desk.output.symlink_to(target)

    desk.run("print('x')")

    assert desk.output.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert desk.text(0) == "x\n"


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_runs(desk):
    """Here it is a file."""
    (desk.path / "out").write_text("")

    with pytest.raises(NotebookNotSaved, match="cannot be saved"):
        desk.run(f"open({str(desk.path / 'ran')!r}, 'w')")

    assert not (desk.path / "ran").exists()


def test_a_full_disk_is_told_and_the_last_whole_notebook_stays(desk, monkeypatch):
    """What was noted stays beside it; a draft does not."""

    def write_whole(path, content):
        if desk.told:
            raise OSError(28, "No space left on device")
        kept(path, content)

    kept = notebook_files.write_whole
    monkeypatch.setattr("victor_nb.pipelines.executing.saving.write_whole", write_whole)
    with pytest.raises(NotebookNotSaved, match="No space left on device"):
        desk.run("print('x')")

    assert recovered(desk.output).cells[0].outputs[0].text == "x\n"


def test_a_file_that_is_no_notebook_cannot_be_recovered(desk):
    """The error says which."""
    desk.output.parent.mkdir()
    desk.output.write_text("torn")

    with pytest.raises(InvalidNotebook, match="not JSON"):
        recovered(desk.output)
    assert recovered(desk.path / "nothing.ipynb") is None


def test_no_output_is_dropped_however_quickly_it_comes(desk):
    """zmq lets go of what waits beyond a thousand messages; here nothing waits."""
    desk.run("from IPython.display import display\nfor n in range(3000): display(n)")

    assert [output.data["text/plain"] for output in desk.saved().cells[0].outputs] == [str(n) for n in range(3000)]
