"""The first look: which runs a policy lets go, and how much room that makes. Nothing is changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from victor_nb.journal import Journal
from victor_nb.journal.leases import is_free
from victor_nb.journal.rows import Head
from victor_nb.retention.clearance import Group
from victor_nb.retention.marking import References, windows
from victor_nb.retention.policy import Choice, Policy, chosen

PINNED = "they are pinned"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to go.

    Attributes:
        heads: the runs, those that changed least recently first.
        children: by run, those that are built on it.
        weights: by number, what the events of each take, in bytes.
    """

    heads: list[Head]
    stays: dict[str, int]
    children: dict[str, frozenset[str]]
    weights: dict[int, int]
    blobs: int
    blob_bytes: int

    def groups(self, run_ids: Collection[str]) -> tuple[Group, ...]:
        """Return some of the runs by kind and name, most bytes first."""
        of_group = defaultdict[tuple[str, str], list[Head]](list)
        wanted = frozenset(run_ids)
        for head in self.heads:
            if head.run_id in wanted:
                of_group[head.kind, head.name].append(head)
        groups = [
            Group(*words, len(own), sum(one.newest for one in own), sum(self.weights.get(one.number, 0) for one in own))
            for words, own in of_group.items()
        ]
        return tuple(sorted(groups, key=lambda group: (-group.bytes, group.kind, group.name)))


def planned(journal: Journal, policy: Policy, protected: Mapping[str, str]) -> Plan:
    """Look at a whole journal, and choose.

    Args:
        protected: by run, why it stays in any case.
    """
    store = journal.store
    heads, now = store.heads(0), journal.clock()
    live = {head.number for head in heads if not is_free(head, now)}
    stay = {**protected, **dict.fromkeys(store.disposal.pinned(), PINNED)}
    children = store.disposal.children()
    choice = chosen(policy, heads, live, stay, children)
    references = References(store, heads)
    weights = _weights(journal, choice.heads)
    if policy.max_bytes is not None:
        in_use = store.size_bytes() - store.disposal.free_bytes()
        choice = _within(choice, weights, references, in_use - policy.max_bytes, children)
    unneeded = references.unneeded(head.number for head in choice.heads)
    blob_bytes = sum(references.sizes[name] for name in unneeded)
    return Plan(choice.heads, choice.stays, children, weights, len(unneeded), blob_bytes)


def _weights(journal: Journal, heads: Sequence[Head]) -> dict[int, int]:
    found: dict[int, int] = {}
    wanted = {head.number for head in heads}
    for first, last, after, _ in windows(sorted(heads)):
        if not after:
            weights = journal.store.disposal.weights(first, last)
            found |= {number: size for number, size in weights.items() if number in wanted}
    return found


def _within(
    choice: Choice,
    weights: Mapping[int, int],
    references: References,
    excess: int,
    children: Mapping[str, frozenset[str]],
) -> Choice:
    """As many of the chosen runs as it takes to free so many bytes; with each go those that are built on it."""
    uses = Counter(name for head in choice.heads for name in references.of(head.number))
    staying = references.sizes.keys() - references.unneeded(head.number for head in choice.heads)
    excess -= sum(references.sizes[name] for name in references.unneeded(()))
    by_id = {head.run_id: head for head in choice.heads}
    taken: dict[str, Head] = {}
    for head in choice.heads:
        if excess <= 0:
            break
        for one in family(head, by_id, children):
            if one.run_id not in taken:
                taken[one.run_id] = one
                excess -= weights.get(one.number, 0)
                for name in references.of(one.number):
                    uses[name] -= 1
                    if not uses[name] and name not in staying:
                        excess -= references.sizes.get(name, 0)
    return Choice([head for head in choice.heads if head.run_id in taken], choice.stays)


def family(head: Head, by_id: Mapping[str, Head], children: Mapping[str, frozenset[str]]) -> list[Head]:
    """Return a run after all that are built on it, each before the one that it is built on."""
    found, waiting = [], [head]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting.extend(by_id[child] for child in sorted(children.get(one.run_id, ())) if child in by_id)
    return found[::-1]
