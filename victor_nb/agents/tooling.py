"""Our tools as the agent framework sees them: each call is a durable step with its effect class.

1. A call that needs approval is executed only with the grant for exactly its arguments.
2. What a tool raises is told to the model and recorded, so that a replay goes the same way; errors that concern
   the run (budget, journal, a stop) are never told to the model.
3. The journal gets the whole value, the model a bounded text of it, the caller the tables and pictures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic_ai.exceptions import ModelRetry, ToolFailed
from pydantic_ai.tools import RunContext, ToolDefinition
from pydantic_ai.toolsets import AbstractToolset
from pydantic_ai.toolsets.abstract import ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from victor_nb.agents.approvals import call_hash
from victor_nb.agents.budget import Ledger, Usage
from victor_nb.agents.cached_calls import CachedCalls
from victor_nb.agents.errors import ApprovalDenied, ToolSetupError
from victor_nb.errors import Resumable, VictorError
from victor_nb.journal import Effect, Event, current_step
from victor_nb.journal.errors import JournalError, Unstorable
from victor_nb.tools import Artifact, Tool, Toolset, ToolTimeout, to_model_text
from victor_nb.tools import tool as declare

if TYPE_CHECKING:
    from victor_nb.journal import Run

ANY_OBJECT: Final = SchemaValidator(core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema()))
ONE_CALL: Final = Usage(tool_calls=1)
_SKIPPED: Final = (
    "This call was cut off earlier and has not been repeated; whether it had its effect is not known. "
    "Do not call it again without asking."
)
_CONCERN_THE_RUN: Final = (Resumable, JournalError, Unstorable)


def tools_in(entries: Iterable[object]) -> dict[str, Tool]:
    """Return the tools of an agent's list by name; plain functions are declared on the way.

    Raises:
        ToolSetupError: two tools of one name, or an entry that is neither tool, toolset nor function.
    """
    found: dict[str, Tool] = {}
    for entry in entries:
        for one in _members(entry):
            if found.setdefault(one.name, one) is not one:
                raise ToolSetupError(
                    f"there are two tools named {one.name!r}",
                    f"{found[one.name].place} and {one.place}",
                    'rename one: @tool(name="…")',
                )
    return found


def _members(entry: object) -> Iterable[Tool]:
    if isinstance(entry, Tool):
        return (entry,)
    if isinstance(entry, Toolset):
        return entry.tools
    if callable(entry):
        return (declare(entry),)
    raise ToolSetupError(
        f"{entry!r} is neither a tool nor a toolset", hint="give functions, @tool functions or toolsets"
    )


@dataclass(slots=True)
class Grants:
    """The calls of this execution that were approved, by call id."""

    _hashes: dict[str, str] = field(default_factory=dict)

    def add(self, tool: str, call_id: str, arguments: Mapping[str, Any]) -> None:
        """Let this very call pass."""
        self._hashes[call_id] = call_hash(tool, call_id, arguments)

    def check(self, tool: str, call_id: str, arguments: Mapping[str, Any]) -> None:
        """Raise ApprovalDenied unless this very call was approved."""
        if self._hashes.get(call_id) != call_hash(tool, call_id, arguments):
            raise ApprovalDenied(
                f"the approval for tool {tool!r} was given for other arguments",
                where=f"call {call_id}",
                hint="approve the call again as it is now",
            )


class OurTools(AbstractToolset[None]):
    """Runs our tools as steps of a run.

    Args:
        timeout_s: how long a call may take; None for no limit.
        retries: how many failing calls of one tool in a row the model is asked to correct.
        kept: receives tables and artifacts by call id.
        history: reads the run's record so far.
        calls: makes the calls, or has results of earlier ones.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool],
        *,
        run: Run,
        ledger: Ledger,
        grants: Grants,
        kept: dict[str, Any],
        history: Callable[[], Iterable[Event]],
        timeout_s: float | None,
        retries: int,
        calls: CachedCalls,
    ) -> None:
        self._tools, self._run, self._ledger, self._grants, self._kept = tools, run, ledger, grants, kept
        self._history, self._timeout_s, self._retries, self._calls = history, timeout_s, retries, calls
        self._offered = {name: self._offer(tool) for name, tool in tools.items()}

    @property
    def id(self) -> str:
        return "victor"

    def _offer(self, tool: Tool) -> ToolsetTool[None]:
        definition = ToolDefinition(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=tool.parameters,
            kind="unapproved" if tool.approval else "function",
            metadata={"category": tool.category, "keywords": list(tool.keywords), "effect": str(tool.effect)},
        )
        # One more than we use: the framework's own limit would end the run, ours tells the model to go on.
        return ToolsetTool(toolset=self, tool_def=definition, max_retries=self._retries + 1, args_validator=ANY_OBJECT)

    async def get_tools(self, ctx: RunContext[None]) -> dict[str, ToolsetTool[None]]:
        return self._offered

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[None], tool: ToolsetTool[None]
    ) -> str:
        """Do the call, or find it in the journal; return what the model sees."""
        ours, call_id = self._tools[name], ctx.tool_call_id or ""
        if ours.approval:
            self._grants.check(name, call_id, tool_args)
        call = _Call(ours, tool_args, self._ledger, self._timeout_s, self._calls)
        value = await self._run.step(
            name,
            call.execute,
            kind="tool",
            inputs={"call_id": call_id, "arguments": tool_args},
            effect=ours.effect,
            keep_inputs=True,
        )
        if not call.was_made:
            self._ledger.restore(ONE_CALL)
            if value is None and call_id in skipped_calls(self._history()):
                return _SKIPPED
        if is_error(value):
            self._complain(name, value, ctx)
        if is_kept(value):
            self._kept[call_id] = value
        return to_model_text(value)

    def _complain(self, name: str, failure: Mapping[str, str], ctx: RunContext[None]) -> None:
        text = f"{failure['type']}: {failure['message']}"
        if ctx.retry < self._retries:
            raise ModelRetry(text)
        raise ToolFailed(f"{text}\n{name!r} failed {ctx.retry + 1} times in a row; go on without it.")


