"""Slips of whoever writes a program are told before anything runs, by name and with what was meant."""

from __future__ import annotations

import pytest

from tests.agents.scripts import Never, Script
from victor_nb import Agent, Budget, open_journal, tool
from victor_nb.agents import Decision
from victor_nb.errors import UsageError
from victor_nb.workflows.journals import journal_of


@tool(effect="pure")
def double(number: int) -> int:
    """Double a number."""
    return 2 * number


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "needs a name"),
        ({"tools": double}, "tools is one Tool"),
        ({"tools": "sql"}, "tools is one str"),
        ({"model": 5}, "5 is neither the name of a model nor a model"),
        ({"on_doubt": "rety"}, "on_doubt='rety' is unknown. Did you mean 'retry'?"),
    ],
)
def test_an_agent_that_cannot_be_meant_is_refused_where_it_is_made(fields, words):
    """Not later, in the middle of a run."""
    with pytest.raises(UsageError) as caught:
        Agent(**{"name": "a", **fields})

    assert words in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize("limit", ["5", True, 0, -1])
def test_a_budget_is_a_positive_number(limit):
    """A text is no number, though it looks like one."""
    with pytest.raises(UsageError, match=r"no number|not positive"):
        Budget(steps=limit)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": None}, "nothing to ask"),
        ({"prompt": " \n"}, "nothing to ask"),
        ({"prompt": 5}, "of type int, not text"),
        ({"replay": "strct"}, "Did you mean 'strict'?"),
        ({"on_doubt": "skipp"}, "Did you mean 'skip'?"),
        ({"journal": 5}, "the journal is of type int"),
        ({"variables": [1]}, "the variables have no names"),
        ({"approver": lambda request: Decision(True, by="me")}, "cannot be asked"),
    ],
)
def test_a_request_that_cannot_be_meant_asks_no_model(options, words):
    """A misspelt replay above all: it would have paid for what was recorded."""
    with open_journal("memory:") as journal, pytest.raises(UsageError) as caught:
        Agent("a", Never.model()).run_sync(**{"prompt": "go", "journal": journal, **options})

    assert words in caught.value.what
    assert caught.value.hint


def test_a_journal_may_be_given_by_its_url(tmp_path, monkeypatch):
    """As a workflow takes it; secrets that the settings know stay out of it, too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOME_API_KEY", "a-secret-value")

    result = Agent("a", Script("it is a-secret-value").model()).run_sync("go", journal="sqlite:///runs.db")

    with open_journal("sqlite:///runs.db") as journal:
        assert journal.result(result.run_id)["text"] == "it is [redacted:SOME_API_KEY]"


def test_a_workflow_s_journal_by_its_url_is_without_secrets_too(tmp_path, monkeypatch):
    """One rule for agents and workflows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOME_API_KEY", "a-secret-value")

    journal = journal_of("sqlite:///runs.db")

    assert journal.redactor.clean_text("it is a-secret-value") == "it is [redacted:SOME_API_KEY]"
    assert journal_of("sqlite:///runs.db") is journal
    journal.close()
