"""Metrics as a DataFrame: groups, moments, conditions and derived columns, and what is said of those that are wrong."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

import victor_nb
from tests.insight.conftest import NOON, Clock, Doings
from victor_nb.errors import UsageError
from victor_nb.insight.measures import RUN_COLUMNS, STEP_COLUMNS
from victor_nb.insight.moments import seconds_of
from victor_nb.journal import JournalTooNew, RunNotFound
from victor_nb.tools import ExpressionError, UnknownColumn


def test_the_columns_are_those_of_the_metrics(in_memory: Doings) -> None:
    """Words first, then every measure; of runs, or of steps."""
    in_memory.agent("poet", tools=("search",))

    agents = victor_nb.metrics("agent", journal=in_memory.journal)
    tools = victor_nb.metrics(["tool", "day"], journal=in_memory.journal)

    assert tuple(agents.columns) == ("agent", *RUN_COLUMNS)
    assert tuple(tools.columns) == ("tool", "day", *STEP_COLUMNS)
    assert tools["day"][0] == pd.Timestamp(NOON, unit="s", tz="UTC").floor("D")
    assert str(tools["day"].dtype).endswith("UTC]")


def test_a_condition_keeps_the_rows_that_meet_it(in_memory: Doings) -> None:
    """Signs bind as a person reads them."""
    in_memory.agent("poet")
    in_memory.agent("poet", fails=True)
    in_memory.agent("critic")

    found = victor_nb.metrics("agent", where="p95_s >= 0 & error_rate > 0.1", journal=in_memory.journal)

    assert found["agent"].tolist() == ["poet"]


def test_derived_columns_are_computed_and_can_be_asked_for(in_memory: Doings) -> None:
    """Arithmetic over columns, also over derived ones before it."""
    in_memory.agent("poet")

    found = victor_nb.metrics(
        "agent",
        derive={"tokens": "input_tokens + output_tokens", "price": "cost_usd / tokens * 1000", "one": "1"},
        where="tokens == 110",
        journal=in_memory.journal,
    )

    assert (found["tokens"][0], found["price"][0], found["one"][0]) == (110, pytest.approx(0.01 / 0.11), 1)


@pytest.mark.parametrize("by", ["", "agent", "tool", "day", "agent,model,hour"])
def test_a_journal_of_nothing_gives_a_table_with_all_columns(in_memory: Doings, by: str) -> None:
    """Programs that read the table need not ask whether there is anything."""
    found = victor_nb.metrics(by, where="cost_usd >= 0", derive={"twice": "cost_usd * 2"}, journal=in_memory.journal)

    assert len(found) == (1 if not by else 0)
    assert {"cost_usd", "twice"} <= set(found.columns)


def test_asking_again_reads_only_what_is_new(in_memory: Doings) -> None:
    """One projection a journal."""
    from victor_nb.insight.frames import projection_of

    in_memory.agent("poet")
    victor_nb.metrics(journal=in_memory.journal)
    in_memory.agent("poet")

    assert projection_of(in_memory.journal).refresh() == 3
    assert victor_nb.metrics(journal=in_memory.journal)["runs"][0] == 2


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("2h", NOON - 7200),
        ("30min", NOON - 1800),
        ("1.5 d", NOON - 129_600),
        ("2025-10-09T12:00:00+00:00", NOON),
        (NOON - 5, NOON - 5),
        (timedelta(minutes=1), NOON - 60),
        (datetime(2025, 10, 9, 12, tzinfo=UTC), NOON),
        ("today", datetime.fromtimestamp(NOON).replace(hour=0).timestamp()),
    ],
)
def test_points_in_time_as_people_write_them(moment: Any, seconds: float) -> None:
    """Ago, or when."""
    assert seconds_of(moment, NOON) == seconds


def test_one_run_can_be_measured(in_memory: Doings) -> None:
    """By its id, a beginning of it, or as the last."""
    first = in_memory.agent("poet", tools=("search",))
    in_memory.agent("poet")

    assert victor_nb.metrics("tool", run=first, journal=in_memory.journal)["calls"].tolist() == [1]
    assert victor_nb.metrics(run="last", journal=in_memory.journal)["tool_calls"][0] == 0


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"by": "agnet"}, UsageError, "Did you mean 'agent'"),
        ({"by": "agent,,houre"}, UsageError, "Did you mean 'hour'"),
        ({"since": "yester"}, UsageError, "'yester' is no point in time"),
        ({"where": "eror_rate > 0"}, UnknownColumn, "Did you mean 'error_rate'"),
        ({"where": "runs.__class__ == 1"}, ExpressionError, "no such method"),
        ({"where": "__import__('os').system('x')"}, ExpressionError, "no function '__import__'"),
        ({"where": "runs >"}, ExpressionError, "expected here"),
        ({"where": "runs"}, ExpressionError, "neither true nor false"),
        ({"where": "x" * 5000}, ExpressionError, "5,000 characters"),
        ({"derive": {"runs": "1"}}, UsageError, "cannot be called 'runs'"),
        ({"derive": {"a b": "1"}}, UsageError, "cannot be called 'a b'"),
        ({"derive": {"tokens": "runs + 'a'"}}, ExpressionError, "derived column 'tokens'"),
        ({"derive": {"tokens": "runs.dtype"}}, ExpressionError, "no such method"),
        ({"run": "nothere"}, RunNotFound, "there is no run 'nothere'"),
    ],
)
def test_what_is_wrong_is_said(in_memory: Doings, options: dict[str, Any], error: type[Exception], said: str) -> None:
    """With the place, and the nearest name."""
    in_memory.agent("poet")

    with pytest.raises(error, match=said.replace("(", r"\(")):
        victor_nb.metrics(**{"by": "agent", "journal": in_memory.journal, **options})


def test_a_journal_of_a_later_version_says_so(tmp_path) -> None:
    """Nothing is guessed about what we do not know."""
    path = tmp_path / "victor.db"
    victor_nb.open_journal(f"sqlite:///{path}").close()
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(JournalTooNew, match="format 99"):
        victor_nb.metrics(journal=f"sqlite:///{path}")


def test_the_journal_of_the_settings_is_the_default(tmp_path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """In a notebook nobody names it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VICTOR_JOURNAL", f"sqlite:///{tmp_path / 'own.db'}")
    with victor_nb.open_journal(f"sqlite:///{tmp_path / 'own.db'}") as journal:
        Doings(journal, clock).agent("poet")

    assert victor_nb.metrics("agent")["agent"].tolist() == ["poet"]


def test_importing_the_room_loads_neither_numpy_nor_pandas() -> None:
    """Who imports the package does not wait for what it may never ask."""
    question = "import victor_nb.insight, sys; print([m for m in ('numpy', 'pandas', 'numexpr') if m in sys.modules])"

    assert subprocess.run([sys.executable, "-c", question], capture_output=True, text=True).stdout.strip() == "[]"
