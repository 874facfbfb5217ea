"""The one adapter to pydantic-ai's seam for durable engines (`pydantic_ai.durable_exec`).

1. Whatever the agent loop does to the world passes `JournalBackend.execute`, which makes it a step of a run; our
   own tools are the exception, because `tooling` records them itself, whole values, effect class and all.
2. Only what a step *returned* is kept, never the conversation so far; see `asked` for how requests are written.
3. Nothing else in the project imports `pydantic_ai.durable_exec`; tests/agents/test_pydantic_ai_contract.py pins
   what this module relies on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from pydantic import TypeAdapter
from pydantic_ai.agent import AbstractAgent
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.durable_exec import (
    JSON_CODEC,
    BaseDurabilityCapability,
    CapabilityOperationId,
    DurabilityEngineSpec,
    DurableOperationBackend,
    DurableOperationId,
    JournalCallableOperationBackend,
    ModelRequestId,
    RoleBasedOperationConfig,
    ToolsetCallToolId,
    conversation_id_from_run_id,
)
from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.toolsets import AbstractToolset, FunctionToolset, WrapperToolset

from victor_nb.agents.asked import Asked
from victor_nb.agents.budget import Ledger, Usage
from victor_nb.agents.live import LiveModel
from victor_nb.agents.prices import cost_of
from victor_nb.agents.tooling import ONE_CALL, OurTools, effect_of
from victor_nb.journal import Effect, RecordedFailure, current_step

if TYPE_CHECKING:
    from victor_nb.journal import Run

TOOLS_EVENT: Final = "model.tools"
"""Says in full what a `tools` digest in a model step's inputs stands for; written once a run."""

ONE_REQUEST: Final = Usage(requests=1)
_RESPONSE: Final = TypeAdapter(ModelResponse)

_WITHOUT_OPERATIONS: Final[set[frozenset[tuple[type, str | None]]]] = set()
_MOST_KINDS: Final = 256  # ids of coordinators may be made anew for every run

Body = Callable[[], Awaitable[object]]


class Fresh(NamedTuple):
    """An answer that was just given: as it is, and as the journal keeps it."""

    answer: ModelResponse
    kept: dict[str, Any]


class Codec:
    """The framework's JSON codec, but an answer is kept without the fields that say nothing: None, or a count of 0."""

    def dump(self, tp: Any, value: Any) -> Any:
        """Return JSON values; for an answer, those beside the answer itself."""
        if tp is not ModelResponse:
            return JSON_CODEC.dump(tp, value)
        kept: dict[str, Any] = _RESPONSE.dump_python(value, mode="json", exclude_none=True)
        kept["usage"] = {name: count for name, count in kept["usage"].items() if count}
        return Fresh(value, kept)

    def load(self, tp: Any, payload: Any) -> Any:
        """Return the value; a fresh answer need not be read back from what was kept of it."""
        return payload.answer if isinstance(payload, Fresh) else JSON_CODEC.load(tp, payload)


class JournalBackend(JournalCallableOperationBackend[None]):
    """Executes each operation of the agent loop as a step of one run."""

    def __init__(self, agent_name: str, run: Run, ledger: Ledger) -> None:
        config = RoleBasedOperationConfig[None](model=None, event=None, capability=None, tool=None)
        super().__init__(agent_name=agent_name, config=config)
        self._run, self._ledger, self._asked = run, ledger, Asked()
        self._told_tools: set[str] = set()

    async def execute(
        self,
        *,
        operation_id: DurableOperationId,
        name: str,
        body: Body,
        cache_key: tuple[object, ...],
        config: None,
    ) -> object:
        """Return the operation's recorded result, or do it and record it."""
        match operation_id:
            case ModelRequestId(model_name=model_name):
                return await self._ask_model(model_name, body, cache_key)
            case ToolsetCallToolId():
                return await self._call_foreign_tool(body, cache_key)
            case CapabilityOperationId():
                return await self._do_other(name, "coordinator", body)
            case _:
                return await self._do_other(name, "framework", body)

    async def _ask_model(self, model_name: str, body: Body, cache_key: tuple[Any, ...]) -> object:
        _, messages, settings, parameters, context = cache_key
        inputs, tools = self._asked.inputs(model_name, messages, settings, parameters)
        fresh: Fresh | None = None

        async def ask() -> dict[str, Any]:
            nonlocal fresh
            self._ledger.admit(ONE_REQUEST)
            self._tell_tools(inputs["tools"], tools)
            fresh = cast("Fresh", await body())
            self._book(fresh.kept, context.model, fresh=True)
            return fresh.kept

        try:
            kept = await self._run.step(
                model_name, ask, kind="model", inputs=inputs, effect=Effect.READ, keep_inputs=True
            )
        except RecordedFailure as failure:  # coordinators that fall back to another model wait for this class
            raise ModelAPIError(model_name, failure.what) from failure
        if fresh is None:
            self._book(kept, context.model, fresh=False)
        if self._run.mode != "strict":  # only now: the answer is paid for, and must be in the journal first
            self._ledger.check_price(model_name)
        return kept if fresh is None else fresh

    async def _do_other(self, name: str, kind: str, body: Body) -> object:
        """Whatever else the framework or a coordinator does: looked up, or done (again, if in doubt)."""

        async def do() -> object:
            result = await body()
            return result.kept if isinstance(result, Fresh) else result

        return await self._run.step(name, do, kind=kind, effect=Effect.READ)

    def _tell_tools(self, digest: str, tools: dict[str, Any]) -> None:
        if digest not in self._told_tools:
            self._told_tools.add(digest)
            self._run.record(TOOLS_EVENT, {"digest": digest, **tools})

    def _book(self, answer: dict[str, Any], model: Model, *, fresh: bool) -> None:
        told = answer.get("usage") or {}
        tokens = Usage(input_tokens=told.get("input_tokens", 0), output_tokens=told.get("output_tokens", 0))
        cost_usd = cost_of(answer, model)
        if not fresh:
            self._ledger.restore(ONE_REQUEST + tokens, cost_usd)
            return
        self._ledger.spend(tokens, cost_usd)
        step = current_step()
        assert step is not None, "a fresh answer is booked inside its step"
        step.note(usage={"input_tokens": tokens.input_tokens, "output_tokens": tokens.output_tokens})
        if cost_usd is not None:
            step.note(cost_usd=cost_usd)

    async def _call_foreign_tool(self, body: Body, cache_key: tuple[Any, ...]) -> object:
        name, arguments, context, tool = cache_key
        definition = getattr(tool, "tool_def", tool)
        made = False

        async def call() -> object:
            nonlocal made
            made = True
            self._ledger.admit(ONE_CALL)
            return await body()

        value = await self._run.step(
            name,
            call,
            kind="tool",
            inputs={"call_id": context.tool_call_id, "arguments": arguments},
            effect=effect_of(getattr(definition, "metadata", None)),
            keep_inputs=True,
        )
        if not made:
            self._ledger.restore(ONE_CALL)
        return value


