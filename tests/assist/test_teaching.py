"""What is accepted rises in questions like that one, what is rejected falls, and nothing else moves."""

from __future__ import annotations

import pytest

from victor_nb.assist.teaching import Lesson, Taught, Verdict, essence
from victor_nb.retrieval.embedders.embedder import default_embedder


def taught(*said: tuple[str, str, Verdict]) -> Taught:
    lessons = [
        Lesson(question, passage, passage, verdict, float(at)) for at, (question, passage, verdict) in enumerate(said)
    ]
    return Taught(lessons, default_embedder().embed)


def test_the_question_itself_counts_most_and_a_verdict_two_thirds() -> None:
    """One verdict on the very question, against a prior of one half."""
    known = taught(("pivot a frame", "p", "accepted"), ("sort a frame", "q", "rejected"))

    assert known.worth("pivot a frame")["p"] == pytest.approx(2 / 3)
    assert known.worth("sort a frame")["q"] == pytest.approx(-2 / 3)


@pytest.mark.parametrize(
    ("said", "like"),
    [
        ("how do I pivot a frame", "pivot a data frame"),
        ("read a csv file", "how can I read csv files?"),
        ("drop rows with missing values", "remove rows that have missing values"),
    ],
)
def test_a_question_in_other_words_learns_too(said: str, like: str) -> None:
    """Less than the question itself, and with the same sign."""
    known = taught((said, "p", "accepted"), (said, "q", "rejected"))

    assert 0 < known.worth(like)["p"] <= 2 / 3
    assert -2 / 3 <= known.worth(like)["q"] < 0


@pytest.mark.parametrize(
    "far", ["how do I plot a histogram", "train a random forest", "connect to a database", "é 漢字"]
)
def test_other_questions_learn_nothing(far: str) -> None:
    """Not a little: nothing, however alike the questions begin."""
    assert taught(("how do I pivot a frame", "p", "accepted")).worth(far) == {}


def test_verdicts_that_disagree_cancel() -> None:
    """Accepted once and rejected once in questions alike is worth less than either."""
    known = taught(("read a csv file", "p", "accepted"), ("load a csv file", "p", "rejected"))

    assert abs(known.worth("read a csv file").get("p", 0.0)) < 0.4


def test_the_order_of_lessons_does_not_matter_between_questions() -> None:
    """The same lessons, the same worth, to the last bit."""
    said: list[tuple[str, str, Verdict]] = [(f"sort a frame by column {n}", "p", "accepted") for n in range(9)]

    assert taught(*said).worth("sort a frame") == taught(*reversed(said)).worth("sort a frame")


def test_nothing_taught_is_worth_nothing() -> None:
    """Neither without lessons nor for a question of no words."""
    assert taught().worth("anything") == {}
    assert taught(("a b", "p", "accepted")).worth("") in ({}, {"p": 0.0})


def test_the_words_of_which_questions_are_made_do_not_count() -> None:
    """Unless there are no others."""
    assert essence("How do I pivot a frame?") == "pivot frame"
    assert essence("how do I") == "how do i"
