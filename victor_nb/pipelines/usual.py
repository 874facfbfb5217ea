"""How long the nodes of a pipeline and the cells of its notebooks usually take: the median of the last runs.

1. Only what ended well counts; what came from the cache says nothing.
2. It is told to whoever watches a run, and kept nowhere: the runs before have it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from statistics import median
from typing import Any, Final

from victor_nb.journal import Journal, Run
from victor_nb.pipelines.record import KIND, KINDS

USUAL: Final = "pipeline.usual"
"""The event, live only: `{"nodes": {id: seconds}, "cells": {id: [{"position", "code", "seconds"}]}}`. Ids of members,
and of their node for all of them together."""

RUNS: Final = 6
"""How many runs are looked at; those before have little to say of today's data."""

Times = defaultdict[str, list[float]]
Cells = defaultdict[str, defaultdict[tuple[int, str], list[float]]]


def usual_times(journal: Journal, name: str, but: str = "") -> dict[str, Any]:
    """Return what `USUAL` tells of the last runs of a pipeline.

    Args:
        but: a run that is left out, because it goes on.
    """
    nodes: Times = defaultdict(list)
    cells: Cells = defaultdict(lambda: defaultdict(list))
    for info in journal.runs(kind=KIND, name=name, limit=RUNS + 1):
        if info.run_id != but:
            _read(journal, info.run_id, nodes, cells)
    return {
        "nodes": {node: round(median(seconds), 3) for node, seconds in nodes.items()},
        "cells": {
            node: [
                {"position": position, "code": code, "seconds": round(median(seconds), 3)}
                for (position, code), seconds in found.items()
            ]
            for node, found in cells.items()
        },
    }


def _read(journal: Journal, run_id: str, nodes: Times, cells: Cells) -> None:
    codes: dict[tuple[str, int], str] = {}
    for event in journal.events(run_id, types=("step.finished", "cell.started", "cell.finished")):
        data = event.data
        members = dict.fromkeys((event.step_id, event.step_id.partition("[")[0]))
        if event.type == "cell.started":
            codes[event.step_id, data["cell"]] = str(data.get("code", ""))
        elif event.type == "cell.finished":
            place = (int(data["position"]), codes.get((event.step_id, data["cell"]), ""))
            for member in members:
                cells[member][place].append(float(data["seconds"]))
        elif data.get("kind") in KINDS and data.get("status") == "finished":
            for member in members:
                nodes[member].append(float(data["seconds"]))


async def tell_usual_times(run: Run, name: str) -> None:
    """Tell whoever watches a run how long everything usually takes; costs nothing where nobody does."""
    if run.journal.hub.is_heard(run.id):
        run.publish(USUAL, await asyncio.to_thread(usual_times, run.journal, name, run.id))
