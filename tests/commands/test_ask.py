"""Asking agents: who answers, what it sees, what comes back, and what a person can get wrong."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.commands.conftest import Call, calling, careful_agent, saying
from victor_nb.agents import Agent, AgentResult, ApprovalDenied, Budget, BudgetExceeded
from victor_nb.agents.budget import DEFAULT_STEPS
from victor_nb.commands import Session
from victor_nb.commands.asking import budget_of
from victor_nb.config import BudgetSettings
from victor_nb.errors import UsageError
from victor_nb.journal import Event, ReplayMiss
from victor_nb.tools import UnknownTool, tool


@pytest.fixture
def frame(session: Session) -> pd.DataFrame:
    """A table in the kernel, under the name df."""
    made = pd.DataFrame({"species": ["a", "b", "a"], "length": [1.0, 2.0, 4.0]})
    assert session.namespace is not None
    session.namespace["df"] = made
    return made


def keep(session: Session, **values: object) -> None:
    assert session.namespace is not None
    session.namespace.update(values)


def test_a_cell_names_the_agent_and_its_body_is_the_prompt(session: Session, call: Call, seen: list[Event]) -> None:
    """The word beside %%victor is a variable that holds an agent."""
    keep(session, poet=Agent(name="poet", model=saying("a verse")))

    answer = call("ask", "poet", body="Say something.\nTwo lines.")

    assert isinstance(answer, AgentResult)
    assert answer.text == "a verse"
    assert session.journal().find(answer.run_id).request["prompt"] == "Say something.\nTwo lines."
    assert seen[0].type == "run.started"
    assert seen[-1].type == "run.finished"


def test_the_answer_is_bound_and_shows_itself(session: Session, call: Call) -> None:
    """`-o name` gives the user's namespace the result object."""
    keep(session, poet=Agent(name="poet", model=saying("**bold** words")))

    answer = call("ask", "poet", "-o", "verse", body="Say something.")

    assert session.namespace is not None
    assert session.namespace["verse"] is answer
    assert answer.run_id in answer.to_text()
    assert "<strong>bold</strong>" in answer.to_html()
    assert answer.to_json()["text"] == "**bold** words"
    assert set(answer._repr_mimebundle_()) == {"text/plain", "text/markdown", "text/html"}


def test_below_its_own_display_an_answer_is_one_line(session: Session, call: Call) -> None:
    """The display says it all; the value of the cell only names the run and what it took."""
    session.cell = lambda: 7
    keep(session, poet=Agent(name="poet", model=saying("a verse")))

    faces = call("ask", "poet", body="Say something.")._repr_mimebundle_()

    assert set(faces) == {"text/plain", "text/markdown", "text/html"}
    assert all("1 tool call" not in face and "run " in face and "a verse" not in face for face in faces.values())
    assert "<pre" not in faces["text/html"]


def test_words_of_a_line_are_the_prompt(session: Session, call: Call) -> None:
    """Without a cell, the agent is named by a flag."""
    keep(session, poet=Agent(name="poet", model=saying("a verse")))

    answer = call("ask", "--agent", "poet", "Say", "something")

    assert session.journal().find(answer.run_id).request["prompt"] == "Say something"


def test_only_named_variables_reach_the_model(session: Session, call: Call, frame: pd.DataFrame) -> None:
    """What is not named is not described, and its name is not sent."""
    keep(session, private_notes="the password is swordfish", poet=Agent(name="poet", model=saying("ok")))

    answer = call("ask", "poet", "--with", "df", body="What is there?")
    prompt = call("show", answer.run_id, "--prompt").to_text()

    assert '"species"' in prompt
    assert "swordfish" not in prompt
    assert "private_notes" not in prompt


def test_tools_of_the_flag_see_named_variables_only(session: Session, call: Call, frame: pd.DataFrame) -> None:
    """SQL reaches the tables that were named for the agent, and no other table of the notebook."""
    keep(
        session,
        hidden=frame.copy(),
        worker=Agent(name="worker", model=calling("query_sql", {"query": "select * from df"})),
    )
    assert "species" in call("ask", "worker", "--with", "df", "--tools", "sql", body="Go.").text

    keep(session, worker=Agent(name="worker", model=calling("query_sql", {"query": "select * from hidden"})))
    answer = call("ask", "worker", "--with", "df", "--tools", "sql", body="Go on.")

    assert "species" not in answer.text


def test_interpolation_is_explicit(session: Session, call: Call) -> None:
    """Two braces name a variable; single braces are text."""
    keep(session, city="Paris", poet=Agent(name="poet", model=saying("ok")))

    answer = call("ask", "poet", body='In {{city}}: {"a": {x}}')

    assert session.journal().find(answer.run_id).request["prompt"] == 'In Paris: {"a": {x}}'


def test_tools_are_named_by_the_registry_or_by_variables(session: Session, call: Call) -> None:
    """A tool that the user declared is found by its variable, and used."""

    @tool(effect="pure")
    def double(n: int) -> int:
        """Double a number."""
        return 2 * n

    keep(session, double=double, worker=Agent(name="worker", model=calling("double", {"n": 21})))

    assert "42" in call("ask", "worker", "--tools", "double", body="Go.").text