class Durability(BaseDurabilityCapability[None]):
    """Makes the agent that it is given to durable: one instance, one run."""

    engine_spec = DurabilityEngineSpec(
        engine_name="Victor NB",
        durable_unit_noun="step",
        durable_container_noun="run",
        codec=Codec(),
    )

    def __init__(self, agent_name: str, run: Run, ledger: Ledger) -> None:
        super().__init__(name=agent_name)
        self._run = run
        self._backend = JournalBackend(agent_name, run, ledger)
        self._bound: dict[tuple[str | None, str], Any] = {}

    @property
    def in_durable_context(self) -> bool:
        return True

    def get_durable_operation_backend(self) -> JournalBackend:
        return self._backend

    def get_wrapper_toolset(self, toolset: AbstractToolset[None]) -> AbstractToolset[None] | None:
        """Offer our tools alone where nobody brought others: several toolsets cost tasks, 170 µs a call."""
        leaves: list[AbstractToolset[None]] = []
        toolset.apply(leaves.append)
        filled = [leaf for leaf in leaves if not (isinstance(leaf, FunctionToolset) and not leaf.tools)]
        if len(filled) == 1 and isinstance(filled[0], OurTools):
            return filled[0]
        return super().get_wrapper_toolset(toolset)

    def _wrap_leaf_toolset(self, ts: AbstractToolset[None]) -> WrapperToolset[None] | None:
        """Ours records itself. Asking the base class would try, in every run, to import what MCP needs: 15 ms."""
        return None if isinstance(ts, OurTools) else super()._wrap_leaf_toolset(ts)

    def _bind_capability_operations(self, agent: AbstractAgent[None, Any]) -> None:
        """Look for durable methods of coordinators, 2 ms a run, only where these kinds of them may have some."""
        leaves: list[AbstractCapability[None]] = []
        agent.root_capability.apply(leaves.append)
        kinds = frozenset((type(leaf), leaf.id) for leaf in leaves)
        if kinds in _WITHOUT_OPERATIONS:
            self._bound_capability_operations, self._capability_declarations = {}, {}
            return
        super()._bind_capability_operations(agent)
        if not self._bound_capability_operations and len(_WITHOUT_OPERATIONS) < _MOST_KINDS:
            _WITHOUT_OPERATIONS.add(kinds)

    def _bind_model_operations(
        self, backend: DurableOperationBackend[Any], *, model_id: str | None, model_name: str
    ) -> Any:
        """Bind once a model instead of once a request."""
        if (model_id, model_name) not in self._bound:
            bound = super()._bind_model_operations(backend, model_id=model_id, model_name=model_name)
            self._bound[model_id, model_name] = bound
        return self._bound[model_id, model_name]

    def _find_model_id(self, model: Model) -> str | None:
        """Accept any live model that a coordinator switches to: our steps run in this process, nothing crosses."""
        layer: Model | None = model
        while layer is not None:
            registered, model_id = self._registered_model_id(layer)
            if registered:
                return model_id
            layer = layer.wrapped if isinstance(layer, WrapperModel) else None
        name = f"{model.model_id}#{len(self._models_by_id)}"
        self._models_by_id[name] = model
        return name

    def get_default_run_id(self) -> str:
        return self._run.id

    def get_default_conversation_id(self, run_id: str) -> str:
        return conversation_id_from_run_id(run_id)

    async def get_run_start_time(self, run_id: str) -> datetime:
        return datetime.fromtimestamp(self._run.info.created, UTC)

    def get_wrapper_model(self, model: Model) -> Model:
        return LiveModel(model, self._tell)

    def _tell(self, text: str) -> None:
        step = current_step()
        self._run.publish("model.delta", {"text": text}, step.id if step is not None else "")
