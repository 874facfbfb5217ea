"""Recordings without pytest's help: in a script, or another test runner."""

from __future__ import annotations

import pytest

from tests.testing.adding import adder
from victor_nb.journal.recording import RecordingError
from victor_nb.testing import Recording, RecordingMissing


def test_a_recording_is_written_when_the_work_is_done(tmp_path):
    """What was recorded is replayed by another process, from the file alone."""
    path = tmp_path / "deep" / "adder.jsonl"
    with Recording(path, record=True) as recording:
        first = recording.run(adder(), "add")

    with Recording(path) as recording:
        again = recording.run(adder(), "add")

    assert (again.text, again.replayed) == (first.text, True)


def test_work_that_failed_writes_nothing(tmp_path):
    """An exception in the middle leaves no file behind."""
    with pytest.raises(LookupError), Recording(tmp_path / "adder.jsonl", record=True) as recording:
        recording.run(adder(LookupError("no such thing")), "add")

    assert list(tmp_path.iterdir()) == []


def test_only_finished_runs_are_kept(tmp_path):
    """A run that failed, and was expected to, does not spoil the recording."""
    path = tmp_path / "adder.jsonl"
    with Recording(path, record=True) as recording:
        with pytest.raises(LookupError):
            recording.run(adder(LookupError("no such thing")), "fail")
        recording.run(adder(), "add")

    with Recording(path) as recording:
        assert [info.request["prompt"] for info in recording.journal.runs()] == ["add"]


def test_a_missing_file_is_told_with_its_place(tmp_path):
    """The error names the file that was looked for."""
    with pytest.raises(RecordingMissing, match="nowhere"):
        Recording(tmp_path / "nowhere.jsonl")


def test_a_damaged_file_is_told_with_its_line(tmp_path):
    """A merge conflict in a recording does not pass for an empty one."""
    path = tmp_path / "adder.jsonl"
    path.write_text('{"victor_recording": 1}\n<<<<<<< ours\n')

    with pytest.raises(RecordingError, match=r"adder\.jsonl:2"):
        Recording(path)
