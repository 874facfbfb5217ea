"""Agents in notebooks that a pipeline runs: each node answers from its own recordings."""

from __future__ import annotations

import pytest

from victor_nb import Agent
from victor_nb.agents.inside import VARIABLE, Inside, inside, variables_of
from victor_nb.testing import ScriptedModel, Turn


@pytest.fixture
def node(monkeypatch):
    """Say that this process works for a node of a pipeline."""

    def say(name: str, replay: str = "auto") -> None:
        for variable, value in variables_of(Inside(replay, name)).items():
            monkeypatch.setenv(variable, value)

    return say


def asked(journal, *turns, **options):
    """Ask the same thing of an agent whose model says `turns`."""
    return Agent("asker", model=ScriptedModel(turns or [Turn("six")])).run_sync("2 * 3?", journal=journal, **options)


def test_outside_of_a_pipeline_an_agent_is_asked_anew(sqlite_journal, monkeypatch):
    """Whatever else the variable holds."""
    monkeypatch.setenv(VARIABLE, "nonsense")

    assert inside() is None
    assert [asked(sqlite_journal).replayed, asked(sqlite_journal).replayed] == [False, False]


def test_a_node_answers_from_its_own_recordings(sqlite_journal, node):
    """The same question in another node is another question."""
    node("demo/train[model=a b]")
    assert [asked(sqlite_journal).replayed, asked(sqlite_journal).replayed] == [False, True]
    node("demo/other")
    assert not asked(sqlite_journal).replayed


def test_what_is_said_in_the_call_counts_more(sqlite_journal, node):
    """`replay=` of the call is nobody else's business."""
    node("demo/train")
    asked(sqlite_journal)

    assert not asked(sqlite_journal, replay="record").replayed


def test_a_run_that_was_broken_off_is_gone_on_with(sqlite_journal, node):
    """A notebook that was killed while its agent worked pays for nothing twice."""
    node("demo/train")
    with pytest.raises(ZeroDivisionError):
        asked(sqlite_journal, ZeroDivisionError("down"))
    [broken] = sqlite_journal.runs()

    assert asked(sqlite_journal).run_id == broken.run_id
