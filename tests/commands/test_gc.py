"""`victor gc`, `victor pin` and `victor unpin`: a look first, then what was told; what `victor doctor` says of it."""

from __future__ import annotations

import pytest

from tests.commands.conftest import Call, saying
from victor_nb.agents import Agent
from victor_nb.commands import Session
from victor_nb.errors import UsageError


@pytest.fixture
def runs(session: Session, call: Call) -> list[str]:
    """Three runs of an agent, the oldest first."""
    assert session.namespace is not None
    session.namespace["poet"] = Agent(name="poet", model=saying("a verse"))
    return [call("ask", "poet", body="Say something.").run_id for _ in range(3)]


def test_a_look_tells_what_would_go_and_how_it_is_done(call: Call, runs: list[str]) -> None:
    """Nothing is changed; the command that does it stands below."""
    shown = call("gc", "--keep", "1")

    assert [row[:3] for row in shown.rows] == [["agent", "poet", 2]]
    assert "nothing was changed; to do it: victor gc --keep 1 --yes" in shown.to_text()
    assert len(call("runs").rows) == 3


def test_with_yes_it_is_done_and_metrics_stay(call: Call, runs: list[str]) -> None:
    """JSON has the numbers and the ids."""
    told = call("gc", "--keep", "1", "--yes", "--json").to_json()

    assert (told["is_done"], told["runs"], list(told["run_ids"])) == (True, 2, runs[:2])
    assert [row[0] for row in call("runs").rows] == [runs[2]]
    assert call("metrics", "--json").to_json()["metrics"]["runs"] == 3


def test_by_default_young_runs_stay(call: Call, runs: list[str]) -> None:
    """The settings let go what is older than ninety days."""
    assert "no run fits" in call("gc").to_text()


def test_pinned_runs_stay_until_they_are_unpinned(call: Call, runs: list[str]) -> None:
    """By id or `last`; the look says why they stay."""
    assert call("pin", "last", runs[0]).to_json() == {"pinned": [runs[2], runs[0]]}

    shown = call("gc", "--keep", "0")
    assert "2 runs that would fit stay: they are pinned" in shown.to_text()
    assert shown.to_json()["run_ids"] == (runs[1],)
    assert call("unpin", "last", runs[1]).to_json() == {"unpinned": [runs[2]]}
    assert call("gc", "--keep", "0").to_json()["run_ids"] == (runs[1], runs[2])


def test_single_runs_can_be_removed(call: Call, runs: list[str]) -> None:
    """By id, its beginning or `last`, whatever their age."""
    call("gc", "--run", "last", "--run", runs[0], "--yes")

    assert [row[0] for row in call("runs").rows] == [runs[1]]


def test_a_journal_over_its_budget_is_told_by_the_doctor(
    call: Call, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the way out; one within its budget is well."""
    monkeypatch.setenv("VICTOR_RETENTION__MAX_BYTES", "1000")
    assert ["journal budget", "wrong"] in [row[:2] for row in call("doctor").rows]
    assert call("gc", "--to-budget").to_json()["runs"] == 3

    monkeypatch.setenv("VICTOR_RETENTION__MAX_BYTES", "1000000000")
    assert ["journal budget", "ok"] in [row[:2] for row in call("doctor").rows]
    assert call("gc", "--to-budget").to_json()["runs"] == 0


def test_what_makes_no_sense_is_told(call: Call) -> None:
    """States and ages, and a budget that is not set."""
    with pytest.raises(UsageError, match="Did you mean 'failed'"):
        call("gc", "--state", "faild")
    with pytest.raises(UsageError, match="no point in time"):
        call("gc", "--older-than", "yesteryear")
    with pytest.raises(UsageError, match="no budget"):
        call("gc", "--to-budget")
