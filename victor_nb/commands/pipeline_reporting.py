"""Where the report of a pipeline's run goes, and writing it: whole or not at all."""

from __future__ import annotations

from pathlib import Path

from victor_nb.errors import UsageError
from victor_nb.journal import Journal
from victor_nb.pipelines.folders import PLACE, file_name
from victor_nb.pipelines.record import PIPELINE_GRAPH
from victor_nb.views.pipeline_page import pipeline_page, told_of


def place_of(journal: Journal, run_id: str) -> Path:
    """Beside the executed notebooks of the run, so that both can be moved together."""
    info = journal.find(run_id)
    graphs = journal.history(info.run_id, types=(PIPELINE_GRAPH,))
    folder = Path(journal.load(graphs[-1].data)["folder"]) if graphs else Path.cwd()
    return folder / PLACE / file_name(info.name) / "runs" / info.run_id / "report.html"


def written(journal: Journal, run_id: str, file: Path) -> None:
    """Write the report of a run.

    Raises:
        UsageError: the file cannot be written.
    """
    text = pipeline_page(told_of(journal, run_id, file.parent.resolve()))
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}", "-o", "-o FILE names another place") from error
