"""Runs of a pipeline in a row: which was the last, and all that they handed on, as one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from victor_nb.journal import Journal, RunInfo
from victor_nb.journal.errors import RunNotFound
from victor_nb.pipelines.record import KIND, result_of
from victor_nb.pipelines.results import PipelineResult, joined

if TYPE_CHECKING:
    import pandas


def newest_run(journal: Journal, name: str) -> str:
    """Return the id of a pipeline's newest run.

    Raises:
        RunNotFound: it never ran.
    """
    found = journal.runs(kind=KIND, name=name, limit=1)
    if not found:
        raise RunNotFound(f"pipeline {name!r} never ran", journal.url, "run it: victor pipeline run …")
    return found[0].run_id


def table_of(journal: Journal, name: str, node: str | None, limit: int) -> pandas.DataFrame:
    """Return the runs of a pipeline as a table, newest first; see `Pipeline.results`."""
    import pandas

    rows: list[dict[str, Any]] = []
    for info in journal.runs(kind=KIND, name=name, limit=limit):
        result = result_of(journal, info.run_id)
        rows += [_row(info, result)] if node is None else _rows_of_node(info, result, node)
    return pandas.DataFrame(rows)


def _row(info: RunInfo, result: PipelineResult) -> dict[str, Any]:
    return {**_about(info, result), **dict(_values(result))}


def _rows_of_node(info: RunInfo, result: PipelineResult, node: str) -> list[dict[str, Any]]:
    about = _about(info, result)
    members = [one for one in result.nodes if one.node == node and one.is_done]
    return [{**about, **joined(one.matrix, one.value)} for one in members]


def _about(info: RunInfo, result: PipelineResult) -> dict[str, Any]:
    began = datetime.fromtimestamp(info.created, UTC)
    return {"run": info.run_id, "began": began, "status": result.status, **result.parameters}


def _values(result: PipelineResult) -> Iterator[tuple[str, Any]]:
    for one in result.nodes:
        if not one.is_done:
            continue
        value = one.value
        if isinstance(value, Mapping):
            yield from ((f"{one.id}.{name}", part) for name, part in value.items())
        else:
            yield one.id, value
