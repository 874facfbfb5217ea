"""When a pipeline is expected to end: what usually takes how long, one node after the other on as many workers.

The workers take what is due in the order of the pipeline, as the run does. What nobody has seen yet counts nothing, so
the end is told only if everything that is left has been seen.
"""

from __future__ import annotations

from heapq import heappop, heappush

from victor_nb.views.pipeline_state import MemberState, PipelineState, left_s


def expected_end(known: PipelineState) -> float:
    """Return when the run is expected to end, in seconds since the Unix epoch; 0.0 where nobody knows."""
    if known.state != "running" or not known.usual.get("nodes"):
        return 0.0
    now = known.updated
    left = [member for member in known.all_members if member.state in ("idle", "running", "retrying")]
    usual = {member.path: _usual_s(known, member, now) for member in left}
    if not left or any(seconds is None for seconds in usual.values()):
        return 0.0
    return now + _simulated(known, left, {path: seconds or 0.0 for path, seconds in usual.items()})


def _usual_s(known: PipelineState, member: MemberState, now: float) -> float | None:
    if member.state == "running" and (left := left_s(member, now)):
        return left
    nodes = known.usual["nodes"]
    seconds = nodes.get(member.path, nodes.get(member.node))
    if seconds is None:
        return None
    return max(0.0, seconds - (now - member.began)) if member.state == "running" else float(seconds)


def _simulated(known: PipelineState, left: list[MemberState], seconds: dict[str, float]) -> float:
    """How long the rest takes, with what runs now running on."""
    ends: dict[str, float] = {}
    workers: list[float] = []
    for member in left:
        if member.state != "idle":
            ends[member.path] = seconds[member.path]
            heappush(workers, ends[member.path])
    while len(workers) < max(1, known.workers):
        heappush(workers, 0.0)
    waiting = [member for member in left if member.state == "idle"]
    for member in waiting:  # in the order of the pipeline, in which every node comes after those it needs
        needed = (path for need in known.needs.get(member.node, ()) for path in known.members.get(need, ()))
        due = max((ends.get(path, 0.0) for path in needed), default=0.0)
        ends[member.path] = max(heappop(workers), due) + seconds[member.path]
        heappush(workers, ends[member.path])
    return max(ends.values(), default=0.0)
