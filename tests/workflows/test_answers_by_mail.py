"""Answers that come as mail: a button in another process or a cell that has ended; one way in for all of them."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest

from victor_nb.journal import Journal
from victor_nb.workflows import END, START, Command, Workflow, interrupt


class State(TypedDict, total=False):
    first: Any
    second: Any


@pytest.fixture
def journal(sqlite_journal: Journal) -> Journal:
    """A journal in a file."""
    return sqlite_journal


def two_questions() -> Workflow:
    """Two nodes that ask side by side."""
    graph = Workflow(State, name="two")
    for key in ("first", "second"):
        graph.add_node(key, lambda state, key=key: {key: interrupt(f"the {key}?", key=key)})
        graph.add_edge(START, key)
        graph.add_edge(key, END)
    return graph


def test_a_run_takes_the_answers_that_came_while_nobody_executed_it(journal: Journal) -> None:
    """Whoever resumes it needs to know nothing of them; who answered is on record."""
    graph = two_questions()
    waiting = graph.run_sync({}, journal=journal)
    for asked in waiting.interrupts:
        journal.signal(waiting.run_id, "answer", {"id": asked.id, "value": asked.value, "by": "ada"})

    done = graph.run_sync(None, run_id=waiting.run_id, journal=journal)

    assert done.state == {"first": "the first?", "second": "the second?"}
    assert {event.data["by"] for event in journal.events(done.run_id, types=["interrupt.answered"])} == {"ada"}


def test_one_of_two_answers_leaves_the_other_question_open(journal: Journal) -> None:
    """The run goes as far as it can, and waits again."""
    graph = two_questions()
    waiting = graph.run_sync({}, journal=journal)
    first, second = waiting.interrupts
    journal.signal(waiting.run_id, "answer", {"id": first.id, "value": False})

    again = graph.run_sync(None, run_id=waiting.run_id, journal=journal)

    assert [asked.id for asked in again.interrupts] == [second.id]
    assert graph.run_sync(Command(resume=2), run_id=waiting.run_id, journal=journal).state == {
        "first": False,
        "second": 2,
    }


def test_late_double_and_foreign_answers_say_nothing(journal: Journal) -> None:
    """The first word about a question counts, and only about a question that is open."""
    graph = two_questions()
    waiting = graph.run_sync({}, journal=journal)
    first, second = waiting.interrupts
    for question, value in ((first.id, "one"), (first.id, "two"), ("made up", "three")):
        journal.signal(waiting.run_id, "answer", {"id": question, "value": value})
    graph.run_sync(None, run_id=waiting.run_id, journal=journal)
    journal.signal(waiting.run_id, "answer", {"id": first.id, "value": "late"})

    done = graph.run_sync(Command(resume={second.id: "x"}), run_id=waiting.run_id, journal=journal)

    assert done.state == {"first": "one", "second": "x"}
    assert len(journal.events(done.run_id, types=["interrupt.answered"])) == 2
