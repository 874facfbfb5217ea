"""`victor tools learner`: what runs taught is shown, carried to another journal, and forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Call
from victor_nb.commands import Session
from victor_nb.errors import UsageError
from victor_nb.retrieval.selecting.learning import Outcome
from victor_nb.retrieval.selecting.outcomes import ToolOutcomes


def outcome(number: int, used: str = "sell_boat") -> Outcome:
    """What became of a run that was offered two tools."""
    return Outcome(f"run-{number}", f"request {number}", ("paint_house", "sell_boat"), (used,))


@pytest.fixture
def taught(session: Session) -> ToolOutcomes:
    """The outcomes of a journal in which three runs taught something, where the settings declare the learner."""
    (session.start or Path()).joinpath("victor.toml").write_text('active_learners = ["tools"]\n')
    kept = ToolOutcomes(session.journal())
    kept.restore([outcome(1), outcome(2), outcome(3, "paint_house")])
    return kept


@pytest.mark.usefixtures("taught")
def test_what_was_learned_is_shown(call: Call) -> None:
    """How often each tool was shown, used and failed, the most used first, and out of how many runs."""
    shown = call("tools", "learner", "show")

    assert shown.to_json() == [
        {"tool": "sell_boat", "shown": 3, "used": 2, "failed": 0},
        {"tool": "paint_house", "shown": 3, "used": 1, "failed": 0},
    ]
    assert "from 3 runs" in shown.to_text()


def test_where_nothing_is_learned_it_says_how_to_begin(call: Call) -> None:
    """The line of the settings that is missing; with it, that no run has taught anything yet."""
    assert "active_learners" in call("tools", "learner", "show").to_text()
    Path("victor.toml").write_text('active_learners = ["tools"]\n')
    assert "no run has taught" in call("tools", "learner", "show").to_text()


def test_what_was_learned_is_forgotten(call: Call, taught: ToolOutcomes) -> None:
    """All of it, once."""
    assert call("tools", "learner", "reset").to_json() == {"forgotten": 3}
    assert taught.all() == []
    assert call("tools", "learner", "reset").to_json() == {"forgotten": 0}


def test_what_was_learned_is_carried_in_a_file(call: Call, taught: ToolOutcomes) -> None:
    """One run a line; what comes back is what went out, however often it is brought."""
    before = taught.all()
    assert call("tools", "learner", "export", "taught.jsonl").to_json() == {"runs": 3}
    assert [json.loads(line)["run_id"] for line in Path("taught.jsonl").read_text().splitlines()] == [
        "run-1",
        "run-2",
        "run-3",
    ]
    call("tools", "learner", "reset")
    for _ in range(2):
        assert call("tools", "learner", "import", "taught.jsonl").to_json() == {"runs": 3}
        assert taught.all() == before
    with pytest.raises(UsageError, match="--force"):
        call("tools", "learner", "export", "taught.jsonl")
    call("tools", "learner", "export", "taught.jsonl", "--force")


@pytest.mark.parametrize("text", ["no JSON", '{"run_id": 1}', b"\xff\xfe"])
def test_a_file_that_holds_something_else_is_told_and_nothing_is_learned(
    call: Call, taught: ToolOutcomes, text: str | bytes
) -> None:
    """The line that is no outcome; what was learned before stays."""
    whole = json.dumps({"run_id": "run-9", "request": "r", "offered": [], "used": []}).encode() + b"\n"
    Path("taught.jsonl").write_bytes(whole + (text.encode() if isinstance(text, str) else text))

    with pytest.raises(UsageError, match="line 2"):
        call("tools", "learner", "import", "taught.jsonl")
    assert len(taught.all()) == 3


def test_files_that_cannot_be_read_or_written_are_told(call: Call) -> None:
    """What is not there, and a folder that is not."""
    with pytest.raises(UsageError, match="cannot read"):
        call("tools", "learner", "import", "missing.jsonl")
    with pytest.raises(UsageError, match="cannot write"):
        call("tools", "learner", "export", "no/such/folder.jsonl")


def test_the_list_of_tools_needs_no_verb_of_its_own(call: Call) -> None:
    """Its words and flags stand where they stood; help names them, and the learner's verbs."""
    assert call("tools", "--search", "mean by group").to_json() == (
        call("tools", "list", "--search", "mean by group").to_json()
    )
    assert "--search" in call("tools", "--help").to_text()
    assert "reset" in call("tools", "learner").to_text()
    with pytest.raises(UsageError, match="'show'"):
        call("tools", "learner", "shwo")
