"""`type: agent`: a model with tools and a goal. Its requests and tool calls are steps below the node.

Without `inputs` the agent may look at the values of the nodes that it waits for and at the declared state; with them,
at those and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from victor_nb.agents import Agent, Budget
from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.expressions import Prepared
from victor_nb.workflows.yaml_file.fields import Duration, Fields, NodeFields
from victor_nb.workflows.yaml_file.node_types.registry import NodeType
from victor_nb.workflows.yaml_file.node_types.tool_names import BindAll, tools_named
from victor_nb.workflows.yaml_file.templated import INDEX, ITEM, Given, Work, first_line


class BudgetFields(Fields):
    """What one run of an agent may spend."""

    steps: Annotated[int, Field(ge=1)] | None = Field(None, description="Model and tool calls together.")
    tokens: Annotated[int, Field(ge=1)] | None = Field(None, description="Input and output tokens together.")
    cost_usd: Annotated[float, Field(gt=0)] | None = Field(None, description="USD, from the model's public price.")
    time: Duration | None = Field(None, description='Working time: seconds, or "30s", "5m", "2h".')


class AgentFields(NodeFields):
    """An agent: a model with tools and a goal."""

    type: Literal["agent"] = Field("agent", description="An agent: a model with tools and a goal.")
    role: str = Field("", description="Who the agent is; begins its instructions.")
    goal: str = Field(description="What it is to do; may hold {{ expressions }}.", min_length=1)
    instructions: str = Field("", description="What it is told before every request, besides its role.")
    model: str | None = Field(
        None, description="provider:model, such as openai:gpt-5 or ollama:llama3.2; the offline model if left out."
    )
    tools: list[str] = Field(
        default_factory=list, description="Names of tools and toolsets, of handlers, or module:function."
    )
    answer: str = Field("str", description="The type of the answer: str, int, list[str], dict[str, float], …")
    budget: BudgetFields | None = Field(None, description="What it may spend.")


@dataclass(frozen=True)
class _Asked:
    """Has the agent pursue its goal; the answer is the node's value.

    Attributes:
        sees: names of the values that it may look at, where the node has no inputs.
    """

    agent: Agent[object]
    goal: Prepared
    tools: tuple[BindAll, ...]
    sees: tuple[str, ...]

    async def __call__(self, given: Given) -> Any:
        names = (*self.sees, ITEM, INDEX)
        seen: Mapping[str, Any] = (
            given.inputs
            if given.inputs is not None
            else {name: given.values[name] for name in names if given.values.get(name) is not None}
        )
        bound = [tool for bind in self.tools for tool in bind(seen, Path.cwd())]
        agent = Agent(
            self.agent.name,
            self.agent.model,
            bound,
            self.agent.instructions,
            self.agent.output,
            self.agent.budget,
        )
        result = await agent.run(str(given.fill(self.goal)), variables=seen)
        return result.data


def _make(fields: AgentFields, building: Building) -> Work | None:
    goal = building.prepared("goal", fields.goal)
    output = building.type("answer", fields.answer)
    tools = [tools_named(building, "tools", name) for name in fields.tools]
    role = f"You are the {fields.role}." if fields.role else ""
    agent = Agent(
        name=fields.role or fields.id,
        model=fields.model,
        instructions="\n".join(part for part in (role, fields.instructions) if part),
        output=str if output is Any else output,
        budget=_budget(fields.budget),
    )
    asked = _Asked(agent, goal, tuple(one for one in tools if one is not None), building.sees)
    about = first_line(fields.goal)
    may_see = frozenset(building.sees) if fields.inputs is None else frozenset[str]()
    return Work(asked, "agent", is_async=True, wants_runtime=True, reads=goal, may_see=may_see, about=about)


def _budget(fields: BudgetFields | None) -> Budget:
    if fields is None:
        return Budget()
    said = fields.model_dump(exclude_none=True)
    if "time" in said:
        said["seconds"] = said.pop("time")
    return Budget(**said)


TYPE: Final = NodeType("agent", AgentFields, _make)
