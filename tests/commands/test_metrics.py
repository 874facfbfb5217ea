"""`victor metrics`: charts, tables, CSV and JSON; what is wrong is said before anything is read."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.commands.conftest import Call, calling, saying
from victor_nb.agents import Agent
from victor_nb.commands import Session
from victor_nb.errors import UsageError
from victor_nb.journal import RunNotFound
from victor_nb.tools import ExpressionError, UnknownColumn, tool


@tool(effect="read")
def population(city: str) -> int:
    """Look up how many people live in a city."""
    return {"Bern": 137_000}[city]


@pytest.fixture
def runs(session: Session, call: Call) -> list[str]:
    """An agent that answers, and one that uses a tool."""
    assert session.namespace is not None
    session.namespace["poet"] = Agent(name="poet", model=saying("a verse"))
    session.namespace["geographer"] = Agent(
        name="geographer", model=calling("population", {"city": "Bern"}), tools=[population]
    )
    return [call("ask", name, body="Say something.").run_id for name in ("poet", "geographer", "geographer")]


def test_without_words_there_are_charts_and_the_numbers_of_everything(call: Call, runs: list[str]) -> None:
    """What a person wants to see first."""
    shown = call("metrics")

    assert "3 runs" in shown.to_text()
    assert "2 population" in shown.to_text()
    told = call("metrics", "--json").to_json()
    assert (told["metrics"]["runs"], told["metrics"]["tool_calls"]) == (3, 2)
    assert len(told["charts"]) == 10


def test_a_table_has_a_row_a_group(call: Call, runs: list[str]) -> None:
    """Agents, the most used first; a few columns are shown, JSON has all."""
    table = call("metrics", "--by", "agent")

    assert [row[0] for row in table.rows] == ["geographer", "poet"]
    assert table.rows[0][1] == 2
    assert "100.0%" in table.to_text()
    records = call("metrics", "--by", "agent", "--json").to_json()
    assert (records[0]["agent"], records[0]["success_rate"], records[0]["tool_calls"]) == ("geographer", 1.0, 2)
    assert records[1]["tool_mean_s"] is None


def test_conditions_derived_columns_and_columns_of_ones_own(call: Call, runs: list[str]) -> None:
    """All in one question."""
    options = (
        "--by",
        "agent",
        "--derive",
        "calls_per_run=tool_calls / runs",
        "--where",
        "calls_per_run > 0 & runs < 9",
    )

    table = call("metrics", *options, "--columns", "runs,calls_per_run")

    assert list(table.columns) == ["agent", "runs", "calls_per_run"]
    assert table.rows == [["geographer", 2, 1.0]]


def test_csv_has_every_column(call: Call, runs: list[str]) -> None:
    """Other programs read it."""
    rows = list(csv.DictReader(io.StringIO(call("metrics", "--by", "tool,day", "--csv").to_text())))

    assert (rows[0]["tool"], rows[0]["calls"], rows[0]["errors"]) == ("population", "2", "0")
    assert rows[0]["day"].endswith("+00:00")
    assert json.loads(json.dumps(call("metrics", "--by", "tool,day", "--csv", "--json").to_json()))[0]["runs"] == 2


def test_one_run_and_a_span_of_time(call: Call, runs: list[str]) -> None:
    """By id, by "last", since and until."""
    assert call("metrics", "--run", runs[0], "--by", "agent").rows[0][0] == "poet"
    assert call("metrics", "--run", "last", "--json").to_json()[0]["runs"] == 1
    assert call("metrics", "--since", "1h", "--json").to_json()["metrics"]["runs"] == 3
    assert call("metrics", "--by", "agent", "--until", "2020-01-01").rows == []


def test_an_empty_journal_has_metrics_too(call: Call) -> None:
    """Nothing is no error."""
    assert "0 runs" in call("metrics").to_text()
    assert "nothing fits" in call("metrics", "--by", "agent").to_text()
    assert call("metrics", "--by", "tool", "--csv").to_text().startswith("tool,calls,")


def test_where_no_widget_can_be_shown_the_charts_come_as_they_are(call: Call, runs: list[str]) -> None:
    """A terminal has no live view in a cell."""
    assert "3 runs" in call("metrics", "--live", "--since", "1h").to_text()


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("--by", "agnet"), UsageError, "Did you mean 'agent'"),
        (("--columns", "p95", "--by", "agent"), UsageError, "Did you mean 'p95_s'"),
        (("--since", "soon"), UsageError, "'soon' is no point in time"),
        (("--where", "eror_rate > 1"), UnknownColumn, "Did you mean 'error_rate'"),
        (("--where", "runs.__class__"), ExpressionError, "no such method"),
        (("--derive", "nothing"), UsageError, "names no column"),
        (("--derive", "runs=1"), UsageError, "cannot be called 'runs'"),
        (("--run", "nowhere"), RunNotFound, "there is no run 'nowhere'"),
        (("--live", "--by", "agent"), UsageError, "shows charts, not a table"),
    ],
)
def test_what_is_wrong_is_said(
    call: Call, runs: list[str], words: tuple[str, ...], error: type[Exception], said: str
) -> None:
    """With the nearest word that there is."""
    with pytest.raises(error, match=said):
        call("metrics", *words)
