"""An index in pipelines: one node fills it, others search it; hits go from node to node as plain data."""

from __future__ import annotations

from pathlib import Path

import pytest

from victor_nb import Index, open_journal
from victor_nb.pipelines import Pipeline, compute

STEPS = """
from victor_nb import Index
from victor_nb.retrieval import Hit

def fill() -> int:
    with Index("index") as index:
        return len(index.add_folder("notes").added)

def find(query: str) -> list[Hit]:
    with Index.open("index", read_only=True) as index:
        return list(index.search(query, k=2))

def cite(hits: list[Hit]) -> list[str]:
    return [f"{hit.source}: {hit.text}" for hit in hits]
"""


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A folder of notes, and a pipeline that fills an index with it, searches and cites."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "giraffe.md").write_text("Giraffes eat leaves.")
    (tmp_path / "notes" / "zebra.md").write_text("Zebras eat grass.")
    nodes = [
        compute("steps:fill", cache=False),
        compute("steps:find", parameters={"query": "{{ query }}"}, after="fill", cache=False),
        compute("steps:cite", parameters={"hits": "{{ find }}"}),
    ]
    return Pipeline("reading", nodes, {"query": "what do giraffes eat"}, folder=tmp_path)


def test_an_index_is_filled_and_searched_by_nodes(pipeline: Pipeline, tmp_path: Path) -> None:
    """Hits arrive as hits, with their citations; a note that changes is found as it is now."""
    with open_journal("memory:") as journal:
        first = pipeline.run_sync(journal=journal)["cite"]
        (tmp_path / "notes" / "giraffe.md").write_text("Giraffes eat acacia leaves.")
        second = pipeline.run_sync(journal=journal)["cite"]

    assert first[0] == "notes/giraffe.md:1: Giraffes eat leaves."
    assert second[0] == "notes/giraffe.md:1: Giraffes eat acacia leaves."
    assert len(Index.open(tmp_path / "index", read_only=True)) == 2
