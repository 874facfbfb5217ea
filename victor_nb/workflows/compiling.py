"""Compiling: from what a builder collected to the plan that the engine follows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from victor_nb.workflows.nodes import WANTED, NodeSpec, routes_of
from victor_nb.workflows.plan import Plan, Route, WholeSchema, shape_of
from victor_nb.workflows.position import Due, Join, Rules
from victor_nb.workflows.shape import END, START
from victor_nb.workflows.sources import read
from victor_nb.workflows.state import Schema

Targets = Mapping[Any, str] | Sequence[str] | None


def route_of(decide: Callable[..., Any], targets: Targets, label: str = "") -> Route:
    """Return the conditional edge that a function decides.

    Args:
        targets: what its answers stand for, or the nodes that it may name; by default what its return type lists.
    """
    if targets is None:
        targets = routes_of(decide)
    known = dict(targets) if isinstance(targets, Mapping) else {name: name for name in targets or ()}
    parameters = list(inspect.signature(decide).parameters.values())
    return Route(
        decide=decide,
        targets=known or None,
        leads={answer: () if target == END else (Due(target),) for answer, target in known.items()},
        is_async=inspect.iscoroutinefunction(decide) or inspect.iscoroutinefunction(getattr(decide, "__call__", None)),  # noqa: B004
        wants=tuple(one.name for one in parameters[1:] if one.name in WANTED),
        reading=read(decide),
        label=label,
    )


def compiled(
    name: str,
    schemas: tuple[Schema, Schema, Schema],
    nodes: Mapping[str, NodeSpec],
    edges: Sequence[tuple[str, str]],
    joins: Sequence[Join],
    routes: Mapping[str, Sequence[Route]],
) -> Plan:
    """Return the plan of a graph; `schemas` are those of the state, the input and the output."""
    schema, given, output = schemas
    own = {node.name: Schema(node.input) for node in nodes.values() if node.input is not None}
    inputs = {node: own.get(node, schema) for node in nodes}
    channels = WholeSchema(schema, given, output, *own.values())
    targets: dict[str, dict[str, None]] = {source: {} for source in (START, *nodes)}
    for source, target in edges:
        if source in targets:
            targets[source][target] = None
    after = {source: tuple(found) for source, found in targets.items()}
    decided = {source: tuple(found) for source, found in routes.items()}
    return Plan(
        name=name,
        nodes=dict(nodes),
        schema=schema,
        channels=channels,
        input=given,
        output=output,
        inputs=inputs,
        routes=decided,
        rules=Rules(
            after={source: tuple(one for one in targets if one != END) for source, targets in after.items()},
            joins=tuple(join for join in joins if join.target != END),
            order={node: place for place, node in enumerate(nodes)},
            deferred=frozenset(node.name for node in nodes.values() if node.defer),
            reducers=channels.reducers,
            ephemeral=channels.ephemeral,
        ),
        shape=shape_of(name, nodes, after, tuple(joins), decided),
    )
