"""Plans: a workflow as the engine uses it, compiled once and never changed.

1. Whatever can be looked up before the first step is: the loop only reads tuples and dicts.
2. A plan can be written down, as far as reading the state of an old run needs it (`rules_to_json`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from victor_nb.workflows.nodes import NodeSpec
from victor_nb.workflows.position import Due, Join, Rules
from victor_nb.workflows.reducers import NAMED, Reducer, name_of
from victor_nb.workflows.shape import END, START, EdgeShape, GraphShape, NodeKind, NodeShape
from victor_nb.workflows.sources import Reading
from victor_nb.workflows.state import Schema


@dataclass(frozen=True, slots=True)
class Route:
    """A conditional edge: a function of the state that says where to go.

    Attributes:
        targets: what its answers stand for; None if they are names of nodes, and any node may come.
        leads: what is due after each of those answers.
    """

    decide: Callable[..., Any]
    targets: Mapping[Any, str] | None
    is_async: bool
    wants: tuple[str, ...]
    reading: Reading
    label: str = ""
    leads: Mapping[Any, tuple[Due, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled workflow.

    Attributes:
        schema: of the state that nodes share.
        channels: of everything a node may write, private keys of nodes included.
        inputs: the schema of each node's input.
        fixed_after: whether nothing but plain edges can follow the node.
    """

    name: str
    nodes: Mapping[str, NodeSpec]
    schema: Schema
    channels: Schema
    input: Schema
    output: Schema
    inputs: Mapping[str, Schema]
    routes: Mapping[str, tuple[Route, ...]]
    rules: Rules
    shape: GraphShape

    def sources(self) -> dict[str, str]:
        """The hash of each node's source, and of the routes after it; those of sub-workflows below their node."""
        found: dict[str, str] = {}
        for name, node in self.nodes.items():
            found[name] = "".join([node.reading.hash, *(route.reading.hash[:4] for route in self.routes.get(name, ()))])
            if node.inside is not None:
                found |= {f"{name}/{inner}": source for inner, source in node.inside.plan().sources().items()}
        return found


class WholeSchema(Schema):
    """The keys of several schemas together: what the nodes of a graph may write.

    Args:
        main: the state's own; its channels count where two schemas have a key.
    """

    def __init__(self, main: Schema, *others: Schema) -> None:
        self.type, self.kind, self.validates = main.type, main.kind, main.validates
        self.channels = {name: one for schema in (*reversed(others), main) for name, one in schema.channels.items()}
        self.channels = {name: self.channels[name] for schema in (main, *others) for name in schema.channels}
        self.keys = self.channels.keys()
        self.reducers = {name: one.reducer for name, one in self.channels.items() if one.reducer is not None}
        self.ephemeral = frozenset(name for name, one in self.channels.items() if one.is_ephemeral)
        self._adapters = None
        self._main = main

    def _defaults(self) -> dict[str, Any]:
        return self._main._defaults()


_KINDS: Final[dict[str, NodeKind]] = {START: "start", END: "end"}


def shape_of(
    name: str,
    nodes: Mapping[str, NodeSpec],
    edges: Mapping[str, tuple[str, ...]],
    joins: tuple[Join, ...],
    routes: Mapping[str, tuple[Route, ...]],
) -> GraphShape:
    """Return what drawings need to know."""
    arrows = [EdgeShape(source, target) for source, targets in edges.items() for target in targets]
    arrows += [EdgeShape(source, join.target) for join in joins for source in sorted(join.sources)]
    for source, decisions in routes.items():
        for route in decisions:
            targets = route.targets if route.targets is not None else {one: one for one in sorted(_seen(route, nodes))}
            arrows += [
                EdgeShape(source, target, "" if str(answer) == target else str(answer), True)
                for answer, target in targets.items()
            ]
    for node in nodes.values():
        arrows += [EdgeShape(node.name, target, "", True) for target in possible_ends(node, nodes)]
        if node.on_error:
            arrows.append(EdgeShape(node.name, node.on_error, "error", True))
    arrows = list(dict.fromkeys(arrows))
    used = {arrow.source for arrow in arrows} | {arrow.target for arrow in arrows}
    drawn = [
        *([NodeShape(START, "start")] if START in used else []),
        *(
            NodeShape(
                one.name, one.kind, one.label, one.about, one.inside.shape() if one.inside is not None else one.shape
            )
            for one in nodes.values()
        ),
        *([NodeShape(END, "end")] if END in used else []),
    ]
    return GraphShape(name, tuple(drawn), tuple(arrows))


def _seen(route: Route, nodes: Mapping[str, NodeSpec]) -> set[str]:
    return {one for one in route.reading.texts or () if one in nodes}


def possible_ends(node: NodeSpec, nodes: Mapping[str, NodeSpec]) -> tuple[str, ...]:
    """Where a node may go by its own command, as far as its declaration or its source shows."""
    if node.ends is not None:
        return node.ends
    return tuple(name for name in nodes if name in (node.reading.texts or ()) and name != node.name)


def rules_to_json(rules: Rules) -> dict[str, Any]:
    """Rules as the journal keeps them; a reducer without a name of its own is kept as None."""
    return {
        "after": {source: list(targets) for source, targets in rules.after.items()},
        "joins": [[sorted(join.sources), join.target] for join in rules.joins],
        "deferred": sorted(rules.deferred),
        "reducers": {key: name_of(reducer) or None for key, reducer in rules.reducers.items()},
        "ephemeral": sorted(rules.ephemeral),
    }


def rules_from_json(written: Mapping[str, Any]) -> tuple[Rules, list[str]]:
    """Return the rules that were written down, and the keys whose reducers only their workflow knows."""
    reducers: dict[str, Reducer] = {key: NAMED[name] for key, name in written["reducers"].items() if name}
    after = {source: tuple(targets) for source, targets in written["after"].items()}
    rules = Rules(
        after=after,
        joins=tuple(Join(frozenset(sources), target) for sources, target in written["joins"]),
        order={name: place for place, name in enumerate(after)},
        deferred=frozenset(written["deferred"]),
        reducers=reducers,
        ephemeral=frozenset(written["ephemeral"]),
    )
    return rules, [key for key, name in written["reducers"].items() if not name]
