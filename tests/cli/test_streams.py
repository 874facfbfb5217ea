"""Terminals, files and pipes that can do less: no display that moves, no colours, few characters."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Victor, words_for
from tests.cli.test_terminal import Screen
from victor_nb.cli.streams import can_move, make_forgiving, plain
from victor_nb.views.rows import MARKS

ENCODINGS = ["ascii", "cp1252", "latin-1", "utf-8"]
QUESTION = "mean of height by species"


def written(text: str, encoding: str, *, as_json: bool = False, errors: str = "strict") -> str:
    """What a stream of that encoding holds after `text` was written to it."""
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, encoding=encoding, errors=errors)
    make_forgiving(stream, as_json=as_json)
    stream.write(text)
    stream.flush()
    return content.getvalue().decode(encoding)


def run(encoding: str, *argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A verb whose streams have an encoding."""
    return subprocess.run(
        words_for(*argv),
        env={**os.environ, "PYTHONIOENCODING": encoding, "LANG": "C"},
        capture_output=True,
        encoding=encoding,  # strict: a byte that is none of the encoding's fails the test
        cwd=cwd,
        check=False,
    )


@pytest.mark.parametrize("mark", sorted({*MARKS.values(), *"·…→—─│"}))
def test_every_mark_of_ours_has_a_stand_in_of_its_width(mark: str) -> None:
    """One character, and none that says "something was here"."""
    assert len(plain(mark)) == 1
    assert plain(mark).isascii()
    assert plain(mark) == mark or plain(mark) not in "? "


def test_stand_ins_are_used_only_where_they_are_needed() -> None:
    """Letters lose their accents, what nobody can write is a question mark, and the rest stays."""
    text = "✓ café … 中 \N{GRINNING FACE} \N{NO-BREAK SPACE}."

    assert written(text, "ascii") == "+ cafe ~ ? ?  ."
    assert written(text, "cp1252") == "+ café … ? ? \N{NO-BREAK SPACE}."
    assert written(text, "utf-8") == text


def test_half_a_character_is_no_error() -> None:
    """File names and models can hold lone surrogates, which no encoding takes."""
    assert written("a\ud83db", "utf-8") == "a?b"
    assert json.loads(written('"a\ud83db"', "utf-8", as_json=True)) == "a\ud83db"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_loses_nothing(encoding: str) -> None:
    """It escapes what does not fit, beyond the first plane too."""
    value = {"naïve ✓": ["中", "\N{GRINNING FACE}", "…"]}

    assert json.loads(written(json.dumps(value, ensure_ascii=False), encoding, as_json=True)) == value


def test_a_chosen_error_handler_stays() -> None:
    """Who asks for XML's references gets them."""
    assert written("✓", "ascii", errors="xmlcharrefreplace") == "&#10003;"


def test_streams_that_are_none_are_left_alone() -> None:
    """Programs without a console have none, and tests have others."""
    make_forgiving(None, io.StringIO())


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_run_is_asked_listed_and_shown_in_any_encoding(encoding: str, table: Path, tmp_path: Path) -> None:
    """The words are all there, whatever the terminal can write; no verb ends in a traceback."""
    asked = run(encoding, "ask", QUESTION, "--data", "df=plants.csv", cwd=tmp_path)
    listed = run(encoding, "runs", cwd=tmp_path)
    shown = run(encoding, "show", "last", cwd=tmp_path)
    told = run(encoding, "show", "last", "--json", cwd=tmp_path)

    assert [done.returncode for done in (asked, listed, shown, told)] == [0, 0, 0, 0], asked.stderr + shown.stderr
    assert "fern          1.5" in asked.stdout
    assert QUESTION in listed.stdout
    assert "Finished  analyst" in shown.stdout
    assert "?" not in shown.stdout
    assert json.loads(told.stdout)["state"] == "finished"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_error_is_told_in_any_encoding(encoding: str, victor: Victor, tmp_path: Path) -> None:
    """The arrow before the hint has a stand-in too."""
    done = run(encoding, "show", "no-such-run", cwd=tmp_path)

    assert done.returncode != 0
    assert "no-such-run" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": "unknown"}, False), ({}, False)],
)
def test_a_display_moves_only_on_terminals_that_can(environment: dict[str, str], expected: bool) -> None:
    """A pipe cannot, whatever TERM says."""

    class Console(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert can_move(Console(), environment) is expected
    assert not can_move(io.StringIO(), environment)
    assert not can_move(None, environment)


def test_a_dumb_terminal_gets_lines(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run's id, then the answer; nothing moves the cursor."""
    monkeypatch.setenv("TERM", "dumb")
    screen = Screen("ask", QUESTION, "--data", "df=plants.csv", cwd=tmp_path)

    assert screen.close() == 0, screen.text
    assert screen.text.startswith("run ")
    assert "fern          1.5" in screen.text
    assert "\x1b" not in screen.text


def test_no_color_is_obeyed(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The display may move, in one colour."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen("ask", QUESTION, "--data", "df=plants.csv", cwd=tmp_path)

    assert screen.close() == 0, screen.text
    assert "\x1b[" in screen.text
    assert re.findall(r"\x1b\[[0-9;]*m", screen.text) == []
