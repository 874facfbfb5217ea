"""Approvals: who may let a call happen, and how their word reaches the run.

1. Nothing that needs approval happens without a decision, and no answer means no.
2. A decision is for one call: tool, arguments and call id are hashed, and a word about another hash is void.
3. A person's "no" goes back to the model; a policy's "no" ends the run, which can be resumed when somebody is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Any, Final, Literal, Protocol, get_args

from victor_nb.agents.errors import ApprovalDenied, RunStopped
from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Effect

Policy = Literal["ask", "never", "allowlist"]


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A call that waits for somebody's word.

    Attributes:
        run_id, call_id: as in `victor approve RUN CALL`.
        tool: the tool's name.
        arguments: as the model gave them.
        effect: the tool's effect class.
        description: what the tool does, as its author said it.
        call_hash: names tool, arguments and call id; a decision must carry it back.
        doubt: the call had started when its process died, and the question is whether to do it again.
    """

    run_id: str
    call_id: str
    tool: str
    arguments: Mapping[str, object]
    effect: Effect
    description: str
    call_hash: str
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said about a call.

    Attributes:
        approved: whether the call may happen.
        by: who said it, as shown in the record: "person", "policy:allowlist", a user's name.
        arguments: arguments to use instead of the model's; None leaves them as they are.
        message: told to the model when the call is denied.
    """

    approved: bool
    by: str
    arguments: Mapping[str, object] | None = None
    message: str = ""


class Approver(Protocol):
    """Somebody, or something, that can be asked."""

    async def decide(self, request: ApprovalRequest) -> Decision:
        """Answer for exactly this request; may wait, may be cancelled.

        Raises:
            ApprovalDenied: nobody can be asked; the run stops and can be resumed.
        """
        ...


STANDING: Final[ContextVar[Approver | None]] = ContextVar("victor_standing_approver", default=None)
"""Who is asked where nobody else was named: set by a face around a workflow, whose agents know of no face."""


def call_hash(tool: str, call_id: str, arguments: Mapping[str, object]) -> str:
    """Name one call, so that a decision about it cannot be used for another."""
    from victor_nb.journal.codec import Writer

    content = Writer().canonical([tool, call_id, dict(arguments)])
    return blake2b(content, digest_size=16).hexdigest()


class PolicyApprover:
    """Answers by rule, without a person.

    Args:
        policy: "never" denies everything; "ask" hands everything to `person`; "allowlist", or a list of names,
            approves those tools and hands the rest to `person`.
        person: who is asked for what the rule leaves open; None where nobody is there.
        allowed: the tools of "allowlist": names, or patterns such as "read_*".
    """

    def __init__(
        self,
        policy: Policy | Iterable[str] = "ask",
        person: Approver | None = None,
        *,
        allowed: Iterable[str] = (),
    ) -> None:
        if isinstance(policy, str) and policy not in get_args(Policy):
            raise UsageError(
                f"{policy!r} is no approval policy.{nearest(policy, get_args(Policy))}",
                hint="use ask, never or allowlist",
            )
        self._allowed = (*allowed,) if policy == "allowlist" else () if isinstance(policy, str) else (*policy,)
        self._person = None if policy == "never" else person

    async def decide(self, request: ApprovalRequest) -> Decision:
        """Approve what the rule allows; else ask the person, if there is one."""
        if not request.doubt and any(fnmatchcase(request.tool, pattern) for pattern in self._allowed):
            return Decision(True, by="policy:allowlist")
        if self._person is not None:
            return await self._person.decide(request)
        raise _denied(request)


def _denied(request: ApprovalRequest) -> ApprovalDenied:
    if request.doubt:
        return ApprovalDenied(
            f"tool {request.tool!r} had started when the run was killed; nobody knows whether it had its effect",
            where=f"run {request.run_id}, call {request.call_id}",
            hint=f"look, then: victor resume {request.run_id} --on-doubt retry   (or skip)",
        )
    return ApprovalDenied(
        f"tool {request.tool!r} needs approval, and nobody is there to give it",
        where=f"run {request.run_id}, call {request.call_id}",
        hint=f"victor approve {request.run_id} {request.call_id} && victor resume {request.run_id}",
    )


@dataclass(slots=True)
class Mailbox:
    """Words that reach a run from outside: decisions from other processes, and the wish to stop.

    A decision that came before its question is kept: that is how a stopped run is approved and then resumed.
    """

    _early: list[tuple[bool, dict[str, Any]]] = field(default_factory=list)
    _waiting: dict[str, tuple[ApprovalRequest, asyncio.Future[Decision]]] = field(default_factory=dict)

    def deliver(self, signals: Iterable[tuple[str, dict[str, Any]]]) -> RunStopped | None:
        """Hand decisions to those who wait for them; return the error to end the run with, if one was asked for."""
        stop: RunStopped | None = None
        for name, data in signals:
            if name in ("approve", "deny"):
                self._decide(name == "approve", data)
            elif name == "stop":
                stop = RunStopped(data.get("reason") or "the run was stopped")
        return stop

    def _decide(self, approved: bool, data: dict[str, Any]) -> None:
        for request, answer in self._waiting.values():
            if _is_about(data, request) and not answer.done():
                answer.set_result(_decision(approved, data))
                return
        self._early.append((approved, data))

    async def decision(self, request: ApprovalRequest) -> Decision:
        """Wait for a decision about exactly this call; returns at once if it has come before."""
        for approved, data in self._early:
            if _is_about(data, request):
                self._early.remove((approved, data))
                return _decision(approved, data)
        answer: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._waiting[request.call_hash] = (request, answer)
        try:
            return await answer
        finally:
            del self._waiting[request.call_hash]


def _is_about(data: Mapping[str, Any], request: ApprovalRequest) -> bool:
    """A hash decides; a bare call id is enough only where the sender saw no hash (the command line)."""
    if data.get("call_hash"):
        return bool(data["call_hash"] == request.call_hash)
    return bool(data.get("call_id") == request.call_id)


def _decision(approved: bool, data: Mapping[str, Any]) -> Decision:
    return Decision(
        approved, by=data.get("by") or "person", arguments=data.get("arguments"), message=data.get("message") or ""
    )
