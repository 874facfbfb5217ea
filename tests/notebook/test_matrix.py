"""Every kernel in use, every kind of front end: a cell runs an agent, is watched, approved and interrupted.

The table of which clicks reach which kernel is measured; a row that changes is news about a kernel.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.notebook.kernels import ROOT, FrontEnd
from tests.support.processes import ends, pid_in


def clicks_arrive(front_end: FrontEnd) -> bool:
    """Whether a button press reaches Python while an awaited cell runs."""
    if front_end.release == "7.4":
        return True
    return front_end.release == "7.3" and front_end.subshells


def test_a_cell_returns_its_answer_and_binds_it(front_end: FrontEnd) -> None:
    """The value is Out, the bound variable is the same object, and the display ends as static data."""
    cell = front_end.ok("%%victor noter -o answer\nplease note")

    assert front_end.ok("print(answer is _, answer.text, answer.usage.tool_calls)").text.strip() == "True all done 1"
    final = cell.outputs[0]["data"]
    assert {"text/plain", "text/html", "image/svg+xml"} <= final.keys()
    assert "application/vnd.jupyter.widget-view+json" not in final


def test_what_was_typed_stays_in_the_history(front_end: FrontEnd) -> None:
    """IPython keeps the raw cell, although another one is run."""
    front_end.ok("%%victor noter\nplease {note} $this")

    history = front_end.ok("print(list(get_ipython().history_manager.get_tail(2, raw=True))[-1][2])").text

    assert history.strip() == "%%victor noter\nplease {note} $this"


def test_a_running_cell_is_seen_live(front_end: FrontEnd) -> None:
    """Events reach the browser before the cell replies, also where clicks do not come back."""
    cell = front_end.send("%%victor hanger\nhang")
    front_end.pump(lambda: (front_end.folder / "hanging.txt").exists())
    expected = clicks_arrive(front_end)
    if expected:
        front_end.pump(lambda: "step.finished" in front_end.event_types())
    assert cell.reply is None

    front_end.interrupt()
    front_end.pump(lambda: cell.is_over)
    assert ("step.finished" in front_end.event_types()) or not expected


def test_a_notebook_that_is_saved_while_a_cell_runs_names_the_run(front_end: FrontEnd) -> None:
    """The display begins with the run's first event: what a page without a kernel shows says which run it was."""
    cell = front_end.send("%%victor hanger\nhang")
    front_end.pump(lambda: bool(cell.outputs))
    shown = cell.outputs[0]["data"]

    front_end.interrupt()
    front_end.pump(lambda: cell.is_over)

    run_id = front_end.ok(
        "from victor_nb import open_journal\nprint(open_journal().runs(limit=1)[0].run_id)"
    ).text.strip()
    assert f"victor show {run_id}" in shown["text/plain"]
    assert f"run {run_id} was still going on" in shown["text/html"]


def test_an_interrupt_cancels_the_run_and_aborts_later_cells(front_end: FrontEnd) -> None:
    """The tool cleans up, cells that were queued do not run, and the run can be gone on with."""
    cell = front_end.send("%%victor hanger\nhang")
    later = front_end.send("open('later.txt', 'w').write('ran')")
    front_end.pump(lambda: (front_end.folder / "hanging.txt").exists())

    front_end.interrupt()
    front_end.pump(lambda: cell.is_over and later.reply is not None, timeout_s=10)

    assert cell.reply is not None
    assert cell.reply["ename"] == "CellInterrupted"
    assert (front_end.folder / "cancelled.txt").exists()
    assert later.reply is not None
    assert later.reply["status"] == "aborted"
    assert not (front_end.folder / "later.txt").exists()
    assert "stopped" in front_end.ok("%victor show last").text.lower()

    (front_end.folder / "go_on.txt").touch()
    assert "all done" in front_end.ok("%victor resume last").text