class _Call:
    """One call while it is made; its outcome, also a failure, is a value that can be recorded."""

    def __init__(
        self, tool: Tool, arguments: Mapping[str, Any], ledger: Ledger, timeout_s: float | None, calls: CachedCalls
    ) -> None:
        self._tool, self._arguments, self._ledger, self._timeout_s = tool, arguments, ledger, timeout_s
        self._calls = calls
        self.was_made = False

    async def execute(self) -> Any:
        self.was_made = True
        self._ledger.admit(ONE_CALL)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._calls.call(self._tool, self._arguments)
        except _CONCERN_THE_RUN:
            raise
        except TimeoutError as error:
            if self._timeout_s is None:
                return _failure(error)
            return _failure(ToolTimeout(f"took longer than {self._timeout_s:g} s and was given up"))
        except Exception as error:  # whatever a tool raises is an answer to the model, unless it concerns the run
            return _failure(error)


def _failure(error: Exception) -> dict[str, Any]:
    if (step := current_step()) is not None:
        step.note(is_error=True)
    message = str(error) if isinstance(error, VictorError) else str(error) or repr(error)
    return {"is_error": True, "type": type(error).__name__, "message": message[:4000]}


def skipped_calls(events: Iterable[Event]) -> set[str]:
    """Return the calls that were in doubt and that somebody decided to leave as they are."""
    given: dict[str, str] = {}
    skipped: set[str] = set()
    for event in events:
        if event.type == "step.started" and event.data["kind"] == "tool":
            given[event.step_id] = event.data["inputs"]["call_id"]
        elif event.type == "step.finished" and event.data.get("skipped"):
            skipped.add(given.get(event.step_id, ""))
    return skipped


def is_error(value: object) -> bool:
    """Whether a step's result is a failure that was told to the model."""
    return isinstance(value, dict) and value.get("is_error") is True and set(value) == {"is_error", "type", "message"}


def is_kept(value: object) -> bool:
    """Whether a tool's value is a table, array or artifact, which the caller gets."""
    if isinstance(value, Artifact):
        return True
    root = type(value).__module__.partition(".")[0]
    return root in ("pandas", "polars") or (root == "numpy" and getattr(value, "ndim", 0) > 0)


def effect_of(metadata: Mapping[str, Any] | None) -> Effect:
    """The effect class that a foreign tool declares, in our words or in those of MCP; else the careful one."""
    told = metadata or {}
    if told.get("effect") in list(Effect):
        return Effect(told["effect"])
    hints = told.get("annotations") or {}
    if hints.get("readOnlyHint"):
        return Effect.READ
    return Effect.IDEMPOTENT if hints.get("idempotentHint") else Effect.EFFECT
