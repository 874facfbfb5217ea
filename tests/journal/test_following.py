"""Followers: found by entry point, heard of every run, and never in anybody's way."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint

import pytest

from victor_nb.config import Settings
from victor_nb.config.schema import TracesSettings
from victor_nb.journal import Event, Journal, following, open_journal

WANTED = Settings(traces=TracesSettings(export="on"))
heard: list[str] = []


def note(journal: Journal, settings: Settings) -> None:
    """A follower that notes what it hears."""
    journal.listen_to_all(lambda event: heard.append(event.type))


def fall(journal: Journal, settings: Settings) -> None:
    """A follower that is broken."""
    raise RuntimeError("broken")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three followers: one that is broken, one that is not there, and one that works."""
    heard.clear()
    found = [EntryPoint(name, f"{__name__}:{name}", following.GROUP) for name in ("fall", "gone", "note")]
    monkeypatch.setattr(following, "entry_points", lambda group: found)


@pytest.mark.usefixtures("installed")
def test_a_follower_hears_every_run_and_a_broken_one_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Also runs that begin later; work goes on without those that cannot follow."""
    with open_journal("memory:") as journal, caplog.at_level(logging.ERROR):
        following.follow(journal, WANTED)
        for name in ("one", "two"):
            journal.start("program", name).finish()

    assert heard == ["run.started", "run.finished"] * 2
    assert [record.getMessage().split(" of ")[0] for record in caplog.records] == [
        "the follower fall",
        "the follower gone",
    ]


@pytest.mark.usefixtures("installed")
def test_nobody_follows_unless_the_settings_ask_for_it() -> None:
    """Looking for followers takes time, which nobody pays who wants none."""
    with open_journal("memory:") as journal:
        following.follow(journal, Settings())

        assert not journal.hub.is_heard("any")


def test_listeners_of_all_runs_stop_hearing_and_are_dropped_when_they_raise(caplog: pytest.LogCaptureFixture) -> None:
    """A listener that fails must not stop a run; the others hear on."""
    ours: list[str] = []

    def fail(event: Event) -> None:
        raise RuntimeError("broken")

    with open_journal("memory:") as journal:
        journal.listen_to_all(fail)
        stop = journal.listen_to_all(lambda event: ours.append(event.type))
        journal.start("program", "one").finish()
        stop()
        stop()
        journal.start("program", "two").finish()

        assert not journal.hub.is_heard("any")
    assert ours == ["run.started", "run.finished"]
    assert len(caplog.records) == 1
