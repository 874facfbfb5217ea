"""Which nodes wait for which: what `depends_on` says, what expressions read, else what is written above."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence


def dependencies(
    nodes: Sequence[str], said: Mapping[str, Sequence[str]], read: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    """Return for each node those it waits for, in the order in which they are written.

    Args:
        nodes: in the order in which they are written.
        said: by node, what it says it depends on; a node that is not in it waits for all above it.
        read: by node, the nodes whose values its expressions read.

    Of the nodes above, those that others above already wait for are left out: waiting for the last ones is enough.
    """
    place = {node: number for number, node in enumerate(nodes)}
    found: dict[str, tuple[str, ...]] = {}
    last: dict[str, None] = {}  # nodes above that no other above waits for
    for node in nodes:
        reads = read.get(node, ())
        if node in said:
            wanted = {*said[node], *reads}
        else:
            wanted = {*last, *(other for other in reads if place.get(other, -1) >= place[node])}
        found[node] = tuple(sorted((other for other in wanted if other in place), key=place.__getitem__))
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
