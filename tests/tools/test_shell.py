"""Shell commands: output, limits, and no process left behind."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from tests.support.processes import ends, pid_in
from tests.tools.calling import call
from victor_nb.tools import ToolArgumentError, ToolRefused, ToolTimeout, shell
from victor_nb.tools.builtin.shell import without_secrets

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands here are those of a POSIX shell")


def test_a_command_returns_its_output_and_exit_code(tmp_path):
    """Both streams in order, as text."""
    assert call(shell(tmp_path), "run_command", command="echo out; echo err >&2; exit 3") == {
        "exit_code": 3,
        "output": "out\nerr\n",
    }


def test_a_command_runs_in_the_project(tmp_path):
    """In the root, or in a folder of it."""
    (tmp_path / "sub").mkdir()
    root = tmp_path.resolve()
    assert call(shell(tmp_path), "run_command", command="pwd")["output"].strip() == str(root)
    assert call(shell(tmp_path), "run_command", command="pwd", folder="sub")["output"].strip() == str(root / "sub")


@pytest.mark.parametrize("folder", ["..", "/", ".hidden", "missing"])
def test_a_command_cannot_start_elsewhere(tmp_path, folder):
    """The folder is confined like any path."""
    (tmp_path / ".hidden").mkdir()
    with pytest.raises((ToolRefused, ToolArgumentError)):
        call(shell(tmp_path), "run_command", command="pwd", folder=folder)


@pytest.mark.parametrize("command", ["", "  ", "a\0b"])
def test_no_command_is_an_error(tmp_path, command):
    """There must be something to run."""
    with pytest.raises(ToolArgumentError, match="no command"):
        call(shell(tmp_path), "run_command", command=command)


def test_a_command_sees_no_secrets(tmp_path, monkeypatch):
    """Only known harmless names are passed on."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    monkeypatch.setenv("DATABASE_URL", "postgres://u:hidden@h/d")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    output = call(shell(tmp_path), "run_command", command="env")["output"]
    assert "hidden" not in output
    assert "PATH=" in output
    assert "LC_ALL=C.UTF-8" in output
    assert without_secrets({"Path": "x", "TOKEN": "y"}) == {"Path": "x"}


def test_input_is_empty(tmp_path):
    """A command that asks gets no answer, and does not wait for one."""
    assert call(shell(tmp_path), "run_command", command="cat; echo done")["output"] == "done\n"


def test_long_output_keeps_its_ends(tmp_path):
    """A hundred thousand lines are a bounded text with the first and the last."""
    output = call(shell(tmp_path), "run_command", command="seq 1 300000")["output"]
    assert output.startswith("1\n2\n")
    assert output.endswith("300000\n")
    assert "bytes left out" in output
    assert len(output) < 101_000


def test_output_that_is_no_text_is_shown(tmp_path):
    """Bytes that are no UTF-8 become replacement marks."""
    assert call(shell(tmp_path), "run_command", command=r"printf '\377ok'")["output"] == "\ufffdok"


def test_a_command_that_takes_too_long_is_ended_with_its_children(tmp_path):
    """The time limit holds for everything that the command started."""
    command = "echo begun; sleep 1000 & echo $! > child; wait"
    with pytest.raises(ToolTimeout, match=r"(?s)longer than 3 s.*begun"):
        call(shell(tmp_path), "run_command", command=command, timeout_s=3)
    assert ends(pid_in(tmp_path / "child"))


def test_a_command_that_ignores_being_asked_is_killed(tmp_path):
    """SIGTERM may be ignored; SIGKILL may not."""
    command = "trap '' TERM; echo $$ > shell; while :; do sleep 0.1; done"
    with pytest.raises(ToolTimeout):
        call(shell(tmp_path), "run_command", command=command, timeout_s=3)
    assert ends(pid_in(tmp_path / "shell"))


def test_background_processes_end_with_the_command(tmp_path):
    """What holds the output open does not hold the agent."""
    answer = call(shell(tmp_path), "run_command", command="sleep 1000 & echo $! > child; echo done")
    assert answer == {"exit_code": 0, "output": "done\n"}
    assert ends(pid_in(tmp_path / "child"))


def test_a_cancelled_call_ends_the_processes(tmp_path):
    """Interrupting the cell ends the command, its children, and those that left its group."""
    code = "import os,time; os.setsid(); open('far','w').write(f'{os.getpid()}\\n'); time.sleep(1000)"
    command = f'echo $$ > near; "{sys.executable}" -c "{code}"'
    (tool,) = shell(tmp_path)

    async def main():
        running = asyncio.create_task(tool.call({"command": command}))
        pids = [await asyncio.to_thread(pid_in, tmp_path / name) for name in ("near", "far")]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return pids

    assert all(ends(pid) for pid in asyncio.run(main()))


def test_the_parents_group_is_not_touched(tmp_path):
    """The command has a group of its own."""
    group = call(shell(tmp_path), "run_command", command="ps -o pgid= -p $$")["output"]
    assert int(group) != os.getpgrp()


def test_every_call_needs_approval(tmp_path):
    """A command is never run unasked."""
    assert all(tool.approval for tool in shell(tmp_path))
