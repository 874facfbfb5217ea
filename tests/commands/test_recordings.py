"""Recordings: small, stable text files that replay elsewhere, and hold no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.commands.conftest import Call, calling, saying
from victor_nb.agents import Agent, BudgetExceeded
from victor_nb.commands import Session
from victor_nb.journal import ReplayMiss, open_journal
from victor_nb.journal.recording import RecordingError, exported, imported
from victor_nb.tools import tool


@tool(effect="read")
def table(rows: int) -> pd.DataFrame:
    """Make a table."""
    return pd.DataFrame({"x": range(rows)})


@pytest.fixture
def elsewhere(tmp_path: Path) -> Any:
    """A session in another project, with a journal of its own."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    made = Session(namespace={}, start=folder)
    yield made
    made.close()


def keep(session: Session, **values: object) -> None:
    assert session.namespace is not None
    session.namespace.update(values)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_recording_replays_in_another_journal(
    session: Session, elsewhere: Session, call: Call, tmp_path: Path
) -> None:
    """Tables, answers and tool calls come back without a model or a tool being called."""
    worker = Agent(name="worker", model=calling("table", {"rows": 3}), tools=[table])
    keep(session, worker=worker)
    first = call("ask", "worker", body="Go.")
    file = tmp_path / "rec" / "notebook.jsonl"

    exported = call("replay", "export", "-o", str(file))
    imported = call("replay", "import", str(file), within=elsewhere)

    keep(elsewhere, worker=Agent(name="worker", model=saying("other"), tools=[table]))
    again = call("ask", "worker", "--replay", "strict", body="Go.", within=elsewhere)
    assert exported.to_json()["runs"] == 1
    assert imported.to_json() == [{"run": first.run_id, "name": "worker", "state": "imported"}]
    assert (again.text, again.replayed) == (first.text, True)
    assert again.artifacts["table"].equals(first.artifacts["table"])
    assert call("replay", "import", str(file), within=elsewhere).to_json()[0]["state"] == "was here"


