"""A pipeline's run as plain lines, one whenever a node begins or ends: for terminals that cannot move, logs and CI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from victor_nb.pipelines.record import NodeFold

if TYPE_CHECKING:
    from victor_nb.journal import Event
    from victor_nb.pipelines.record import Load
    from victor_nb.pipelines.results import NodeResult

_OF_NODES: Final = frozenset({"step.started", "step.finished", "step.failed", "node.skipped"})
_DONE: Final = frozenset({"finished", "cached"})


class PipelineLines:
    """Tells a run event by event.

    Args:
        load: brings tagged values to life; `Journal.load`.
        since: seconds since the epoch; what happened before, in a run that is resumed, is worth no line.
    """

    def __init__(self, load: Load, since: float = 0.0) -> None:
        self._fold = NodeFold(load)
        self._since = since

    def take(self, event: Event) -> str:
        """Return the line that an event is worth; empty for none."""
        self._fold.take(event)
        if event.time < self._since:
            return ""
        if event.type == "cell.quiet":
            data = event.data
            return f"  {event.step_id}: no output for {data['seconds']:.0f} s in cell {data['cell'] + 1}"
        if event.type == "approval.requested":
            return self._asks(event)
        if event.type not in _OF_NODES:
            return ""
        name = event.data.get("name", "") if event.type == "node.skipped" else event.step_id
        node = next((one for one in self._fold.nodes if one.id == name), None)
        return self._line(node, event) if node is not None and event.step_id in ("", name) else ""

    def _asks(self, event: Event) -> str:
        known, place = {one.id for one in self._fold.nodes}, event.parent_id
        who = f"{place}: " if place in known else ""  # an agent in a workflow in a node is known to the views
        return f"  {who}{event.data['tool']} needs approval: victor approve {event.run_id} {event.data['call_id']}"

    def _line(self, node: NodeResult, event: Event) -> str:
        nodes = self._fold.nodes
        ended = sum(one.status not in ("pending", "running") for one in nodes)
        count = f"[{ended}/{len(nodes)}]"
        if event.type == "step.started":
            return f"  {node.id} runs{_because(node.why)}"
        if node.error is not None:
            place = f" ({node.error.where})" if node.error.where else ""
            return f"{count} {node.id} {node.status} after {node.seconds or 0:.1f} s: {node.error.what}{place}"
        if node.status in _DONE and node.status != "cached":
            return f"{count} {node.id} finished in {node.seconds or 0:.1f} s"
        return f"{count} {node.id} {node.status}{_because(node.why)}"


def _because(why: str) -> str:
    return f": {why}" if why else ""
