"""The builder: a `Workflow` collects nodes and edges and runs them.

1. A workflow may be changed until it runs, also between runs; a run keeps to the graph that it was started with.
2. What makes no sense by itself (a name used twice, a policy out of range) is refused at once; what concerns the
   graph as a whole is told all together by `validate`, and before running.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Self, Unpack

from victor_nb.errors import UsageError
from victor_nb.journal import Effect, Journal, OnDoubt
from victor_nb.workflows.agent_nodes import Prompt, agent_call
from victor_nb.workflows.blocking import run_to_end
from victor_nb.workflows.cache import NodeCache
from victor_nb.workflows.compiling import Targets, compiled, route_of
from victor_nb.workflows.errors import InvalidWorkflow, Problem
from victor_nb.workflows.journals import journal_of
from victor_nb.workflows.nodes import NodeSpec, name_of, of_callable
from victor_nb.workflows.plan import Plan, Route
from victor_nb.workflows.policies import CachePolicy, Defaults, RetryPolicy, TimeoutPolicy
from victor_nb.workflows.position import Join
from victor_nb.workflows.results import WorkflowResult
from victor_nb.workflows.running import execute
from victor_nb.workflows.settings import Options, asked
from victor_nb.workflows.shape import END, START, GraphShape, NodeKind
from victor_nb.workflows.sources import Reading
from victor_nb.workflows.state import Schema
from victor_nb.workflows.streaming import Mode, WorkflowStream
from victor_nb.workflows.travel import WorkflowRun
from victor_nb.workflows.validation import problems_of

RESERVED = frozenset({START, END})


class Workflow:
    """A graph of nodes that share a state.

    Args:
        state: a TypedDict, dataclass or pydantic model; `Annotated[list[str], operator.add]` gives a key a reducer.
        input, output: types with some of the keys, where a caller is to see less than the nodes do.
        context: the type of what `run(context=…)` takes; only said, not checked.

    Attributes:
        kind: of its runs, in the journal; what is built on workflows may call them otherwise.

    Raises:
        TypeError: a type is no schema.
    """

    kind: str = "workflow"

    def __init__(
        self,
        state: type,
        name: str = "",
        *,
        input: type | None = None,
        output: type | None = None,
        context: type | None = None,
        about: str = "",
    ) -> None:
        self.state, self.name, self.context, self.about = state, name or state.__name__, context, about
        self.origin: dict[str, Any] = {}
        self._schema = Schema(state)
        self._input = Schema(input) if input is not None else self._schema
        self._output = Schema(output) if output is not None else self._schema
        self._nodes: dict[str, NodeSpec] = {}
        self._edges: list[tuple[str, str]] = []
        self._joins: list[Join] = []
        self._routes: dict[str, list[Route]] = {}
        self._defaults = Defaults()
        self._plan: Plan | None = None

    # -- building ------------------------------------------------------------------------------------------------------

    def add_node(
        self,
        name: object,
        action: object = None,
        *,
        retry: RetryPolicy | Sequence[RetryPolicy] | None = None,
        timeout_s: float | None = None,
        idle_s: float | None = None,
        cache: CachePolicy | bool | None = None,
        effect: Effect | str = Effect.PURE,
        on_doubt: OnDoubt | None = None,
        defer: bool = False,
        ends: Iterable[str] | None = None,
        input: type | None = None,
        on_error: str | Callable[..., object] = "",
        prompt: Prompt = None,
        output: str | None = None,
        kind: NodeKind | None = None,
        label: str = "",
        about: str = "",
        metadata: Mapping[str, object] | None = None,
        shape: GraphShape | None = None,
    ) -> Self:
        """Add a node: a function of the state, an agent, a workflow, anything that can be called.

        Args:
            name: may be left out where `action` has one: `add_node(action)`.
            retry: policies; the first that applies to a failure counts.
            timeout_s: for one attempt. `idle_s`: between two signs of life.
            cache: lets other runs use the answer; True for ever and for equal inputs.
            effect: what the node does to the world, where it is no pure function of its input.
            on_doubt: what a resumed run does if the node, having an effect, may have run; "ask", "retry" or "skip".
            defer: it waits until nothing else is due.
            ends: where it may go by a `Command`; read from the source where it is not said.
            input: the type of its input, where that is not the state; its keys need not be the state's.
            on_error: the node that goes on when all attempts failed, or a function that becomes one.
            metadata: kept with the node; `{"checkpoint": True}` has a snapshot of the state written after it.
            shape: what is drawn inside the node.
            prompt, output: for an agent: what it is asked, and the key for its answer.

        Raises:
            UsageError: the name is taken or cannot be one.
            ValueError: there is no name, or a policy is out of range.
            TypeError: the action wants parameters that no node is given.
        """
        if action is None:
            name, action = name_of(name), name
        name = self._free(str(name))
        options: dict[str, Any] = {
            "retry": (retry,) if isinstance(retry, RetryPolicy) else tuple(retry or ()) or self._defaults.retry,
            "timeout": TimeoutPolicy(timeout_s, idle_s) if timeout_s or idle_s else self._defaults.timeout,
            "cache": CachePolicy() if cache is True else cache or self._defaults.cache,
            "effect": Effect(effect),
            "on_doubt": on_doubt,
            "defer": defer,
            "on_error": self._handler(name, on_error),
            "label": label,
            "metadata": dict(metadata or {}),
        }
        spec = self._spec(name, action, input, prompt, output, ends, options)
        spec = replace(spec, kind=kind or spec.kind, about=about or spec.about, shape=shape)
        self._nodes[name] = spec
        self._plan = None
        return self

    def _spec(
        self,
        name: str,
        action: Any,
        input: type | None,
        prompt: Prompt,
        output: str | None,
        ends: Iterable[str] | None,
        options: dict[str, Any],
    ) -> NodeSpec:
        if isinstance(action, Workflow):
            where = tuple(ends) if ends is not None else ()
            about, source = action.about, Reading(f"workflow:{action.name}")
            return NodeSpec(
                name,
                _not_called,
                "workflow",
                input=input,
                ends=where,
                about=about,
                reading=source,
                inside=action,
                **options,
            )
        if _is_agent(action):
            call = agent_call(name, action, Schema(input) if input is not None else self._schema, prompt, output)
            about, told = (
                action.instructions.partition("\n")[0],
                repr((action.model, action.instructions, prompt, output)),
            )
            spec = of_callable(name, call, input=input, ends=ends or (), about=about, **options)
            return replace(spec, kind="agent", reading=Reading(_digest(told)))
        if not callable(action):
            raise UsageError(
                f"node {name!r} is {action!r}, which cannot be called", hint="give a function, an agent or a workflow"
            )
        return of_callable(name, action, input=input, ends=ends, **options)

    def _free(self, name: str) -> str:
        if name in self._nodes or name in RESERVED:
            taken = "is taken" if name in self._nodes else "has a meaning of its own"
            raise UsageError(f"the name {name!r} {taken}", f"workflow {self.name!r}", "give each node another name")
        if not name or any(sign in name for sign in "#:"):
            raise UsageError(
                f"a node cannot be called {name!r}", f"workflow {self.name!r}", "use a name without # and :"
            )
        return name

    def _handler(self, name: str, on_error: str | Callable[..., Any]) -> str:
        if isinstance(on_error, str):
            return on_error
        handler = f"{name}_failed" if name_of(on_error) in self._nodes else name_of(on_error)
        self.add_node(handler, on_error)
        return handler

    def add_edge(self, source: str | Sequence[str], target: str) -> Self:
        """Have `target` run after `source`; after several, once all of them have run."""
        if isinstance(source, str):
            self._edges.append((source, target))
        else:
            self._joins.append(Join(frozenset(source), target))
        self._plan = None
        return self

    def add_conditional_edges(
        self, source: str, route: Callable[..., object], targets: Targets = None, label: str = ""
    ) -> Self:
        """Have `route`, a function of the state, say after `source` where to go: names, a `Send`, or several of them.

        Args:
            targets: what its answers mean, by answer; or the nodes that it may name.
        """
        self._routes.setdefault(source, []).append(route_of(route, targets, label))
        self._plan = None
        return self

    def add_sequence(self, nodes: Sequence[object]) -> Self:
        """Add nodes that run one after another: functions, or (name, action) pairs; edges from START are not added."""
        names: list[str] = []
        for one in nodes:
            name, action = one if isinstance(one, tuple) else (name_of(one), one)
            self.add_node(name, action)
            names.append(name)
        for source, target in pairwise(names):
            self.add_edge(source, target)
        return self

    def set_node_defaults(
        self,
        *,
        retry: RetryPolicy | Sequence[RetryPolicy] | None = None,
        timeout_s: float | None = None,
        cache: CachePolicy | None = None,
    ) -> Self:
        """Say what nodes get that are added from now on and do not say otherwise."""
        policies = (retry,) if isinstance(retry, RetryPolicy) else tuple(retry or ())
        self._defaults = Defaults(policies, TimeoutPolicy(timeout_s) if timeout_s else None, cache)
        return self

    # -- looking -------------------------------------------------------------------------------------------------------

    def validate(self) -> list[Problem]:
        """Return everything that is wrong with the graph, in its order; nothing is run."""
        return problems_of(self.name, self._nodes, self._edges, self._joins, self._routes, self._schema)

    def plan(self) -> Plan:
        """Return the graph as the engine follows it.

        Raises:
            InvalidWorkflow: it has problems; the error tells all of them.
        """
        if self._plan is None:
            if problems := self.validate():
                raise InvalidWorkflow.of(self.name, problems)
            self._plan = compiled(self.name, self.schemas, self._nodes, self._edges, self._joins, self._routes)
        return self._plan

    def shape(self) -> GraphShape:
        """Return what drawings need to know, also of a graph that is not finished."""
        return compiled(self.name, self.schemas, self._nodes, self._edges, self._joins, self._routes).shape

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """Show the graph in a cell: as SVG, and as text where nothing else is shown."""
        from victor_nb.workflows.drawing import as_bundle

        return as_bundle(self.shape(), include=include, exclude=exclude)

    @property
    def nodes(self) -> Mapping[str, NodeSpec]:
        """The nodes, in the order in which they were added."""
        return dict(self._nodes)

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The plain edges, in the order in which they were added."""
        return tuple(self._edges)

    @property
    def joins(self) -> tuple[Join, ...]:
        """The edges that wait for several nodes."""
        return tuple(self._joins)

    @property
    def routes(self) -> Mapping[str, tuple[Route, ...]]:
        """The conditional edges, by the node that they follow."""
        return {source: tuple(found) for source, found in self._routes.items()}

    @property
    def schemas(self) -> tuple[Schema, Schema, Schema]:
        """Of the state, the input and the output."""
        return self._schema, self._input, self._output

    def past(self, run_id: str, journal: Journal | str | None = None) -> WorkflowRun:
        """Return a run of this workflow, to look at its history, fork it or change it."""
        return WorkflowRun(journal_of(journal), run_id, self)

    def clear_cache(self, node: str | None = None, *, journal: Journal | str | None = None) -> int:
        """Forget what a node, or any node, has answered for other runs; return how many answers there were."""
        return NodeCache(journal_of(journal), self.name).clear(node)

    # -- running -------------------------------------------------------------------------------------------------------

    async def run(self, input: object = None, **options: Unpack[Options]) -> WorkflowResult[Any]:
        """Run the workflow, or go on with an unfinished run; see `Options`.

        Args:
            input: a dict, or an instance of the input's type; `Command(resume=answer)` with a run that waits; nothing
                with any other run that is to go on.

        Raises:
            InvalidWorkflow: the graph makes no sense.
            NodeFailed: a node raised; the run can be resumed.
            StepLimitReached, WorkflowStopped, StepInDoubt: the run stopped and can be resumed.
            GraphChanged: the run was started with another graph.
        """
        return await execute(self, asked(input, options))

    def run_sync(self, input: object = None, **options: Unpack[Options]) -> WorkflowResult[Any]:
        """`run` for callers that do not await, also inside a running event loop (a notebook's cell).

        Ctrl-C cancels the run and leaves it stopped and resumable.
        """
        return run_to_end(execute(self, replace(asked(input, options), inline=True)))

    def stream(
        self, input: object = None, *, modes: Mode | Sequence[Mode] = "updates", **options: Unpack[Options]
    ) -> WorkflowStream:
        """`run` as an async iterator of what happens (see `streaming`); `.result` afterwards."""
        wanted = (modes,) if isinstance(modes, str) else tuple(modes)
        return WorkflowStream(wanted, lambda emitter: execute(self, asked(input, options), emitter))


def _is_agent(action: Any) -> bool:
    agents = sys.modules.get("victor_nb.agents.agent")  # where there is an agent, its room is there
    return agents is not None and isinstance(action, agents.Agent)


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _not_called(_: Any) -> None:
    """Stands for the function of a node that is a workflow; the engine runs the workflow instead."""
