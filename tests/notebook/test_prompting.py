"""The question as text: what the person types, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from victor_nb.agents.approvals import ApprovalRequest
from victor_nb.journal import Effect
from victor_nb.notebook.prompting import CannotPrompt, Word, ask_person, described, explained


def request(doubt: bool = False, **arguments: Any) -> ApprovalRequest:
    return ApprovalRequest("run-1", "call-1", "save", arguments, Effect.EFFECT, "Save a text.", "hash", doubt)


def typing(*lines: str) -> tuple[Callable[[str], str], list[str]]:
    """A person who types these lines, and then ends the input; and what was asked."""
    asked: list[str] = []
    rest = list(lines)

    def prompt(text: str) -> str:
        asked.append(text)
        if not rest:
            raise EOFError
        return rest.pop(0)

    return prompt, asked


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        (["y"], Word("yes")),
        (["YES"], Word("yes")),
        (["a"], Word("always")),
        (["n"], Word("no")),
        (["n not that file"], Word("no", message="not that file")),
        (["", "what", "y"], Word("yes")),
        (["?", "y"], Word("yes")),
        (["e", '{"text": "c"}'], Word("yes", arguments={"text": "c"})),
        (["e", "", "n"], Word("no")),
        (["e", "{broken", "y"], Word("yes")),
        (["e", "[1]", "y"], Word("yes")),
    ],
)
def test_a_dialogue_ends_in_a_word(typed: list[str], word: Word) -> None:
    """Anything unclear is asked again; only yes, always and edited arguments approve."""
    prompt, _ = typing(*typed)

    answer = ask_person(request(text="b"), prompt)

    assert answer == word
    assert answer is not None
    assert answer.approved == (word.choice != "no")


def test_an_ended_input_refuses() -> None:
    """No answer means no."""
    prompt, _ = typing()

    answer = ask_person(request(text="b"), prompt)

    assert answer is not None
    assert not answer.approved


def test_a_front_end_without_input_gives_no_word() -> None:
    """The caller then tries the next way of asking."""

    def prompt(text: str) -> str:
        raise CannotPrompt

    assert ask_person(request(), prompt) is None


def test_the_question_shows_the_call() -> None:
    """Tool and every argument; long values are cut and say so; lines of code stand as lines."""
    text = described(request(text="x" * 5_000, code="a = 1\nb = 2", count=3))

    assert "save" in text
    assert "count = 3" in text
    assert "    b = 2" in text
    assert "5002 characters" in text
    assert len(text) < 3_000


def test_a_doubtful_call_is_asked_differently() -> None:
    """It may have had its effect already."""
    assert "process died" in described(request(doubt=True))


def test_more_tells_everything() -> None:
    """Description, effect, ids and whole arguments."""
    text = explained(request(text="x" * 5_000))

    assert "Save a text." in text
    assert "effect" in text
    assert "call-1" in text
    assert "x" * 5_000 in text
