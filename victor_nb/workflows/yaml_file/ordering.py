"""Which nodes wait for which: what `depends_on` says, what expressions read, else what is written above."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence


def dependencies(
    nodes: Sequence[str],
    said: Mapping[str, Sequence[str]],
    read: Mapping[str, Collection[str]],
    *,
    implicit: bool = True,
) -> dict[str, tuple[str, ...]]:
    """Return for each node those it waits for, in the order in which they are written.

    Args:
        nodes: in the order in which they are written.
        said: by node, what it says it depends on; a node that is not in it says nothing.
        read: by node, the nodes whose values its expressions read.
        implicit: whether a node that says nothing waits for all above it; else it waits for what it reads.

    Nodes above that others above already wait for are left out: waiting for the last ones is enough.
    """
    found: dict[str, tuple[str, ...]] = {}
    last: dict[str, None] = {}  # nodes above that no other above waits for
    for node in nodes:
        wanted = {*said.get(node, ()), *read.get(node, ())}
        if node not in said and implicit:
            wanted |= set(last)
        found[node] = tuple(other for other in nodes if other in wanted)
        for other in found[node]:
            last.pop(other, None)
        last[node] = None
    return found


def cycle(dependencies: Mapping[str, Sequence[str]]) -> list[str]:
    """Return nodes that wait for each other, the first one again at the end; empty if there are none."""
    done: set[str] = set()
    for start in dependencies:
        path: list[str] = []
        on_path: set[str] = set()
        pending: list[tuple[str, int]] = [(start, 0)]
        while pending:
            node, next_one = pending.pop()
            if next_one == 0:
                if node in on_path:
                    return [*path[path.index(node) :], node]
                if node in done:
                    continue
                path.append(node)
                on_path.add(node)
            others = dependencies.get(node, ())
            if next_one < len(others):
                pending += [(node, next_one + 1), (others[next_one], 0)]
            else:
                done.add(node)
                on_path.discard(path.pop())
    return []
