"""What our adapter takes for granted of pydantic-ai, pinned: a release that changes it fails here and not in a run.

Run these against the newest release before raising its upper bound.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from pydantic_ai import Agent as Loop
from pydantic_ai import durable_exec
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.durable_exec import (
    JSON_CODEC,
    BaseDurabilityCapability,
    CallableOperationBackend,
    DurabilityEngineSpec,
    JournalCallableOperationBackend,
    JournalOperationNamer,
    ModelRequestId,
    RoleBasedOperationConfig,
    ToolsetCallToolId,
)
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import DeferredToolRequests, RunContext, ToolApproved, ToolDefinition, ToolDenied
from pydantic_ai.toolsets import AbstractToolset, FunctionToolset
from pydantic_ai.toolsets.abstract import ToolsetTool

from tests.agents.scripts import Script
from victor_nb.agents.tooling import ANY_OBJECT


class Recorder(JournalCallableOperationBackend[None]):
    """Notes every operation and does it."""

    def __init__(self) -> None:
        super().__init__(
            agent_name="a",
            config=RoleBasedOperationConfig[None](model=None, event=None, capability=None, tool=None),
        )
        self.seen: list[tuple[Any, str, tuple[Any, ...], Any]] = []

    async def execute(self, *, operation_id, name, body, cache_key, config):
        result = await body()
        self.seen.append((operation_id, name, cache_key, result))
        return result


class Engine(BaseDurabilityCapability[None]):
    """The smallest engine."""

    engine_spec = DurabilityEngineSpec(
        engine_name="Contract", durable_unit_noun="step", durable_container_noun="run", codec=JSON_CODEC
    )

    def __init__(self) -> None:
        super().__init__(name="a")
        self.backend = Recorder()

    @property
    def in_durable_context(self) -> bool:
        return True

    def get_durable_operation_backend(self) -> Recorder:
        return self.backend


def foreign_tools() -> FunctionToolset[None]:
    toolset = FunctionToolset[None](id="tools")

    @toolset.tool_plain(metadata={"effect": "read"})
    def look(place: str) -> str:
        """Look."""
        return f"nothing in {place}"

    return toolset


def test_the_names_that_we_import_are_public():
    """Each is in `durable_exec.__all__`."""
    used = {
        "JSON_CODEC",
        "BaseDurabilityCapability",
        "CapabilityOperationId",
        "DurabilityEngineSpec",
        "DurableOperationBackend",
        "DurableOperationId",
        "JournalCallableOperationBackend",
        "ModelRequestId",
        "RoleBasedOperationConfig",
        "ToolsetCallToolId",
        "conversation_id_from_run_id",
    }

    assert used <= set(durable_exec.__all__)


def test_the_one_method_of_a_backend_has_our_signature():
    """Keyword arguments, by name."""
    parameters = inspect.signature(CallableOperationBackend.execute).parameters

    assert list(parameters) == ["self", "operation_id", "name", "body", "cache_key", "config"]


@pytest.mark.parametrize(
    "method", ["_wrap_leaf_toolset", "_bind_model_operations", "_find_model_id", "_registered_model_id"]
)
def test_the_private_methods_that_we_use_exist(method):
    """The first two make us faster; the others let a coordinator switch to any live model."""
    assert callable(getattr(BaseDurabilityCapability, method))


@pytest.mark.parametrize(
    "hook",
    [
        "get_default_run_id",
        "get_default_conversation_id",
        "get_run_start_time",
        "get_wrapper_model",
        "handle_deferred_tool_calls",
    ],
)
def test_the_hooks_that_we_override_exist(hook):
    """On the base class of all capabilities."""
    assert callable(getattr(AbstractCapability, hook))


def test_operations_have_stable_names():
    """Names end up in the journal."""
    namer = JournalOperationNamer("a")

    assert namer.operation_name(ModelRequestId(model_name="m")) == "a__model.request"
    assert namer.operation_name(ModelRequestId(streaming=True, model_name="m")) == "a__model.request_stream"
    call = namer.invocation_name(ToolsetCallToolId("function", toolset_id="t"), label="look")
    assert call.operation_name == "a__function_toolset__t.call_tool:look"


def test_a_run_passes_through_the_backend_with_the_keys_that_we_read():
    """(id, messages, settings, parameters, context) of a request; (name, arguments, context, tool) of a call."""
    engine = Engine()
    script = Script([("look", {"place": "x"})], "done")
    loop = Loop(script.model(), name="a", toolsets=[foreign_tools()], capabilities=[engine])

    result = asyncio.run(loop.run("go"))

    seen = BaseDurabilityCapability.from_agent(loop).backend.seen
    assert [name for _, name, _, _ in seen] == [
        "a__model.request",
        "a__function_toolset__tools.call_tool:look",
        "a__model.request",
    ]
    _, messages, settings, parameters, context = seen[0][2]
    assert messages[0].parts[0].content == "go"
    assert settings is None
    assert isinstance(parameters, ModelRequestParameters)
    assert isinstance(context, RunContext)
    assert isinstance(context.model, Model)
    name, arguments, context, tool = seen[1][2]
    assert (name, arguments, context.tool_call_id) == ("look", {"place": "x"}, "call-0-0")
    assert tool.tool_def.metadata == {"effect": "read"}
    assert seen[0][3]["parts"][0]["part_kind"] == "tool-call"
    assert seen[2][3]["parts"][0] == {**seen[2][3]["parts"][0], "part_kind": "text", "content": "done"}
    assert result.output == "done"


def test_an_answer_without_its_empty_fields_is_the_same_answer():
    """Arguments of a call keep their None; everything else that is None comes back by default."""
    from victor_nb.agents.durable import Codec

    answer = ModelResponse(parts=[TextPart("a"), ToolCallPart("t", {"x": None, "y": 0}, tool_call_id="c")])
    codec = Codec()

    fresh = codec.dump(ModelResponse, answer)
    kept = fresh.kept
    again = codec.load(ModelResponse, kept)

    assert again == answer
    assert codec.load(ModelResponse, fresh) is answer
    assert again.parts[1].args == {"x": None, "y": 0}
    assert "provider_name" not in kept
    assert kept["usage"] == {}


def test_a_leaf_toolset_of_its_own_kind_runs_inside_the_loop():
    """Our toolset is not wrapped: it records its calls itself."""
    called = []

    class Own(AbstractToolset[None]):
        @property
        def id(self) -> str:
            return "own"

        async def get_tools(self, ctx):
            definition = ToolDefinition(name="mine", parameters_json_schema={"type": "object", "properties": {}})
            return {"mine": ToolsetTool(toolset=self, tool_def=definition, max_retries=1, args_validator=ANY_OBJECT)}

        async def call_tool(self, name, tool_args, ctx, tool):
            called.append((name, tool_args, ctx.tool_call_id, ctx.retry))
            return "ok"

    engine = Engine()
    loop = Loop(Script([("mine", {"a": 1})], "done").model(), name="a", toolsets=[Own()], capabilities=[engine])
    asyncio.run(loop.run("go"))

    assert called == [("mine", {"a": 1}, "call-0-0", 0)]
    assert len(BaseDurabilityCapability.from_agent(loop).backend.seen) == 2


def test_the_model_wrapper_serves_requests_inside_the_durable_unit():
    """`get_wrapper_model` wraps the model that really sends: there the text streams."""
    from victor_nb.agents.live import LiveModel

    told: list[str] = []

    class Live(Engine):
        def get_wrapper_model(self, model):
            return LiveModel(model, told.append)

    loop = Loop(Script("one two").streaming(), name="a", capabilities=[Live()])
    asyncio.run(loop.run("go"))

    assert told == ["one ", "two "]


def test_the_approval_flow():
    """Unapproved tools come together to the handler; edited arguments and denials are obeyed."""
    asked: list[list[str]] = []

    class Gate(AbstractCapability[None]):
        async def handle_deferred_tool_calls(self, ctx, *, requests: DeferredToolRequests):
            asked.append([call.tool_name for call in requests.approvals])
            first, second = requests.approvals
            return requests.build_results(
                approvals={
                    first.tool_call_id: ToolApproved(override_args={"x": 2}),
                    second.tool_call_id: ToolDenied("no"),
                }
            )

    toolset, done = FunctionToolset[None](id="t"), []

    @toolset.tool_plain(requires_approval=True)
    def act(x: int) -> str:
        """Act."""
        done.append(x)
        return "acted"

    script = Script([("act", {"x": 1}), ("act", {"x": 9})], "done")
    loop = Loop(script.model(), name="a", toolsets=[toolset], capabilities=[Gate(), Engine()])
    asyncio.run(loop.run("go"))

    assert asked == [["act", "act"]]
    assert done == [2]
    assert [part.content for part in script.requests[-1][-1].parts] == ["acted", "no"]


def test_the_messages_of_a_run_are_the_same_objects_in_every_request():
    """Our hashes are computed once a message because of that."""
    engine = Engine()
    toolset = foreign_tools()
    script = Script([("look", {"place": "x"})], [("look", {"place": "y"})], "done")
    loop = Loop(script.model(), name="a", toolsets=[toolset], capabilities=[engine])
    asyncio.run(loop.run("go"))

    requests = [
        key[1]
        for operation, _, key, _ in BaseDurabilityCapability.from_agent(loop).backend.seen
        if isinstance(operation, ModelRequestId)
    ]
    assert all(one is other for one, other in zip(requests[0], requests[2], strict=False))