@pytest.mark.skipif(sys.platform == "win32", reason="the command is one of a POSIX shell")
def test_an_interrupt_ends_the_processes_that_a_tool_has_started(front_end: FrontEnd) -> None:
    """Before the cell is over, the command and what it runs in the background are gone."""
    cell = front_end.send("%%victor sheller --tools shell --approve allowlist\nrun it")
    started = [front_end.folder / "shell.txt", front_end.folder / "child.txt"]
    front_end.pump(lambda: all(file.exists() and file.read_text().endswith("\n") for file in started))

    front_end.interrupt()
    front_end.pump(lambda: cell.is_over, timeout_s=10)

    assert cell.reply is not None
    assert cell.reply["ename"] == "CellInterrupted"
    assert all(ends(pid_in(file)) for file in started)


@pytest.mark.parametrize("subshells", [True, False], ids=["with subshells", "without subshells"])
def test_a_button_approves_while_the_cell_runs(front_end: FrontEnd, subshells: bool) -> None:
    """Where clicks arrive they decide; elsewhere the question falls to a policy, which says no."""
    front_end.subshells, front_end.click = subshells, "approve"

    cell = front_end.run("%%victor saver\nsave it")

    assert cell.reply is not None
    assert (front_end.folder / "saved.txt").exists() == clicks_arrive(front_end)
    assert cell.reply["status"] == ("ok" if clicks_arrive(front_end) else "error")
    assert clicks_arrive(front_end) or cell.reply["ename"] == "ApprovalDenied"
    assert front_end.prompts == []


def test_a_button_denies_and_the_model_is_told(front_end: FrontEnd) -> None:
    """A person's no lets the run go on without the call."""
    front_end.click = "deny"

    cell = front_end.run("%%victor saver\nsave it")

    assert cell.reply is not None
    assert cell.reply["status"] == ("ok" if clicks_arrive(front_end) else "error")
    assert not (front_end.folder / "saved.txt").exists()


@pytest.mark.parametrize("subshells", [True, False], ids=["with subshells", "without subshells"])
def test_there_are_buttons_or_a_prompt_and_never_both(front_end: FrontEnd, subshells: bool) -> None:
    """Where clicks cannot be heard before the cell ends, the page has nothing to click and the person types."""
    front_end.subshells, front_end.stdin = subshells, ["y"]
    front_end.click = "approve"

    front_end.ok("%%victor saver\nsave it")

    assert (front_end.folder / "saved.txt").read_text() == "b\n"
    assert "approval.requested" in front_end.event_types()
    assert (len(front_end.offers), len(front_end.prompts)) == ((1, 0) if clicks_arrive(front_end) else (0, 1))


def test_without_buttons_a_prompt_asks(front_end: FrontEnd) -> None:
    """A front end that shows no widget but takes input gets the question as text."""
    front_end.widgets, front_end.stdin = False, ["?", "yes"]

    cell = front_end.ok("%%victor saver\nsave it")

    assert len(front_end.prompts) == 2
    assert 'text = "b"' in cell.text
    assert (front_end.folder / "saved.txt").read_text() == "b\n"


def test_a_prompt_can_be_interrupted(front_end: FrontEnd) -> None:
    """While the kernel waits for a line, an interrupt ends the cell as at any other time."""
    front_end.widgets, front_end.stdin = False, []
    cell = front_end.send("%%victor saver\nsave it")
    front_end.pump(lambda: bool(front_end.prompts))

    front_end.interrupt()
    front_end.pump(lambda: cell.is_over, timeout_s=10)

    assert cell.reply is not None
    assert cell.reply["ename"] == "CellInterrupted"
    assert not (front_end.folder / "saved.txt").exists()


