"""From a graph to layers: cycles are broken, every node gets a layer, long edges are cut at each layer they pass.

1. Vertices are numbers: those below `Layered.reals` are the nodes in their order, the others are bends of edges.
2. Everything goes by the order of definition, so the same graph always gives the same layers.
3. Long edges into one target share their bends, or those out of one source: a thousand nodes that may all go to the
   end take one lane and not half a million bends, and they read better so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from victor_nb.workflows.drawing.banding import banded

Edge = tuple[int, int]
_WHOLE: Final = 24
"""An edge that joins another's way further than this many layers from its end is drawn up to there only."""


@dataclass(slots=True)
class Layered:
    """A graph in layers.

    Attributes:
        layer: of each vertex.
        up, down: the neighbours of each vertex in the layers above and below.
        chains: for each edge its vertices from the upper end to the lower; a loop is its node alone. One of the ends
            is a bend where the edge joins the way of another.
        is_back: for each edge whether it leads upwards, so that its chain is the wrong way round.
    """

    reals: int
    layer: list[int]
    up: list[list[int]]
    down: list[list[int]]
    chains: list[list[int]] = field(default_factory=list)
    is_back: list[bool] = field(default_factory=list)

    def rows(self) -> list[list[int]]:
        """The vertices of each layer, in the order in which they were made."""
        rows: list[list[int]] = [[] for _ in range(1 + max(self.layer, default=-1))]
        for vertex, layer in enumerate(self.layer):
            rows[layer].append(vertex)
        return rows


def layered(count: int, edges: Sequence[Edge]) -> Layered:
    """Put `count` nodes into layers so that edges lead downwards, except those that close a cycle."""
    down = _down(count, edges)
    back = _closing(count, down)
    down_only = [[target for target in targets if (source, target) not in back] for source, targets in enumerate(down)]
    layer = _wrapped(count, down_only)
    made = Layered(count, layer, [[] for _ in range(count)], [[] for _ in range(count)])
    _add_chains(made, edges, back)
    return made


def _down(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    """Each node's targets without itself, each once."""
    found: list[dict[int, None]] = [{} for _ in range(count)]
    for source, target in edges:
        if source != target:
            found[source][target] = None
    return [list(targets) for targets in found]


def _closing(count: int, down: list[list[int]]) -> set[Edge]:
    """The edges that close a cycle when the graph is walked in depth, nodes and edges in their order."""
    closing: set[Edge] = set()
    done, on_path = [False] * count, [False] * count
    for root in range(count):
        if done[root]:
            continue
        stack = [(root, iter(down[root]))]
        done[root] = on_path[root] = True
        while stack:
            node, targets = stack[-1]
            for target in targets:
                if on_path[target]:
                    closing.add((node, target))
                elif not done[target]:
                    done[target] = on_path[target] = True
                    stack.append((target, iter(down[target])))
                    break
            else:
                on_path[node] = False
                stack.pop()
    return closing


def _wrapped(count: int, down: list[list[int]]) -> list[int]:
    """The layer of each node; what would be too wide is stacked."""
    layer = _layers(count, down)
    stacked = banded(down, layer)
    is_acyclic = len(_sorted(len(stacked), stacked)[0]) == len(stacked)
    return _layers(len(stacked), stacked)[:count] if is_acyclic and len(stacked) > count else layer


def _layers(count: int, down: list[list[int]]) -> list[int]:
    """The longest way from above, then each node as near to its targets as shortens more edges than it stretches."""
    order, sources = _sorted(count, down)
    layer = [0] * count
    for node in order:
        for target in down[node]:
            layer[target] = max(layer[target], layer[node] + 1)
    for node in reversed(order):
        if down[node] and len(down[node]) > sources[node] and node:
            layer[node] = min(layer[target] for target in down[node]) - 1
    return layer


def _sorted(count: int, down: list[list[int]]) -> tuple[list[int], list[int]]:
    """The nodes with every source before its targets, and how many sources each has."""
    sources = [0] * count
    for targets in down:
        for target in targets:
            sources[target] += 1
    left = list(sources)
    order = [node for node in range(count) if not left[node]]
    for node in order:  # grows while it is read
        for target in down[node]:
            left[target] -= 1
            if not left[target]:
                order.append(target)
    return order, sources


def _add_chains(made: Layered, edges: Sequence[Edge], back: set[Edge]) -> None:
    long = [edge for edge in dict.fromkeys(edges) if abs(made.layer[edge[0]] - made.layer[edge[1]]) > 1]
    long_out, long_in = Counter(edge[0] for edge in long), Counter(edge[1] for edge in long)
    bends: dict[tuple[str, int, int], int] = {}
    linked: set[Edge] = set()
    for source, target in edges:
        is_back = (source, target) in back
        upper, lower = (target, source) if is_back else (source, target)
        joins_target = is_back or long_in[target] >= long_out[source]
        shared = ("back" if is_back else "in", target) if joins_target else ("out", source)
        chain = _chain(made, bends, upper, lower, shared)
        for pair in pairwise(chain):
            if pair not in linked:
                linked.add(pair)
                made.down[pair[0]].append(pair[1])
                made.up[pair[1]].append(pair[0])
        made.chains.append(chain)
        made.is_back.append(is_back)


def _chain(
    made: Layered, bends: dict[tuple[str, int, int], int], upper: int, lower: int, shared: tuple[str, int]
) -> list[int]:
    """The vertices of an edge from its own end on; a far way that another edge has made already is only joined."""
    if upper == lower:
        return [upper]
    layers = range(made.layer[upper] + 1, made.layer[lower])
    is_in = shared[0] == "in"
    chain = [upper if is_in else lower]
    for left, layer in enumerate(layers if is_in else layers[::-1]):
        key = (*shared, layer)
        if key in bends and len(layers) - left > _WHOLE:
            chain.append(bends[key])
            break
        if key not in bends:
            bends[key] = _new_bend(made, layer)
        chain.append(bends[key])
    else:
        chain.append(lower if is_in else upper)
    return chain if is_in else chain[::-1]


def _new_bend(made: Layered, layer: int) -> int:
    made.layer.append(layer)
    made.up.append([])
    made.down.append([])
    return len(made.layer) - 1