def test_the_configured_recording_is_read_before_a_replay(
    session: Session, elsewhere: Session, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook with a recording beside it replays on a machine that never ran it."""
    keep(session, poet=Agent(name="poet", model=saying("a verse")))
    keep(elsewhere, poet=Agent(name="poet", model=saying("another")))
    call("ask", "poet", body="Go.")
    call("replay", "export", "-o", str(tmp_path / "notebook.jsonl"))
    monkeypatch.setenv("VICTOR_REPLAY", "strict")
    monkeypatch.setenv("VICTOR_RECORDING", str(tmp_path / "notebook.jsonl"))

    assert call("ask", "poet", body="Go.", within=elsewhere).text == "a verse"


def test_recording_the_same_again_changes_only_headers(session: Session, call: Call, tmp_path: Path) -> None:
    """What is committed beside a notebook must not differ in every line each time."""
    keep(session, worker=Agent(name="worker", model=calling("table", {"rows": 3}), tools=[table]))
    for name in ("one", "two"):
        call("ask", "worker", body="Go.")
        call("replay", "export", "last", "-o", str(tmp_path / name))

    one, two = lines_of(tmp_path / "one"), lines_of(tmp_path / "two")

    assert [line for line in one if "run" not in line] == [line for line in two if "run" not in line]
    assert sum("run" in line for line in one) == 1


def test_without_a_name_every_run_of_the_session_is_exported(session: Session, call: Call, tmp_path: Path) -> None:
    """One file a notebook."""
    keep(session, poet=Agent(name="poet", model=saying("a verse")))
    ids = [call("ask", "poet", body=f"Go {n}.").run_id for n in range(3)]

    call("replay", "export", "-o", str(tmp_path / "all"))

    assert [line["run"] for line in lines_of(tmp_path / "all") if "run" in line] == ids


def test_a_run_that_went_on_after_a_stop_is_exported_whole(session: Session, call: Call, tmp_path: Path) -> None:
    """Attempts, stops and resumes belong to the execution; the recording holds what lasted."""
    keep(session, worker=Agent(name="worker", model=calling("table", {"rows": 3}), tools=[table]))
    with pytest.raises(BudgetExceeded):
        call("ask", "worker", "--max-steps", "2", body="Go.")
    with pytest.raises(RecordingError, match="has not finished"):
        call("replay", "export", "last", "-o", str(tmp_path / "x"))
    call("resume", "--max-steps", "9")

    call("replay", "export", "last", "-o", str(tmp_path / "x"))

    events = [line["event"] for line in lines_of(tmp_path / "x") if "event" in line]
    assert events[-1] == "run.finished"
    assert not {"run.stopped", "run.resumed", "step.failed"} & set(events)


def test_no_secret_is_in_the_file(
    session: Session, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redaction happens on the way into the journal, so nothing is left to export."""
    monkeypatch.setenv("TEAM_API_KEY", "correct-horse-battery")
    keep(session, poet=Agent(name="poet", model=saying("the key is correct-horse-battery")))

    call("ask", "poet", body="Tell correct-horse-battery.")
    call("replay", "export", "-o", str(tmp_path / "x"))

    assert "correct-horse" not in (tmp_path / "x").read_text()
    assert b"correct-horse" not in (tmp_path / ".victor" / "victor.db").read_bytes()


def test_line_breaks_of_unicode_inside_a_text_are_part_of_it(session: Session, elsewhere: Session, call: Call) -> None:
    """Only the line feed ends a line of JSON: answers may hold U+2028, U+0085 and form feeds."""
    text = "one\u2028two\x85three\x0cfour"
    keep(session, worker=Agent(name="worker", model=saying(text)))
    call("ask", "worker", body="Go.")
    file = elsewhere.start / "breaks.jsonl"
    call("replay", "export", "-o", str(file))

    call("replay", "import", str(file), within=elsewhere)
    keep(elsewhere, worker=Agent(name="worker", model=saying("other")))
    again = call("ask", "worker", "--replay", "strict", body="Go.", within=elsewhere)

    assert again.text == text


def test_replay_runs_a_recorded_run_again(session: Session, call: Call) -> None:
    """`victor replay RUN` needs the variables as they were, and says what changed."""
    frame = pd.DataFrame({"x": [1, 2, 3]})
    keep(session, df=frame)
    first = call("ask", "--with", "df", "How", "many", "rows?")

    again = call("replay", "last", "-o", "again")

    assert (again.text, again.replayed) == (first.text, True)
    assert call("replay", "run", first.run_id, "--mode", "auto").replayed
    keep(session, df=frame.head(2))
    with pytest.raises(ReplayMiss):
        call("replay", first.run_id)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not begin as a recording"),
        ('{"victor_recording": 99}\n', "does not begin as a recording"),
        ('{"victor_recording": 1}\n{"event": "x", "data": {}}\n', "before the first run"),
        ('{"victor_recording": 1}\nnot json\n', "not JSON"),
        ('{"victor_recording": 1}\n[1]\n', "not a JSON object"),
        ('{"victor_recording": 1}\n{"run": "a"}\n', "lacks or spoils"),
        (
            '{"victor_recording": 1}\n{"run": "a", "kind": "k", "name": "n", "created": 1, "request": {}}\n',
            "stops before its end",
        ),
        (
            '{"victor_recording": 1}\n{"run": "a", "kind": "k", "name": "n", "created": 1, "request": {}}\n{"x": 1}\n',
            "neither a run, an event nor a blob",
        ),
        (
            '{"victor_recording": 1}\n{"run": "a", "kind": "k", "name": "n", "created": 1, "request": {}}\n'
            '{"blob": "00", "content": "!"}\n',
            "cannot be unpacked",
        ),
        (
            '{"victor_recording": 1}\n{"run": "a", "kind": "k", "name": "n", "created": 1, "request": {}}\n'
            '{"blob": "00", "content": "eJwDAAAAAAE="}\n',
            "not what its name says",
        ),
    ],
)
def test_a_damaged_recording_names_the_line(call: Call, tmp_path: Path, text: str, words: str) -> None:
    """A recording is merged and edited by people: the error leads to the line."""
    file = tmp_path / "x.jsonl"
    file.write_text(text)

    with pytest.raises(RecordingError, match=words) as caught:
        call("replay", "import", str(file))

    assert str(file) in caught.value.where


def test_a_file_that_is_missing_or_no_text_is_an_error(call: Call, tmp_path: Path) -> None:
    """Both name the file."""
    with pytest.raises(RecordingError, match="No such file"):
        call("replay", "import", str(tmp_path / "none"))
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(RecordingError, match="not UTF-8"):
        call("replay", "import", str(tmp_path / "x"))


def test_arrays_in_the_cells_of_a_table_are_in_the_file(tmp_path: Path) -> None:
    """A table refers to them; another journal has to find them."""
    table = pd.DataFrame({"a": [np.arange(50_000)]})
    path = tmp_path / "run.jsonl"
    with open_journal("memory:") as ours, open_journal("memory:") as other:
        with ours.start("agent", "poet") as run:
            run.finish(table)
        path.write_text(exported(ours, [ours.find(run.id)]), encoding="utf-8")

        imported(other, path)

        assert other.result(run.id)["a"][0].tolist() == table["a"][0].tolist()