def test_a_prompt_ends_when_the_answer_came_from_elsewhere(front_end: FrontEnd) -> None:
    """Another process approves while the kernel waits for a line: the cell goes on, and later cells are untouched."""
    front_end.widgets, front_end.stdin = False, []
    cell = front_end.send("%%victor saver\nsave it")
    front_end.pump(lambda: bool(front_end.prompts))

    approve = [sys.executable, "-m", "victor_nb.cli", "approve", "last"]
    subprocess.run(approve, cwd=front_end.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    front_end.pump(lambda: cell.is_over)

    assert cell.reply is not None
    assert cell.reply["status"] == "ok"
    assert "not open any more" in cell.text
    assert (front_end.folder / "saved.txt").read_text() == "b\n"
    front_end.ok("sum(range(1_000_000))")


def test_with_nobody_to_ask_the_cell_fails(front_end: FrontEnd) -> None:
    """As in papermill: no widgets, no input, so the policy denies and the error says how to go on."""
    front_end.widgets = False

    cell = front_end.run("%%victor saver\nsave it")

    assert cell.reply is not None
    assert cell.reply["ename"] == "ApprovalDenied"
    assert "%victor approve" in cell.reply["evalue"]
    assert len(cell.reply["traceback"]) == 1
    assert [output["output_type"] for output in cell.outputs if "ApprovalDenied" in str(output.get("text"))] == [
        "error"
    ]


def test_a_denied_run_is_approved_and_resumed(front_end: FrontEnd) -> None:
    """The word that came too late counts when the run goes on, and nothing done before is done again."""
    front_end.widgets = False
    front_end.run("%%victor saver\nsave it")

    front_end.ok("%victor approve last")
    front_end.ok("%victor resume last -o answer")

    assert (front_end.folder / "saved.txt").read_text() == "b\n"


def test_a_background_run_returns_at_once_and_is_approved_by_a_later_cell(front_end: FrontEnd) -> None:
    """No kernel needs a click for it: the word goes through the journal."""
    front_end.ok("%%victor saver --background -o later\nsave it")
    front_end.ok(
        "import asyncio\n"
        "from victor_nb import open_journal\n"
        "journal = open_journal()\n"
        "run = journal.runs(limit=1)[0].run_id\n"
        "while not journal.events(run, types=('approval.requested',)):\n"
        "    await asyncio.sleep(0.02)"
    )
    front_end.ok("%victor approve last")
    front_end.ok("while 'later' not in globals():\n    await asyncio.sleep(0.02)\nprint(later.text)")

    assert (front_end.folder / "saved.txt").exists()


def test_a_line_inside_a_larger_cell_runs_too(front_end: FrontEnd) -> None:
    """There the call blocks, is interrupted all the same, and asks by prompt."""
    front_end.widgets, front_end.stdin = False, ["y"]

    cell = front_end.ok("before = 1\nx = %victor ask --agent saver save it\nprint(x.text, before)")

    assert "all done 1" in cell.text


def test_a_blocking_call_is_interrupted(front_end: FrontEnd) -> None:
    """A KeyboardInterrupt in a blocking call cancels the run as well."""
    cell = front_end.send("y = 1\nx = %victor ask --agent hanger hang")
    front_end.pump(lambda: (front_end.folder / "hanging.txt").exists())

    front_end.interrupt()
    front_end.pump(lambda: cell.is_over, timeout_s=10)

    assert cell.reply is not None
    assert cell.reply["ename"] == "CellInterrupted"
    assert (front_end.folder / "cancelled.txt").exists()


@pytest.mark.parametrize("outer", ["%%time", "%%capture kept"])
def test_inside_another_cell_magic_the_call_blocks(front_end: FrontEnd, outer: str) -> None:
    """Cell magics that run their body keep working, because only outermost cells are awaited."""
    front_end.ok(f"{outer}\n%victor ask --agent noter -o nested note it")

    assert "all done" in front_end.ok("print(nested.text)").text


def test_completion_offers_verbs_and_flags(front_end: FrontEnd) -> None:
    """The answer comes from memory, through the kernel's own completion message."""
    verbs = front_end.complete("%victor res")
    flags = front_end.complete("%%victor --max-s")
    names = front_end.complete("%victor ask --with nester")

    assert "resume" in verbs
    assert any(match.endswith("max-steps") for match in flags)
    assert names == []


def test_a_user_error_is_short_and_names_the_nearest(front_end: FrontEnd) -> None:
    """Unknown verbs and flags fail the cell with one sentence."""
    cell = front_end.run("%victor rnus")

    assert cell.reply is not None
    assert cell.reply["ename"] == "UsageError"
    assert "'runs'" in cell.reply["evalue"]


def test_the_last_failure_is_kept_for_fix(front_end: FrontEnd) -> None:
    """`%victor fix` explains the cell that failed, without having taken over its traceback."""
    failed = front_end.run("value = 3\nprint(valeu)")
    assert failed.reply is not None
    assert failed.reply["ename"] == "NameError"

    assert "value" in front_end.ok("%victor fix").text
