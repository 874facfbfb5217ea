"""Questions to a person: an answer counts once, and only if it is to exactly this question."""

from __future__ import annotations

from typing import Any

import pytest

from victor_nb.views.offers import Answer, Offers, new_nonce

GOOD: dict[str, Any] = {"kind": "approve", "run_id": "r", "call_id": "c", "call_hash": "h", "nonce": "n"}


@pytest.fixture
def offers() -> Offers:
    made = Offers(nonce=lambda: "n")
    made.make("r", "c", "h")
    return made


def test_an_answer_with_all_four_marks_counts(offers: Offers) -> None:
    """Run, call, hash and nonce fit: the person has spoken."""
    assert offers.redeem(GOOD) == Answer("approve", "r", "c", "h")


def test_an_answer_counts_once(offers: Offers) -> None:
    """The first word wins; the same message again is void."""
    offers.redeem(GOOD)

    assert offers.redeem(GOOD) is None


@pytest.mark.parametrize("field", ["run_id", "call_id", "call_hash", "nonce"])
@pytest.mark.parametrize("wrong", ["", "other", None, 7, ["n"], "nön"])
def test_an_answer_with_one_wrong_mark_is_void_and_leaves_the_question_open(
    offers: Offers, field: str, wrong: object
) -> None:
    """Stale or made-up messages approve nothing, and take nothing away."""
    assert offers.redeem({**GOOD, field: wrong}) is None
    assert offers.redeem({key: value for key, value in GOOD.items() if key != field}) is None
    assert offers.redeem(GOOD) is not None


@pytest.mark.parametrize("kind", ["stop", "Approve", "", None, "hello"])
def test_only_approve_and_deny_answer_a_question(offers: Offers, kind: object) -> None:
    """Other kinds of message never reach the call."""
    assert offers.redeem({**GOOD, "kind": kind}) is None


def test_arguments_count_with_an_approval_and_only_as_an_object(offers: Offers) -> None:
    """A person may change what is called; a list is no set of arguments."""
    answer = offers.redeem({**GOOD, "arguments": {"x": 1}})
    offers.make("r", "c", "h")
    second = offers.redeem({**GOOD, "arguments": [1]})
    offers.make("r", "c", "h")
    third = offers.redeem({**GOOD, "kind": "deny", "arguments": {"x": 1}, "message": "no"})

    assert answer is not None
    assert answer.arguments == {"x": 1}
    assert second == Answer("approve", "r", "c", "h")
    assert third == Answer("deny", "r", "c", "h", message="no")


def test_a_withheld_question_is_never_opened_here(offers: Offers) -> None:
    """What is asked elsewhere has no button, whether it was known before or comes later; other calls keep theirs."""
    offers.withhold("c", "h")
    offers.withhold("later", "h")

    assert offers.redeem(GOOD) is None
    assert offers.make("r", "later", "h") is None
    assert offers.make("r", "later", "other arguments") is not None
    assert [offer.call_hash for offer in offers.waiting()] == ["other arguments"]


def test_a_withdrawn_question_cannot_be_answered(offers: Offers) -> None:
    """What was decided elsewhere, or has ended, is closed."""
    offers.withdraw("c")
    offers.withdraw("never asked")
    assert offers.redeem(GOOD) is None

    offers.make("r", "c", "h")
    offers.withdraw_all()
    assert offers.redeem(GOOD) is None


def test_asking_again_voids_the_first_word() -> None:
    """Each offer has its own nonce."""
    offers = Offers()
    first = offers.make("r", "c", "h")
    offers.make("r", "c", "h")

    assert first is not None
    assert offers.redeem({**GOOD, "nonce": first.nonce}) is None


def test_equal_ids_of_two_calls_are_two_questions(offers: Offers) -> None:
    """Agents at work side by side may number their calls alike; an answer to one leaves the other open."""
    other = offers.make("r", "c", "other arguments")

    assert offers.redeem(GOOD) is not None
    assert offers.waiting() == [other]
    offers.withdraw("c", "other arguments")
    assert offers.waiting() == []


def test_open_questions_are_told_oldest_first_and_no_others(offers: Offers) -> None:
    """A browser that comes late is told what it may answer."""
    second = offers.make("r", "d", "h")
    third = offers.make("r", "e", "h")
    offers.withdraw("d")

    assert second not in offers.waiting()
    assert [offer.call_id for offer in offers.waiting()] == ["c", "e"]
    assert offers.waiting()[1] is third


def test_nonces_do_not_repeat() -> None:
    """128 bits each."""
    assert len({new_nonce() for _ in range(1_000)}) == 1_000
