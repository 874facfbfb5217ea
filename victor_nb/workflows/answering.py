"""Answering: which questions a run waits with, and which of them it is resumed with answers to.

Answers come with the value that the run is resumed with, or as mail (`Journal.signal(run_id, "answer", …)`), which may
have come while nobody executed the run. Mail about a question that is not open says nothing.
"""

from __future__ import annotations

from typing import Any, Final

from victor_nb.journal import Journal, Run
from victor_nb.journal.events import Event
from victor_nb.workflows.control import NOTHING, Command, Interrupt
from victor_nb.workflows.errors import ResumeMismatch

REQUESTED: Final = "interrupt.requested"
ANSWERED: Final = "interrupt.answered"
EDITED: Final = "state.edited"
UPDATED: Final = "state.updated"
EDITS: Final = (EDITED, UPDATED)
ANSWER: Final = "answer"
"""The signal that answers a question: `{"id", "value", "by"}`."""


def answers_of(journal: Journal, run: Run, given: Any, by: str = "") -> dict[str, Any]:
    """Return all answers that a run has, by question; those that `given` brings are recorded first.

    Args:
        given: what the run is resumed with; a Command with `resume` answers.
        by: who answers.

    Raises:
        ResumeMismatch: it cannot be told which question the value answers.
    """
    if not run.placed.spans:
        return {}
    events = run.placed.events((REQUESTED, ANSWERED, EDITED))
    answers = answers_in(journal, events)
    waiting = [
        one for one in questions_in(journal, events) if one.when == "after" or run.placed.recorded(one.node) is None
    ]
    mailed, by_mail = _mailed(run, {one.id for one in waiting})
    new: dict[str, Any] = {one.id: True for one in waiting if one.when != "inside"} | mailed
    waiting = [one for one in waiting if one.id not in mailed]
    if isinstance(given, Command) and given.resume is not NOTHING:
        new |= _matched(run.id, [one for one in waiting if one.when == "inside"], given.resume, bool(new))
    if new:
        told = [{"id": question, "value": value, "by": by_mail.get(question, by)} for question, value in new.items()]
        run.placed.write([run.placed.note(ANSWERED, one) for one in told])
    return answers | new


class _MailReader:
    """Reads a run's mail beside whoever watches it for other words."""


def _mailed(run: Run, open_questions: set[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers that came as mail, by question, and who gave them; the first word about a question counts."""
    values: dict[str, Any] = {}
    by: dict[str, str] = {}
    for name, said in run.take_signals(_MailReader()):
        question = str(said.get("id", ""))
        if name == ANSWER and question in open_questions and question not in values:
            values[question], by[question] = said.get("value"), str(said.get("by", ""))
    return values, by


def _matched(run_id: str, waiting: list[Interrupt], value: Any, has_other: bool) -> dict[str, Any]:
    known = {one.id for one in waiting}
    if isinstance(value, dict) and value and value.keys() <= known:
        return dict(value)
    if len(waiting) == 1:
        return {waiting[0].id: value}
    if not waiting and has_other:
        return {}
    if not waiting:
        raise ResumeMismatch(
            "a value was given to resume with, and the run asks nothing",
            f"run {run_id}",
            "leave the value out: run(run_id=…) goes on",
        )
    asked = "; ".join(f"{one.id}: {one.value!r} ({one.node})" for one in waiting)
    raise ResumeMismatch(
        f"the run asks {len(waiting)} questions and one value was given: {asked}",
        f"run {run_id}",
        "answer by id: Command(resume={id: value, …})",
    )


def record_questions(journal: Journal, run: Run, questions: tuple[Interrupt, ...]) -> None:
    """Note what a run waits with, each question once."""
    if run.mode == "strict":
        return
    known = {one.id for one in questions_in(journal, run.placed.events((REQUESTED,)))}
    told = [one for one in questions if one.id not in known]
    if told:
        run.placed.write([run.placed.note(REQUESTED, _written(one), one.node) for one in told])


def _written(question: Interrupt) -> dict[str, object]:
    written: dict[str, object] = {"id": question.id, "node": question.node, "value": question.value}
    if question.when != "inside":
        written["when"] = question.when
    if question.schema is not None:
        written["schema"] = question.schema
    return written


def questions_in(journal: Journal, events: list[Event]) -> list[Interrupt]:
    """The questions among some events that are not answered among them; an edit has them asked anew."""
    asked: dict[str, Interrupt] = {}
    for event in events:
        data = event.data
        if event.type == EDITED:
            asked.clear()
        elif event.type == REQUESTED:
            value, when = journal.load(data["value"]), data.get("when", "inside")
            asked[data["id"]] = Interrupt(data["id"], data["node"], value, when, data.get("schema"))
        elif event.type == ANSWERED:
            asked.pop(data["id"], None)
    return list(asked.values())


def answers_in(journal: Journal, events: list[Event]) -> dict[str, Any]:
    """The answers among some events, by question; the newest counts."""
    return {event.data["id"]: journal.load(event.data["value"]) for event in events if event.type == ANSWERED}
