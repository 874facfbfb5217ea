"""Answers on a command line to what a run asks; a value is JSON where it reads as such, and else a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from victor_nb.commands.workflow_values import value
from victor_nb.errors import UsageError
from victor_nb.workflows import Command, Interrupt


def answer_of(interrupts: Iterable[Interrupt], run_id: str, given: Sequence[str]) -> Command | None:
    """Return what is answered: one value, or `ID=VALUE` for each question; None where nothing is asked.

    Raises:
        UsageError: an answer is missing, or answers no question.
    """
    asked = {one.id: one for one in interrupts if one.when == "inside"}
    if not given:
        if asked:
            told = "; ".join(f"{one.node} asks {one.value!r}" for one in asked.values())
            raise UsageError(f"the run waits for an answer: {told}", f"run {run_id}", "--answer VALUE")
        return None
    if not asked:
        raise UsageError(
            "the run asks nothing now", f"run {run_id}", f"victor resume {run_id} goes on without an answer"
        )
    if len(given) == 1 and given[0].partition("=")[0] not in asked:
        return Command(resume=value(given[0]))
    answers = {}
    for word in given:
        key, equals, written = word.partition("=")
        if not equals or key not in asked:
            raise UsageError(
                f"{word!r} answers no question", "--answer", f"the questions are: {', '.join(asked) or 'none'}"
            )
        answers[key] = value(written)
    return Command(resume=answers)
