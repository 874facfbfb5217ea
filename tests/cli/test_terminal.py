"""The live display and the questions, on a real pseudo terminal and with scripted lines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.cli.conftest import words_for
from victor_nb.agents import ApprovalRequest, Decision, call_hash
from victor_nb.cli.approving import TerminalApprover, line_of
from victor_nb.journal import Effect, Step
from victor_nb.journal.steps import CURRENT


def request(doubt: bool = False) -> ApprovalRequest:
    arguments = {"path": "notes.txt", "lines": ["a", "b"]}
    return ApprovalRequest(
        "run-1",
        "call-1",
        "write_file",
        arguments,
        Effect.EFFECT,
        "Write a file.",
        call_hash("write_file", "call-1", arguments),
        doubt,
    )


def scripted(*lines: str) -> Callable[[], Awaitable[str]]:
    """Lines as a person types them; after the last, the end of the input."""
    left = iter(lines)

    async def read() -> str:
        return next(left, "")

    return read


def decided(*lines: str, doubt: bool = False) -> Decision:
    approver = TerminalApprover(contextlib.nullcontext, scripted(*lines))
    return asyncio.run(approver.decide(request(doubt)))


@pytest.mark.parametrize(
    ("lines", "approved", "message"),
    [
        (["y\n"], True, ""),
        (["n\n"], False, ""),
        (["n use the other file\n"], False, "use the other file"),
        (["\n", "what\n", "y\n"], True, ""),
        (["?\n", "n\n"], False, ""),
        ([], False, ""),
    ],
)
def test_answers(lines: list[str], approved: bool, message: str) -> None:
    """Yes, no, no with a reason, nonsense that is asked again, help, and the end of the input."""
    decision = decided(*lines)

    assert (decision.approved, decision.message, decision.by) == (approved, message, "person")


def test_arguments_can_be_edited() -> None:
    """What is no JSON object is asked again, and leaves the call as it is."""
    assert decided("e\n", '{"path": "other.txt"}\n').arguments == {"path": "other.txt"}
    assert decided("e\n", "{path}\n", "e\n", "[1]\n", "e\n", "\n", "y\n").arguments is None


def test_the_question_shows_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    """Tool, effect and every argument; a call in doubt says so."""
    decided("y\n")
    asked = capsys.readouterr().err
    decided("y\n", doubt=True)

    assert "write_file may have effects (effect)" in asked
    assert "path: notes.txt" in asked
    assert "Do it again?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "asker"),
    [("train[model=a/b]", "train[model=a/b]: "), ("0a1b2c3d4e5f6071:2/judge#1", "judge: "), ("0a1b2c3d4e5f6071", "")],
)
def test_the_question_names_the_node_that_asks(capsys: pytest.CaptureFixture[str], place: str, asker: str) -> None:
    """Of a pipeline, or of a workflow inside of something; other steps have no names that people know."""
    token = CURRENT.set(Step("run", "step", place, "approval", "write_file", Effect.PURE, b"null"))
    decided("y\n")
    CURRENT.reset(token)

    assert capsys.readouterr().err.startswith(f"\n{asker}write_file may have effects")


def test_always_counts_for_one_tool_and_never_for_doubt() -> None:
    """`a` answers later questions about the same tool, but not whether to repeat something."""

    async def scenario() -> list[bool]:
        approver = TerminalApprover(contextlib.nullcontext, scripted("a\n", "n\n"))
        return [(await approver.decide(request(doubt))).approved for doubt in (False, False, True)]

    assert asyncio.run(scenario()) == [True, True, False]


def test_waiting_for_a_line_blocks_nothing() -> None:
    """The loop turns while a person thinks, and a cancelled wait leaves the line for the next."""
    reader, writer = os.pipe()

    async def scenario() -> str:
        waiting = asyncio.ensure_future(line_of(reader, "utf-8"))
        await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        os.write(writer, "yes ✓\n".encode())
        return await line_of(reader, "utf-8")

    try:
        assert asyncio.run(scenario()) == "yes ✓\n"
    finally:
        os.close(reader)
        os.close(writer)


class Screen:
    """`victor …` on a pseudo terminal: what it shows so far, and a keyboard."""

    def __init__(self, *argv: str, cwd: Path) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            words_for(*argv), stdin=slave, stdout=slave, stderr=slave, cwd=cwd, start_new_session=True
        )
        os.close(slave)
        self.text = ""

    def read_until(self, words: str, longest_s: float = 60) -> str:
        """Read until the words have appeared, or the program has ended."""
        deadline = time.monotonic() + longest_s
        while words not in self.text and time.monotonic() < deadline:
            try:
                self.text += os.read(self._master, 4096).decode("utf-8", "replace")
            except OSError:  # Linux's word for "the other side has closed"
                break
        return self.text

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._master, text.encode())

    def close(self) -> int:
        """Wait for the end and return the exit code."""
        self.read_until("\0")
        code = self.process.wait(60)
        os.close(self._master)
        return code


def test_a_run_is_shown_live_and_its_approval_is_asked_on_the_terminal(tmp_path: Path) -> None:
    """The display makes room for the question; the answer lets the tool write its file."""
    screen = Screen("ask", 'Write "hello" to the file notes.txt', "--tools", "write_file", cwd=tmp_path)

    assert "allow? [y/n/e/a/?]" in screen.read_until("allow?"), screen.text
    screen.type("y\n")

    assert screen.close() == 0, screen.text
    assert (tmp_path / "notes.txt").read_text() == "hello"


def test_a_denied_call_has_no_effect_on_the_terminal(tmp_path: Path) -> None:
    """The model is told, and the run ends well."""
    screen = Screen("ask", 'Write "hello" to the file notes.txt', "--tools", "write_file", cwd=tmp_path)
    screen.read_until("allow?")
    screen.type("n\n")

    assert screen.close() == 0, screen.text
    assert not (tmp_path / "notes.txt").exists()