def test_a_budget_from_a_flag_stops_the_run_and_a_larger_one_lets_it_go_on(session: Session, call: Call) -> None:
    """The limit is an error that can be resumed; resuming does not do the first steps again."""
    calls: list[int] = []

    @tool(effect="read")
    def look(n: int) -> int:
        """Look at a number."""
        calls.append(n)
        return n

    keep(session, worker=Agent(name="worker", model=calling("look", {"n": 7}), tools=[look]))
    with pytest.raises(BudgetExceeded):
        call("ask", "worker", "--max-steps", "2", body="Go.")

    answer = call("resume", "last", "--max-steps", "10", "-o", "found")

    assert answer.text == "look said: 7"
    assert calls == [7]


def test_other_limits_leave_the_guard_against_endless_loops(tmp_path: Path, session: Session, call: Call) -> None:
    """Settings that limit tokens or money say nothing about steps: two hundred stay the most, until one says more."""
    (tmp_path / "victor.toml").write_text("[budget]\ntokens = 5000\n")
    settings = session.settings({"budget.cost_usd": 0.5})

    assert budget_of(settings) == Budget(steps=DEFAULT_STEPS, tokens=5000, cost_usd=0.5)
    assert settings.budget.steps == BudgetSettings().steps == DEFAULT_STEPS
    assert budget_of(session.settings({"budget.steps": 900})).steps == 900


def test_a_cell_run_again_with_resume_goes_on_where_it_stopped(session: Session, call: Call) -> None:
    """`--resume` finds the unfinished run of the same request; without one it starts anew."""
    keep(session, worker=Agent(name="worker", model=saying("done")))
    first = call("ask", "worker", "--resume", body="Go.")
    assert len(session.journal().runs()) == 1

    keep(session, worker=careful_agent([]))
    with pytest.raises(ApprovalDenied):
        call("ask", "worker", "--approve", "never", body="Write.")
    stopped = session.journal().find("last")
    with pytest.raises(ApprovalDenied):
        call("ask", "worker", "--approve", "never", "--resume", body="Write.")

    assert session.journal().find("last").run_id == stopped.run_id != first.run_id


def test_strict_replay_answers_from_the_record_and_a_changed_prompt_is_a_miss(session: Session, call: Call) -> None:
    """The second time no model is asked; a prompt that was never asked says what changed."""
    keep(session, poet=Agent(name="poet", model=saying("a verse")))
    first = call("ask", "poet", body="Say something.")
    keep(session, poet=Agent(name="poet", model=saying("another verse")))

    again = call("ask", "poet", "--replay", "strict", body="Say something.")

    assert (again.text, again.replayed, again.run_id) == (first.text, True, first.run_id)
    with pytest.raises(ReplayMiss, match="prompt"):
        call("ask", "poet", "--replay", "strict", body="Say something else.")


def test_files_become_variables_where_there_is_no_kernel(tmp_path: Path, call: Call) -> None:
    """`--data name=file` makes the terminal useful; the agent gets tools for what was loaded."""
    pd.DataFrame({"x": [1, 2, 3]}).to_csv(tmp_path / "numbers.csv", index=False)
    plain = Session(start=tmp_path)

    answer = call("ask", "how many rows are there", "--data", "df=numbers.csv", within=plain)

    assert "3" in answer.text
    assert answer.metadata
    plain.close()


@pytest.mark.parametrize(
    ("argv", "body", "error", "words"),
    [
        (["ask"], None, UsageError, "nothing to ask"),
        (["ask"], "   \n", UsageError, "nothing to ask"),
        (["ask", "poett"], "Go.", UsageError, "there is no agent 'poett'. Did you mean 'poet'?"),
        (["ask", "number"], "Go.", UsageError, "'number' is of type int, not an agent"),
        (["ask", "poet", "more"], "Go.", UsageError, "one agent answers a cell"),
        (["ask", "poet", "--with", "nubmer"], "Go.", UsageError, "no variable 'nubmer'. Did you mean 'number'?"),
        (["ask", "poet", "-o", "two words"], "Go.", UsageError, "'two words' is not a name"),
        (["ask", "poet", "--tools", "run_sqll"], "Go.", UnknownTool, "run_sqll"),
        (["ask", "poet"], "Go {{nubmer}}.", UsageError, "no variable 'nubmer'"),
        (["ask", "poet", "--data", "1x=a.csv"], "Go.", UsageError, "'1x' is not a name"),
        (["ask", "poet", "--data", "x=a.csv"], "Go.", UsageError, "there is no file 'a.csv'"),
        (["ask", "poet", "--data", "x=a.exe"], "Go.", UsageError, "cannot read '.exe' files"),
    ],
)
def test_mistakes_are_told_before_anything_runs(
    session: Session, call: Call, argv: list[str], body: str | None, error: type[Exception], words: str
) -> None:
    """No run is started for words that make no sense."""
    keep(session, poet=Agent(name="poet", model=saying("ok")), number=3)

    with pytest.raises(error, match=words.replace("?", r"\?").replace("(", r"\(")):
        call(*argv, body=body)

    assert session.journal().runs() == []


def test_a_prompt_that_no_model_reads_is_refused(session: Session, call: Call) -> None:
    """Ten megabytes were not typed; nothing is sent, nothing is recorded."""
    with pytest.raises(UsageError, match="10,000,000 characters"):
        call("ask", body="x" * 10_000_000)

    assert session.journal().runs() == []


def test_a_verb_that_needs_a_kernel_says_so(tmp_path: Path, call: Call) -> None:
    """In a terminal there is no variable to bind."""
    with pytest.raises(UsageError, match="no kernel"):
        call("ask", "-o", "x", "what?", within=Session(start=tmp_path))
