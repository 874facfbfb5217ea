"""Which nodes a run is about: all of them, only some, or those from some on; and which run whatever the cache says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from victor_nb.errors import UsageError, nearest


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of each node.

    Attributes:
        run: these run, or come from the cache.
        taken: these are needed by those, and what they last made is taken, however old.
        forced: these run whatever the cache says.
    """

    run: frozenset[str]
    taken: frozenset[str]
    forced: frozenset[str]


def chosen(
    nodes: Sequence[str],
    needs: Mapping[str, Collection[str]],
    *,
    only: str | Iterable[str] | None = None,
    from_: str | Iterable[str] | None = None,
    force: bool | str | Iterable[str] = False,
) -> Choice:
    """Return what a run is about.

    Args:
        only: these nodes alone.
        from_: these run anew, and all that come after them are looked at again.
        force: these run anew; True for all.

    Raises:
        UsageError: there is no such node.
    """
    named_only, named_from = _known(nodes, only, "only"), _known(nodes, from_, "from")
    run = set(nodes)
    if named_from:
        run &= named_from | _after(named_from, needs)
    if only is not None:
        run &= named_only
    forced = set(run) if force is True else _known(nodes, None if force is False else force, "force")
    forced = (forced | (named_from or set())) & run
    taken = _before(run, needs) - run
    return Choice(frozenset(run), frozenset(taken), frozenset(forced))


def _known(nodes: Sequence[str], given: str | Iterable[str] | bool | None, word: str) -> set[str]:
    if given is None or isinstance(given, bool):
        return set()
    named = [given] if isinstance(given, str) else list(given)
    names = [one.partition("[")[0] for one in named]
    for name in names:
        if name not in nodes:
            raise UsageError(
                f"there is no node {name!r}.{nearest(name, nodes)}", f"--{word}", "nodes are " + ", ".join(nodes)
            )
    return set(names)


def _before(some: Collection[str], needs: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(some)
    while waiting:
        new = set(needs[waiting.pop()]) - found
        found |= new
        waiting += new
    return found


def _after(some: Collection[str], needs: Mapping[str, Collection[str]]) -> set[str]:
    return {node for node in needs if _before([node], needs) & set(some)}
