"""Validation: everything that is wrong with a graph, told at once, before anything runs.

What cannot be known is not complained about: a route whose answers nobody lists may lead anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from victor_nb.errors import nearest
from victor_nb.workflows.errors import Problem
from victor_nb.workflows.nodes import NodeSpec
from victor_nb.workflows.plan import Route, possible_ends
from victor_nb.workflows.position import Join
from victor_nb.workflows.shape import END, START
from victor_nb.workflows.state import Schema

Routes = Mapping[str, Sequence[Route]]
Edges = Sequence[tuple[str, str]]


def problems_of(
    name: str, nodes: Mapping[str, NodeSpec], edges: Edges, joins: Sequence[Join], routes: Routes, schema: Schema
) -> list[Problem]:
    """Return the problems of a graph, in the order of its definition."""
    if not nodes:
        return [Problem("the graph has no nodes", f"workflow {name!r}", "add_node('name', function)")]
    found = [*_missing(nodes, edges, joins, routes), *_beginning(edges, joins, routes)]
    if not found:  # what follows from a missing node is no news
        leads = _leads(nodes, edges, joins, routes)
        found += [*_unreachable(nodes, leads), *_endless(nodes, leads), *_unreduced(nodes, edges, schema)]
    return found


def _missing(nodes: Mapping[str, NodeSpec], edges: Edges, joins: Sequence[Join], routes: Routes) -> Iterator[Problem]:
    sources, targets = {START, *nodes}, {END, *nodes}
    for source, target in edges:
        yield from _unknown(source, sources, f"edge {source} → {target}")
        yield from _unknown(target, targets, f"edge {source} → {target}")
    for join in joins:
        place = f"edge {sorted(join.sources)} → {join.target}"
        for source in sorted(join.sources):
            yield from _unknown(source, set(nodes), place)
        yield from _unknown(join.target, targets, place)
    for source, decided in routes.items():
        yield from _unknown(source, sources, f"conditional edges of {source!r}")
        for route in decided:
            for target in (route.targets or {}).values():
                yield from _unknown(target, targets, f"conditional edges of {source!r}")
    for node in nodes.values():
        for target in node.ends or ():
            yield from _unknown(target, targets, f"ends of node {node.name!r}")
        if node.on_error:
            yield from _unknown(node.on_error, set(nodes), f"on_error of node {node.name!r}")


def _unknown(name: str, known: set[str], place: str) -> Iterator[Problem]:
    if name in known:
        return
    if name in (START, END):
        yield Problem(f"{name} cannot stand there", place, "edges lead from START and to END")
    else:
        yield Problem(f"there is no node {name!r}.{nearest(name, known)}", place, f"add_node({name!r}, …)")


def _beginning(edges: Edges, joins: Sequence[Join], routes: Routes) -> Iterator[Problem]:
    if not any(source == START for source, _ in edges) and START not in routes:
        yield Problem("nothing runs first", "START", "add_edge(START, 'name')")


def _leads(
    nodes: Mapping[str, NodeSpec], edges: Edges, joins: Sequence[Join], routes: Routes
) -> dict[str, set[str] | None]:
    """Where each node may lead; None where that cannot be known."""
    leads: dict[str, set[str] | None] = {name: set() for name in (START, *nodes)}

    def add(source: str, targets: set[str] | None) -> None:
        known = leads[source]
        leads[source] = None if known is None or targets is None else known | targets

    for source, target in edges:
        add(source, {target})
    for join in joins:
        for source in join.sources:
            add(source, {join.target})
    for source, decided in routes.items():
        for route in decided:
            add(source, set(route.targets.values()) if route.targets is not None else None)
    for node in nodes.values():
        add(node.name, set(possible_ends(node, nodes)) if node.ends is not None else None)
        if node.on_error:
            add(node.name, {node.on_error})
    return leads


def _unreachable(nodes: Mapping[str, NodeSpec], leads: Mapping[str, set[str] | None]) -> Iterator[Problem]:
    reached, waiting = {START}, [START]
    while waiting:
        targets = leads[waiting.pop()]
        new = {name for name in (nodes if targets is None else targets) if name in nodes and name not in reached}
        reached |= new
        waiting += new
    for name in nodes:
        if name not in reached:
            yield Problem("nothing leads to it", f"node {name!r}", f"add_edge('…', {name!r}), or leave the node out")


def _endless(nodes: Mapping[str, NodeSpec], leads: Mapping[str, set[str] | None]) -> Iterator[Problem]:
    """Cycles that nothing leads out of, and in which no node could stop the run."""
    before: dict[str, list[str]] = {}
    for name in nodes:
        for target in leads[name] or ():
            before.setdefault(target, []).append(name)
    waiting = [name for name in nodes if not leads[name] or END in (leads[name] or ())]
    ends = set(waiting)
    while waiting:
        new = [name for name in before.get(waiting.pop(), ()) if name not in ends]
        ends.update(new)
        waiting += new
    endless = [name for name in nodes if name not in ends]
    if endless and not any(nodes[name].reading.stops for name in endless):
        way = " → ".join([*endless, endless[0]])
        yield Problem(
            f"{way} goes round for ever",
            f"node {endless[0]!r}",
            f"let a route end it: add_conditional_edges({endless[-1]!r}, route, ['…', END])",
        )


def _unreduced(nodes: Mapping[str, NodeSpec], edges: Edges, schema: Schema) -> Iterator[Problem]:
    """Nodes that start together from one node and surely write the same key, which nothing joins."""
    told: set[tuple[str, str, str]] = set()
    followers: dict[str, list[NodeSpec]] = {}
    for source, target in edges:
        if target in nodes and not nodes[target].defer:
            followers.setdefault(source, []).append(nodes[target])
    for source in (START, *nodes):
        together = followers.get(source, [])
        writers: dict[str, str] = {}
        for node in together:
            for key in sorted((node.reading.writes or frozenset()) - schema.reducers.keys()):
                first = writers.setdefault(key, node.name)
                if first == node.name or (key, first, node.name) in told:
                    continue
                told.add((key, first, node.name))
                yield Problem(
                    f"{first!r} and {node.name!r} run together after {source!r} and both write {key!r}",
                    f"state key {key!r}",
                    f"give it a reducer: {key}: Annotated[list, operator.add]",
                )
