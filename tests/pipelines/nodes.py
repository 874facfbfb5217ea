"""What nodes of tests do, and how their statuses are told."""

from __future__ import annotations

import datetime

from victor_nb.pipelines import PipelineResult


def statuses(result: PipelineResult) -> dict[str, str]:
    """The status of each member."""
    return {one.id: one.status for one in result.nodes}


def rows(n: int = 3) -> dict[str, object]:
    """A node's function."""
    return {"rows": list(range(n)), "day": datetime.date(2026, 1, 2), "n": n}


def fail() -> None:
    """A node's function that fails."""
    raise ValueError("no such table")
