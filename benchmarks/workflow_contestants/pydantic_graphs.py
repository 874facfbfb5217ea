"""pydantic-graph: a node that leads back to itself, a step mapped over a list and reduced; nothing on disk.

`python pydantic_graphs.py CASE NUMBER [SIZE]` prints one JSON object.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

from pydantic_graph import BaseNode, End, Graph, GraphBuilder, GraphRunContext, StepContext, reduce_sum
from timing import emit, timed


@dataclass
class State:
    payload: str
    n: int


@dataclass
class Node(BaseNode[State, None, int]):
    last: int

    async def run(self, ctx: GraphRunContext[State]) -> Node | End[int]:
        ctx.state.n += 1
        return self if ctx.state.n < self.last else End(ctx.state.n)


def chain(last: int) -> Graph[State, None, None, int]:
    builder = GraphBuilder(state_type=State, output_type=int)
    builder.add(builder.node(Node), builder.edge_from(builder.start_node).transform(lambda _: Node(last)).to(Node))
    return builder.build()


def fan_out(width: int) -> Graph[State, None, None, int]:
    builder = GraphBuilder(state_type=State, output_type=int)

    @builder.step
    async def plan(ctx: StepContext[State, None, None]) -> list[int]:
        return list(range(width))

    @builder.step
    async def part(ctx: StepContext[State, None, int]) -> int:
        return ctx.inputs

    join = builder.join(reduce_sum, initial=0)
    builder.add(
        builder.edge_from(builder.start_node).to(plan),
        builder.edge_from(plan).map().to(part),
        builder.edge_from(part).to(join),
        builder.edge_from(join).to(builder.end_node),
    )
    return builder.build()


def main(case: str, number: int, size: int = 1000) -> None:
    graph = {"chain_memory": chain, "fan_out_memory": fan_out}[case](number)
    emit(timed(lambda: asyncio.run(graph.run(state=State("x" * size, 0))), number))


main(sys.argv[1], *map(int, sys.argv[2:]))
