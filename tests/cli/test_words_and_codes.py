"""Words in, text and an exit code out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Victor
from victor_nb.cli import main
from victor_nb.version import __version__


def test_success_is_zero_and_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Results can be piped."""
    assert main(["version"]) == 0

    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize("argv", [["rnus"], ["runs", "--limt", "3"], ["ask"], ["config", "shw"]])
def test_words_that_make_no_sense_are_two(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on standard output; on standard error the sentence and the hint."""
    assert main(argv) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("victor: ")
    assert "→" in err


def test_work_that_failed_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    """So that a shell script stops."""
    assert main(["show", "nothing"]) == 1

    assert "there is no run 'nothing'" in capsys.readouterr().err


def test_errors_are_json_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that reads the result can read the error too."""
    assert main(["show", "nothing", "--json"]) == 1

    error = json.loads(capsys.readouterr().out)["error"]
    assert error["type"] == "RunNotFound"
    assert error["hint"]


def test_help_is_a_success(capsys: pytest.CaptureFixture[str]) -> None:
    """For the root, for a verb, and for no words at all."""
    for argv in (["--help"], ["runs", "-h"], []):
        assert main(argv) == 0
        assert "Usage: victor" in capsys.readouterr().out


def test_help_and_version_import_nothing_heavy(victor: Victor) -> None:
    """Asking for help must not take seconds."""
    import subprocess
    import sys

    program = (
        "import sys\nfrom victor_nb.cli import main\nmain(['--help']); main(['version'])\n"
        "print([m for m in ('pydantic', 'pandas', 'numpy', 'pydantic_ai', 'rich', 'IPython') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert out.splitlines()[-1] == "[]"


def test_asking_about_a_file_answers_on_standard_output(victor: Victor, table: Path) -> None:
    """The whole way: file, offline model, tools, journal, answer."""
    done = victor("ask", "mean of height by species", "--data", f"plants={table}")

    assert done.returncode == 0, done.stderr
    assert "1.5" in done.stdout
    assert done.stderr.startswith("run ")
    assert victor("replay", "last", "--data", f"plants={table}").stdout.count("replayed") == 1


def test_the_prompt_can_come_from_standard_input(victor: Victor, table: Path) -> None:
    """A dash reads it."""
    done = victor("ask", "-", "--data", f"plants={table}", "--json", stdin="How many rows are there?")

    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert "3" in answer["text"]
    assert answer["metadata"]


def test_a_reader_that_leaves_early_is_no_failure(victor: Victor, tmp_path: Path) -> None:
    """`victor tools | head -1` ends quietly."""
    import subprocess

    from tests.cli.conftest import words_for

    script = " ".join(words_for("tools")) + " | head -n 1; exit ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)

    assert (done.returncode, done.stderr) == (0, "")
