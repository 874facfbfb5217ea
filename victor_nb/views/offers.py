"""Buttons that work once: which approvals a front end may answer, and which of its messages count.

1. A message counts if run id, call id, call hash and nonce are those of an open offer, and nothing was said before:
   replayed or stale output in a notebook can approve nothing.
2. A question that is put to the person in another way (a prompt) is withheld: it has one place to be answered.
3. Pure bookkeeping: it sends nothing and decides nothing about the call.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any, Final, Literal

AnswerKind = Literal["approve", "deny", "stop", "answer"]
DECISIONS: Final[frozenset[AnswerKind]] = frozenset({"approve", "deny"})
"""What may be said about a call."""
ANSWERS: Final[frozenset[AnswerKind]] = frozenset({"answer"})
"""What may be said to a question of a workflow."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said with a button.

    Attributes:
        kind: "approve" or "deny" a call, "answer" a question of a workflow, or "stop" the run; a stop names no call.
        call_id: the call, or the question.
        arguments: the arguments as the person edited them; None leaves the model's.
        message: what the model is told when the call is denied.
        value: the answer to a question.
    """

    kind: AnswerKind
    run_id: str
    call_id: str = ""
    call_hash: str = ""
    arguments: dict[str, object] | None = None
    message: str = ""
    value: object = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One question that may be answered once, with a word of one of these kinds."""

    run_id: str
    call_id: str
    call_hash: str
    nonce: str
    kinds: frozenset[AnswerKind] = DECISIONS


def new_nonce() -> str:
    """Return 128 random bits as text."""
    return secrets.token_urlsafe(16)


@dataclass(slots=True)
class Offers:
    """The open questions of one view.

    Args:
        nonce: makes the one-time word of an offer; tests give a fixed one.
    """

    nonce: Callable[[], str] = new_nonce
    _open: dict[tuple[str, str], Offer] = field(default_factory=dict)
    _withheld: set[tuple[str, str]] = field(default_factory=set)

    def make(self, run_id: str, call_id: str, call_hash: str, kinds: frozenset[AnswerKind] = DECISIONS) -> Offer | None:
        """Open a question; asking again about the same call voids the earlier offer. None if it is withheld."""
        if (call_id, call_hash) in self._withheld:
            return None
        offer = Offer(run_id, call_id, call_hash, self.nonce(), kinds)
        self._open[call_id, call_hash] = offer
        return offer

    def withhold(self, call_id: str, call_hash: str) -> None:
        """Close this question, or never open it: it is asked elsewhere."""
        self._withheld.add((call_id, call_hash))
        self.withdraw(call_id, call_hash)

    def waiting(self) -> list[Offer]:
        """The questions that are open, oldest first."""
        return list(self._open.values())

    def withdraw(self, call_id: str, call_hash: str | None = None) -> None:
        """Close a question that was answered elsewhere, or is moot; without a hash all of that call."""
        for known in [one for one in self._open if one[0] == call_id and call_hash in (None, one[1])]:
            del self._open[known]

    def withdraw_all(self) -> None:
        """Close every question: the run has ended."""
        self._open.clear()

    def redeem(self, message: Mapping[str, Any]) -> Answer | None:
        """Turn a front end's message into an answer and close its question; None if the message is void."""
        offer = self._open.get((str(message.get("call_id")), str(message.get("call_hash"))))
        kind = message.get("kind")
        if offer is None or kind not in offer.kinds or not _fits(message, offer):
            return None
        del self._open[offer.call_id, offer.call_hash]
        given = message.get("arguments")
        return Answer(
            kind,
            offer.run_id,
            offer.call_id,
            offer.call_hash,
            arguments=given if isinstance(given, dict) and kind == "approve" else None,
            message=str(message.get("message") or ""),
            value=message.get("value") if kind == "answer" else None,
        )


def _fits(message: Mapping[str, Any], offer: Offer) -> bool:
    said = [str(message.get(name, "")) for name in ("run_id", "call_id", "call_hash", "nonce")]
    meant = [offer.run_id, offer.call_id, offer.call_hash, offer.nonce]
    return all(compare_digest(a.encode(), b.encode()) for a, b in zip(said, meant, strict=True))
