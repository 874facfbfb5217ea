"""Approved code runs on the kernel's main thread, in the user's namespace, and is seen by person and model."""

from __future__ import annotations

import json

from tests.notebook.kernels import FrontEnd

CODER = """
coder = scripted(("run_python", {{"code": {code!r}}}), answer="ran")
import json
def outcome():
    from victor_nb import open_journal
    journal = open_journal()
    run = journal.runs(limit=1)[0].run_id
    found = [e.data["result"] for e in journal.events(run, types=("step.finished",)) if e.data["kind"] == "tool"]
    return json.dumps(found[0], default=str)
"""


def run_python(front_end: FrontEnd, code: str) -> tuple[str, dict[str, str]]:
    """Let an agent run `code` after a person typed yes; returns what the cell shows and what the model got."""
    front_end.widgets, front_end.stdin = False, ["y"]
    front_end.ok(CODER.format(code=code))
    cell = front_end.ok("%%victor coder --tools python_cell\nrun it")
    return cell.text, json.loads(front_end.ok("print(outcome())").text)


def test_code_sees_and_changes_the_users_variables(front_end: FrontEnd) -> None:
    """The namespace is the user's own, and the last expression is the result."""
    front_end.ok("base = 40")

    shown, outcome = run_python(front_end, "import threading\nfound = base + 2\nprint('printed')\nfound")

    assert outcome == {"stdout": "printed\n", "result": "42"}
    assert "printed" in shown
    assert front_end.ok("print(found)").text.strip() == "42"


def test_code_runs_on_the_main_thread(front_end: FrontEnd) -> None:
    """Plots and most libraries want that thread, and user cells run there too."""
    _, outcome = run_python(front_end, "import threading\nthreading.current_thread() is threading.main_thread()")

    assert outcome["result"] == "True"


def test_code_may_await(front_end: FrontEnd) -> None:
    """Top-level await works as in a cell."""
    _, outcome = run_python(front_end, "import asyncio\nawait asyncio.sleep(0, 'slept')")

    assert outcome["result"] == "'slept'"


def test_an_error_is_told_without_our_frames(front_end: FrontEnd) -> None:
    """The model gets the traceback of its own code, and may try again."""
    _, outcome = run_python(front_end, "def f():\n    return 1 / 0\nf()")

    assert "ZeroDivisionError" in outcome["error"]
    assert "python_cells.py" not in outcome["error"]


def test_a_syntax_error_is_told(front_end: FrontEnd) -> None:
    """Nothing ran, and the answer says why."""
    _, outcome = run_python(front_end, "1 +")

    assert "SyntaxError" in outcome["error"]


def test_what_is_displayed_is_kept(front_end: FrontEnd) -> None:
    """A displayed object is part of the outcome, and of the cell."""
    shown, outcome = run_python(front_end, "from IPython.display import HTML\ndisplay(HTML('<b>bold</b>'))")

    assert outcome.keys() == {"artifacts"}
    assert "IPython.core.display.HTML" in shown


def test_busy_code_is_interrupted(front_end: FrontEnd) -> None:
    """Code that never returns to the loop still ends at an interrupt, and the run with it."""
    front_end.widgets, front_end.stdin = False, ["y"]
    code = "open('hanging.txt', 'w').write('yes')\nwhile True: pass"
    front_end.ok(CODER.format(code=code))
    cell = front_end.send("%%victor coder --tools python_cell\nrun it")
    front_end.pump(lambda: (front_end.folder / "hanging.txt").exists())

    front_end.interrupt()
    front_end.pump(lambda: cell.is_over, timeout_s=10)

    assert cell.reply is not None
    assert cell.reply["ename"] == "CellInterrupted"
