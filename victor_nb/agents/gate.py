"""The gate: a coordinator through which every call that needs approval must pass.

1. A decision is a step: a resumed or replayed run does not ask again.
2. The question is shown and journaled before anybody answers; a word from another process and the approver's own
   word are waited for together, and the first one counts.
3. What was approved is granted for exactly those arguments; `tooling.Grants` checks that at the last moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults, RunContext, ToolApproved, ToolDenied

from victor_nb.agents.approvals import ApprovalRequest, Approver, Decision, Mailbox, call_hash
from victor_nb.agents.budget import Stopwatch
from victor_nb.agents.errors import ApprovalDenied
from victor_nb.agents.tooling import Grants
from victor_nb.journal import Effect, Step, StepInDoubt, current_step
from victor_nb.journal.codec import from_json
from victor_nb.tools import Tool

if TYPE_CHECKING:
    from victor_nb.journal import Run


class Gate(AbstractCapability[None]):
    """Asks for approval, once a call.

    Args:
        tools: ours, by name; a foreign tool is asked about as one that may do anything.
        pause: stands still while somebody thinks.
    """

    def __init__(
        self,
        *,
        run: Run,
        tools: Mapping[str, Tool],
        approver: Approver,
        mailbox: Mailbox,
        grants: Grants,
        pause: Stopwatch,
    ) -> None:
        self._run, self._tools, self._approver = run, tools, approver
        self._mailbox, self._grants, self._pause = mailbox, grants, pause
        self._denial: ApprovalDenied | None = None

    async def handle_deferred_tool_calls(
        self, ctx: RunContext[None], *, requests: DeferredToolRequests
    ) -> DeferredToolResults:
        """Ask about all calls of one turn together, so that a person sees them side by side."""
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as together:
                asked = {call.tool_call_id: together.create_task(self._decided(call)) for call in requests.approvals}
        except BaseExceptionGroup as failures:
            failure = failures.exceptions[0]
        if failure is not None:
            raise failure  # outside of the handler: IPython 9 cannot show an error whose context is a group
        return requests.build_results(approvals={call_id: task.result() for call_id, task in asked.items()})

    async def _decided(self, call: ToolCallPart) -> ToolApproved | ToolDenied:
        arguments = call.args_as_dict()
        request = self._request(call.tool_name, call.tool_call_id, arguments)
        word: dict[str, Any] = await self._run.step(
            request.tool,
            lambda: self._ask(request),
            kind="approval",
            inputs={"call_id": request.call_id, "arguments": arguments},
            keep_inputs=True,
        )
        if not word["approved"]:
            return ToolDenied(word["message"] or "The user did not approve this call.")
        edited = word["arguments"]
        self._grants.add(request.tool, request.call_id, arguments if edited is None else edited)
        return ToolApproved(override_args=edited)

    async def _ask(self, request: ApprovalRequest) -> dict[str, Any]:
        step = current_step()
        step_id = step.id if step is not None else ""
        shown = {
            "call_id": request.call_id,
            "tool": request.tool,
            "arguments": dict(request.arguments),
            "effect": str(request.effect),
            "description": request.description,
            "call_hash": request.call_hash,
            "doubt": request.doubt,
        }
        self._run.record("approval.requested", shown, step_id)
        try:
            with self._pause:
                decision = await self._first_word(request)
        except ApprovalDenied as denial:
            self._record(request, Decision(False, by="policy", message=denial.what), step_id)
            # One error for all calls of this turn: the journal then knows that all of them ended the run.
            self._denial = self._denial or denial
            raise self._denial from None
        return self._record(request, decision, step_id)

    def _record(self, request: ApprovalRequest, decision: Decision, step_id: str) -> dict[str, Any]:
        word = {
            "approved": decision.approved,
            "by": decision.by,
            "arguments": None if decision.arguments is None else dict(decision.arguments),
            "message": decision.message,
            "call_hash": request.call_hash,
        }
        self._run.record("approval.decided", {"call_id": request.call_id, **word}, step_id)
        return word

    async def _first_word(self, request: ApprovalRequest) -> Decision:
        """Wait for the approver and for mail; mail that was there before counts even if nobody can be asked."""
        self._mailbox.deliver(self._run.take_signals())
        mail = asyncio.ensure_future(self._mailbox.decision(request))
        await asyncio.sleep(0)  # lets the mailbox answer at once if the word came before the question
        if mail.done():
            return mail.result()
        asked = asyncio.ensure_future(self._approver.decide(request))
        try:
            await asyncio.wait((mail, asked), return_when=asyncio.FIRST_COMPLETED)
            return mail.result() if mail.done() else asked.result()
        finally:
            mail.cancel()
            asked.cancel()

    def _request(
        self, tool: str, call_id: str, arguments: Mapping[str, Any], *, doubt: bool = False
    ) -> ApprovalRequest:
        ours = self._tools.get(tool)
        return ApprovalRequest(
            run_id=self._run.id,
            call_id=call_id,
            tool=tool,
            arguments=arguments,
            effect=ours.effect if ours is not None else Effect.EFFECT,
            description=ours.description if ours is not None else "",
            call_hash=call_hash(tool, call_id, arguments),
            doubt=doubt,
        )

    def doubts(self) -> Callable[[Step], Any]:
        """What a run calls to ask about a step in doubt: approved means "do it again", denied "leave it"."""

        async def ask(step: Step) -> str:
            given = from_json(step.inputs)
            if step.kind != "tool":
                raise _undecided(step)
            request = self._request(step.name, given["call_id"], given["arguments"], doubt=True)
            try:
                word = await self._ask(request)
            except ApprovalDenied:
                raise _undecided(step) from None
            return "retry" if word["approved"] else "skip"

        return ask


def _undecided(step: Step) -> StepInDoubt:
    return StepInDoubt(
        f"{step.kind} {step.name!r} had started when its process died; whether it had its effect is not known",
        where=f"run {step.run_id}, step {step.id}",
        hint=f"look, then: victor resume {step.run_id} --on-doubt retry (do it again) or --on-doubt skip (leave it)",
    )
