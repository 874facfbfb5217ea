"""The report of a pipeline's run as one file: complete, bounded, and without anything that runs or is loaded."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.views.pipeline_page import RUN, half_way
from victor_nb.pipelines.record import folded
from victor_nb.pipelines.results import PipelineResult
from victor_nb.views import pipeline_page as pages
from victor_nb.views.executed import figures_in, parameters_in, read_executed
from victor_nb.views.pipeline_fold import pipeline_folded

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def executed(*figures: dict[str, Any]) -> dict[str, Any]:
    """A notebook that was executed and shows figures, one a cell."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "source": "# words", "metadata": {}}]
    for data in figures:
        output = {"output_type": "display_data", "data": data, "metadata": {}}
        cells.append({"cell_type": "code", "source": "", "metadata": {}, "outputs": [output]})
    return {"cells": cells, "metadata": {"papermill": {"parameters": {"alpha": 0.5}}}, "nbformat": 4}


@pytest.fixture
def told(tmp_path: Path) -> pages.Told:
    """Everything that a page of `half_way` tells; one of the executed notebooks is there."""
    events = half_way()
    fold = folded(events, lambda value: value)
    nodes = tuple(
        replace(one, notebook=str(tmp_path / "runs" / "ä b.ipynb")) if one.id == "train[model=ridge]" else one
        for one in fold.nodes
    )
    known = pipeline_folded(events)
    ridge = known.nodes["train[model=ridge]"]
    ridge.notebook.output = str(tmp_path / "runs" / "ä b.ipynb")  # type: ignore[attr-defined]
    (tmp_path / "runs").mkdir()
    notebook = executed({"image/png": PNG, "text/plain": "a curve"}, {"text/plain": "no figure"})
    (tmp_path / "runs" / "ä b.ipynb").write_text(json.dumps(notebook), "utf-8")
    result = PipelineResult("flowers", RUN, "running", {"rows": 150}, nodes)
    cells = pages._cells((event.step_id, event.type, event.data) for event in events if event.type.startswith("cell."))
    read = read_executed(str(tmp_path / "runs" / "ä b.ipynb"))
    return pages.Told(known, result, cells, tmp_path, {"train[model=ridge]": read})


class Tags(HTMLParser):
    """Collects tags and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def test_a_page_tells_graph_times_parameters_values_figures_and_notebooks(told: pages.Told) -> None:
    """Everything that somebody asks the next morning."""
    page = pages.pipeline_page(told)

    for words in ("<svg", "train[model=lasso]", "rows", "150", "auc", "0.91", "alpha", "it never ran", "a curve"):
        assert words in page
    assert "70 % slower than usual: cell 2 of train.ipynb" in page
    assert "loss is not a number" in page


def test_nothing_runs_and_nothing_is_loaded(told: pages.Told) -> None:
    """It can be mailed, archived, and opened in ten years."""
    page = pages.pipeline_page(told)
    tags = Tags(page)

    assert not {"script", "link", "iframe", "object"} & set(tags.names)
    assert not re.search(r"\bon\w+=", page)
    assert all(address.startswith("data:") or "://" not in address for address in tags.addresses)


def test_links_lead_to_the_notebooks_beside_the_page(told: pages.Told) -> None:
    """Relative, with every character that an address needs; what is gone is no link."""
    page = pages.pipeline_page(told)

    assert 'href="runs/%C3%A4%20b.ipynb"' in page
    assert page.count("<a ") == 1
    assert "it is not there any more" in page


def test_what_users_wrote_stays_text(told: pages.Told) -> None:
    """Names, values and output are no markup."""
    told.known.name = "<script>alert(1)</script>"
    told.known.parameters = {"<b>": "</style><img src=x onerror=alert(1)>"}
    page = pages.pipeline_page(told)

    assert "<script>" not in page
    assert "<img src=x" not in page


def test_members_of_a_matrix_are_compared_in_one_table(told: pages.Told) -> None:
    """A line for each, with the values of the matrix beside what it handed on."""
    nodes = tuple(
        replace(one, status="finished", load=lambda: {"auc": 0.5}) if one.node == "train" else one
        for one in told.result.nodes
    )
    told.result = replace(told.result, nodes=nodes)

    page = pages.pipeline_page(told)

    assert "<th>model</th><th>auc</th>" in page


def test_very_many_figures_are_counted_and_not_shown(told: pages.Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page has to be opened by a browser."""
    monkeypatch.setattr(pages, "MOST_FIGURES", 2)
    told.notebooks["train[model=ridge]"] = executed(*[{"image/png": PNG}] * 5)

    page = pages.pipeline_page(told)

    assert page.count("<figure>") == 2
    assert "3 figures more" in page


def test_a_notebook_that_is_gone_or_broken_shows_nothing(tmp_path: Path) -> None:
    """The journal has everything else."""
    (tmp_path / "torn.ipynb").write_text('{"cells": [')

    assert read_executed(str(tmp_path / "gone.ipynb")) == {}
    assert read_executed(str(tmp_path / "torn.ipynb")) == {}
    assert read_executed("") == {}
    assert list(figures_in({})) == []
    assert parameters_in({}) == {}


def test_svg_figures_are_kept_where_they_run_nothing() -> None:
    """As the source of an image, whatever is in it."""
    figure = next(figures_in(executed({"image/svg+xml": ["<svg>", "</svg>"]})))

    assert (figure.media_type, base64.b64decode(figure.data), figure.position) == ("image/svg+xml", b"<svg></svg>", 1)
