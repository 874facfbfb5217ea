"""Pipelines in a terminal: exit codes, JSON, lines of progress, and Ctrl-C with the way on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Victor, words_for
from tests.pipelines.made import notebook
from tests.views.pipeline_page import RUN, PipelineScript
from victor_nb.cli.pipeline_lines import PipelineLines
from victor_nb.cli.terminal import Screen, Terminal

FLOW = """\
pipeline: demo
notebooks:
  - {notebook: first.ipynb, outputs: first.txt}
  - {notebook: second.ipynb, inputs: first.txt}
"""


@pytest.fixture
def flow(tmp_path: Path) -> str:
    """Two notebooks, the second of which waits for a pipe and fails as long as there is a file `broken`."""
    write(tmp_path, "first.ipynb", "open('first.txt', 'w').write('1')")
    write(tmp_path, "second.ipynb", "import os\nassert not os.path.exists('broken'), 'no luck'")
    (tmp_path / "flow.yaml").write_text(FLOW)
    return "flow.yaml"


def write(folder: Path, name: str, *cells: str) -> None:
    (folder / name).write_text(json.dumps(notebook(*cells)))


def test_a_run_tells_each_node_on_standard_error_and_the_result_on_standard_output(victor: Victor, flow: str) -> None:
    """Lines are plain where the terminal cannot move, so that logs of CI can be read."""
    done = victor("pipeline", "run", flow, "--why")

    assert done.returncode == 0
    assert "  first runs: it never ran" in done.stderr
    assert "[2/2] second finished in" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout
    assert done.stdout.startswith("Pipeline demo: finished")
    assert "[1/2] first cached: nothing changed since run" in victor("pipeline", "run", flow).stderr


def test_json_is_all_that_standard_output_gets(victor: Victor, flow: str) -> None:
    """A program reads run, status and nodes, and after a failure what went wrong besides."""
    done = victor("pipeline", "run", flow, "--json")
    told = json.loads(done.stdout)

    assert (done.returncode, told["status"]) == (0, "finished")
    assert [(one["id"], one["status"], one["cached"]) for one in told["notebooks"]] == [
        ("first", "finished", False),
        ("second", "finished", False),
    ]


def test_a_failure_is_exit_code_1_and_resume_goes_on(victor: Victor, flow: str, tmp_path: Path) -> None:
    """With `--json` the nodes are told all the same."""
    (tmp_path / "broken").touch()
    failed = victor("pipeline", "run", flow, "--json")
    told = json.loads(failed.stdout)

    assert (failed.returncode, told["status"]) == (1, "failed")
    assert [one["status"] for one in told["notebooks"]] == ["finished", "failed"]
    assert told["error"]["type"] == "PipelineFailed"
    assert "no luck" in told["notebooks"][1]["error"]["what"]

    (tmp_path / "broken").unlink()
    resumed = victor("resume", told["run_id"])

    assert resumed.returncode == 0
    assert "second  finished" in resumed.stdout
    assert "first runs" not in resumed.stderr


def test_words_that_make_no_sense_are_exit_code_2(victor: Victor, flow: str) -> None:
    """And name the nearest that does."""
    for words in (["--only", "secnd"], ["--workrs", "2"]):
        done = victor("pipeline", "run", flow, *words)
        assert done.returncode == 2
        assert "Did you mean" in done.stderr


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_termination_stop_the_run_and_print_how_to_go_on(
    victor: Victor, flow: str, tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    """Exit code 130 or 143; the notebook that ran is told as stopped, and resuming runs it and no other."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    waiting = (
        "import os\nif not os.path.exists('go'):\n    open('pipe', 'w').close()\n    import time\n    time.sleep(300)"
    )
    write(tmp_path, "second.ipynb", waiting)
    argv = words_for("pipeline", "run", flow)
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    pipe.open().close()  # returns when the notebook has come this far

    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    told = json.loads(victor("pipeline", "status", flow, "--json").stdout)

    assert process.returncode == code, said
    assert f"victor resume {told['run_id']}" in said
    assert told["status"] == "stopped"
    assert [one["status"] for one in told["notebooks"]] == ["finished", "stopped"]

    (tmp_path / "go").touch()
    resumed = victor("resume", told["run_id"], "--json")

    assert resumed.returncode == 0, resumed.stderr
    assert [one["status"] for one in json.loads(resumed.stdout)["notebooks"]] == ["finished", "finished"]


def test_status_imports_nothing_that_it_does_not_need(victor: Victor, flow: str, tmp_path: Path) -> None:
    """It answers at once: no YAML, no templates, no settings' models, no layout library, no engine, no notebooks."""
    assert victor("pipeline", "run", flow).returncode == 0
    heavy = [
        "yaml",
        "jinja2",
        "pydantic",
        "rich",
        "nbformat",
        "papermill",
        "nbclient",
        "pandas",
        "numpy",
        "pydantic_ai",
    ]
    program = (
        "import sys; from victor_nb.cli import main\n"
        f"sys.argv = ['victor', 'pipeline', 'status', {flow!r}]\n"
        "code = main()\n"
        f"print(code, [name for name in {[*heavy, 'victor_nb.workflows.plan']} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)

    assert "second  finished" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_a_call_that_needs_approval_is_told_with_what_approves_it() -> None:
    """As a line in a log, and in the display that moves: whose agent asks, and what to type elsewhere."""
    script = PipelineScript()
    script.start("report")
    script.call("c1", "report")
    lines, screen = PipelineLines(lambda value: value), Screen(Terminal(live=True, ask=False))
    told = [lines.take(event) for event in script.events]
    for event in script.events:
        screen.add(event)

    assert told[-1] == f"  report: pay needs approval: victor approve {RUN} c1"
    assert "report asks" in screen.drawn().plain
    assert f"victor approve {RUN} c1" in screen.drawn().plain
