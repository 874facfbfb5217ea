"""Policies: which runs may go. Pure functions over the heads of runs; nothing here reads a journal or a clock.

1. A run goes when it fits every condition that was given; a budget only limits how many of those go.
2. A run that somebody executes never goes, nor does a pinned one, nor the last of a thread.
3. Without being asked for by its state or its id, a run that can be resumed stays: only finished ones go.
4. A run that another one is built on goes with that one, or later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from victor_nb.journal.rows import Head

STATES: Final = ("finished", "failed", "stopped", "interrupted")
"""A run whose process died while it ran is interrupted."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What has to be so of a run that goes.

    Attributes:
        before: it was last changed before this time, in seconds since the epoch; None if that does not matter.
        keep: as many newest runs of each kind and name stay, whatever else is so.
        kinds, names: it is one of these; any if empty.
        states: it stands so.
        runs: it is one of these, in whatever state; `before`, `keep`, `kinds`, `names` and `states` do not matter then.
        max_bytes: only as many go, the longest unchanged first, as it takes to bring the journal down to this size.
    """

    before: float | None = None
    keep: int = 0
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    states: tuple[str, ...] = ("finished",)
    runs: tuple[str, ...] = ()
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a policy chose.

    Attributes:
        heads: the runs that go, those that changed least recently first.
        stays: why how many others stay that fit the policy.
    """

    heads: list[Head]
    stays: dict[str, int]


def chosen(
    policy: Policy,
    heads: Sequence[Head],
    live: Collection[int],
    protected: Mapping[str, str],
    children: Mapping[str, Collection[str]],
) -> Choice:
    """Choose runs.

    Args:
        live: the numbers of runs that somebody executes.
        protected: by run, why it stays in any case.
        children: by run, those that are built on it.
    """
    stays: Counter[str] = Counter()
    going: dict[str, Head] = {}
    for head in _fitting(policy, heads, live):
        if head.number in live:
            stays["somebody executes them"] += 1
        elif why := protected.get(head.run_id):
            stays[why] += 1
        else:
            going[head.run_id] = head
    held = _held(going, children)
    if held:
        stays["others are built on them"] = len(held)
    ordered = sorted((head for run_id, head in going.items() if run_id not in held), key=_age)
    return Choice(ordered, dict(stays))


def state_of(head: Head, live: Collection[int]) -> str:
    """Return how a run stands; "interrupted" if it claims to run and nobody executes it."""
    return "interrupted" if head.status == "running" and head.number not in live else head.status


def _fitting(policy: Policy, heads: Sequence[Head], live: Collection[int]) -> Iterable[Head]:
    if policy.runs:
        wanted = frozenset(policy.runs)
        return [head for head in heads if head.run_id in wanted]
    newest = _newest(heads, policy.keep)
    return [
        head
        for head in heads
        if (policy.before is None or head.updated < policy.before)
        and (not policy.kinds or head.kind in policy.kinds)
        and (not policy.names or head.name in policy.names)
        and state_of(head, live) in policy.states
        and head.number not in newest
    ]


def _newest(heads: Sequence[Head], keep: int) -> frozenset[int]:
    """The numbers of the newest runs of each kind and name."""
    if not keep:
        return frozenset()
    found: set[int] = set()
    seen: Counter[tuple[str, str]] = Counter()
    for head in reversed(heads):
        seen[head.kind, head.name] += 1
        if seen[head.kind, head.name] <= keep:
            found.add(head.number)
    return frozenset(found)


def _held(going: Mapping[str, Head], children: Mapping[str, Collection[str]]) -> set[str]:
    """Those on which, over any number of generations, a run is built that stays."""
    parent_of = {child: parent for parent, built in children.items() for child in built}
    held: set[str] = set()
    for parent, built in children.items():
        if all(child in going for child in built):
            continue
        line: str | None = parent
        while line is not None and line not in held:
            if line in going:
                held.add(line)
            line = parent_of.get(line)
    return held


def _age(head: Head) -> tuple[float, int]:
    return head.updated, head.number
