"""The graph of a run, as its journal keeps it: to be drawn and read without the code, and to notice that it changed.

What a run was started with is compared by meaning: nodes, edges, reducers, and the hash of each node's source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from victor_nb.journal import Journal
from victor_nb.journal.events import Event
from victor_nb.workflows.errors import GraphChanged
from victor_nb.workflows.plan import Plan, rules_to_json

GRAPH: Final = "workflow.graph"


def graph_of(plan: Plan, origin: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal keeps of a graph; `origin` says where its definition is."""
    return {
        "shape": plan.shape.to_json(),
        "sources": plan.sources(),
        "rules": rules_to_json(plan.rules),
        "initial": plan.channels.initial(),
        "keys": {key: _named(channel.type) for key, channel in plan.channels.channels.items()},
        "origin": dict(origin),
    }


def newest_graph(journal: Journal, run_id: str) -> dict[str, Any] | None:
    """The graph that a run was last executed with; None before its first execution."""
    found = journal.history(run_id, types=(GRAPH,))
    return loaded(journal, found[-1]) if found else None


def inherited_graphs(journal: Journal, run_id: str) -> list[Event]:
    """The graphs that a run has from those that it was built on; its own are among its events."""
    if not journal.find(run_id).parent:
        return []
    return [event for event in journal.history(run_id, types=(GRAPH,)) if event.run_id != run_id]


def loaded(journal: Journal, event: Event) -> dict[str, Any]:
    """A `workflow.graph` with its long parts."""
    read: dict[str, Any] = journal.load(event.data)
    return read


def changes_of(journal: Journal, run_id: str, now: Mapping[str, Any]) -> list[str] | None:
    """How a graph differs from the one that a run was last executed with; None if there was no execution yet."""
    known = newest_graph(journal, run_id)
    return None if known is None else differences(known, now)


def graph_changed(run_id: str, changes: Sequence[str]) -> GraphChanged:
    """Build the error for a run that is to be resumed with another graph."""
    return GraphChanged(
        "the graph is not the one that this run was started with:\n  " + "\n  ".join(changes),
        f"run {run_id}",
        "what is finished stays finished. To go on with the graph as it is now: "
        f"run(run_id=…, accept_changes=True), or victor resume {run_id} --accept-changes",
    )


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """How two graphs differ, a sentence each; the same list is shown by a diff of two runs."""
    old, new = then["sources"], now["sources"]
    told = [f"node {name!r} is new" for name in new if name not in old]
    told += [f"node {name!r} is gone" for name in old if name not in new]
    told += [f"node {name!r}: its code changed" for name in new if name in old and old[name] != new[name]]
    told += _of_edges(then["shape"]["edges"], now["shape"]["edges"])
    told += [f"state key {key!r} is new" for key in now["keys"] if key not in then["keys"]]
    told += [f"state key {key!r} is gone" for key in then["keys"] if key not in now["keys"]]
    for key, kind in now["keys"].items():
        if then["keys"].get(key, kind) != kind:
            told.append(f"state key {key!r} was {then['keys'][key]} and is {kind}")
    reducers_then, reducers_now = then["rules"]["reducers"], now["rules"]["reducers"]
    for key in now["keys"]:
        if key in then["keys"] and reducers_then.get(key, "") != reducers_now.get(key, ""):
            told.append(f"state key {key!r} is joined in another way")
    if then["rules"]["deferred"] != now["rules"]["deferred"]:
        told.append("other nodes are deferred")
    return told


def _of_edges(then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[str]:
    old = dict.fromkeys((edge["source"], edge["target"]) for edge in then)
    new = dict.fromkeys((edge["source"], edge["target"]) for edge in now)
    told = [f"edge {source} → {target} is new" for source, target in new if (source, target) not in old]
    gone = [f"edge {source} → {target} is gone" for source, target in old if (source, target) not in new]
    return told + gone


def _named(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
