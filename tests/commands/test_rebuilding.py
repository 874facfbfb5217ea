"""Going on with a run in another process: what the journal knows is enough, or the error says what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.commands.conftest import Call, calling, careful_agent, saying
from victor_nb.agents import Agent, ApprovalDenied, BudgetExceeded
from victor_nb.commands import Session
from victor_nb.errors import UsageError
from victor_nb.tools import UnknownTool, tool


@pytest.fixture
def terminal(tmp_path: Path) -> Any:
    """A session without a kernel, on the same journal."""
    made = Session(start=tmp_path)
    yield made
    made.close()


def keep(session: Session, **values: object) -> None:
    assert session.namespace is not None
    session.namespace.update(values)


def test_a_terminal_goes_on_with_what_a_kernel_began(
    session: Session, terminal: Session, call: Call, tmp_path: Path
) -> None:
    """Agent, tools and model come from the record; the data from the file, checked to be the same."""
    frame = pd.DataFrame({"x": [1, 2, 3]})
    frame.to_csv(tmp_path / "x.csv", index=False)
    keep(session, df=frame)
    with pytest.raises(BudgetExceeded):
        call("ask", "--with", "df", "--tools", "read_file", "--max-steps", "1", "How many rows are there?")

    with pytest.raises(UsageError, match="looked at df") as caught:
        call("resume", within=terminal)
    answer = call("resume", "--data", f"df={tmp_path}/x.csv", within=terminal)

    assert "--data df=FILE" in caught.value.hint
    assert "3" in answer.text


def test_flags_of_the_resuming_call_count(session: Session, call: Call) -> None:
    """A user's agent keeps its own limits but for those that are given now."""
    worker = Agent(name="worker", model=calling("send_mail", {"to": "a"}), tools=careful_agent([]).tools)
    keep(session, mine=worker)
    with pytest.raises(ApprovalDenied):
        call("ask", "mine", "--approve", "never", body="Go.")
    call("approve")

    with pytest.raises(BudgetExceeded):
        call("resume", "--max-steps", "1")
    assert "sent to a" in call("resume", "--max-steps", "5", "-o", "found").text
    assert session.namespace is not None
    assert session.namespace["found"].text


def test_tools_of_the_flag_come_back_with_the_users_agent(session: Session, call: Call) -> None:
    """What `--tools` added to an agent is added again."""

    @tool(effect="pure")
    def double(n: int) -> int:
        """Double a number."""
        return 2 * n

    keep(session, double=double, worker=Agent(name="worker", model=calling("double", {"n": 4})))
    with pytest.raises(BudgetExceeded):
        call("ask", "worker", "--tools", "double", "--max-steps", "1", body="Go.")

    assert "8" in call("resume", "--max-steps", "9").text


def test_a_tool_that_is_gone_is_named(session: Session, terminal: Session, call: Call) -> None:
    """A tool of the user's own lives in the kernel."""

    @tool(effect="pure")
    def double(n: int) -> int:
        """Double a number."""
        return 2 * n

    keep(session, double=double)
    with pytest.raises(BudgetExceeded):
        call("ask", "--tools", "double", "--max-steps", "1", "double 4")

    with pytest.raises(UnknownTool, match="double"):
        call("resume", within=terminal)


def test_an_agent_with_a_structured_answer_must_be_there(session: Session, terminal: Session, call: Call) -> None:
    """A type is not in the journal, so the cell that defines it has to run first."""

    @dataclass
    class Verdict:
        good: bool

    keep(session, judge=Agent(name="judge", model=saying("no json"), output=Verdict))
    with pytest.raises(Exception, match=r".+"):
        call("ask", "judge", body="Go.")

    with pytest.raises(UsageError, match="structured answer"):
        call("resume", within=terminal)


def test_a_model_object_cannot_be_named(session: Session, terminal: Session, call: Call) -> None:
    """The error says which model the run was answered by."""
    keep(session, poet=Agent(name="poet", model=saying("a verse")))
    call("ask", "poet", body="Go.")

    with pytest.raises(UsageError, match="scripted"):
        call("replay", "last", within=terminal)


def test_only_agents_runs_are_rebuilt(session: Session, call: Call) -> None:
    """Other kinds of runs are gone on with by what made them."""
    run = session.journal().start("demo", "chain", {})
    run.stop("enough")

    with pytest.raises(UsageError, match="is a demo"):
        call("resume", run.id)
