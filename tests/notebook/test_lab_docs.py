"""Suggestions of documentation in JupyterLab: the buttons, the keys, and the cell that accepted code goes to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.assist.herds import write_herds
from tests.notebook.lab import Server, browser, jupyter_lab, notebook_page, write_notebook
from tests.support.require import absent
from victor_nb.views.live import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("lab-docs")]

ASK = '%victor docs "count the giraffes of a herd" --package herds'


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    if not (STATIC / "suggestions_view.js").is_file():
        absent("the widget's front end is not built: npm ci && npm run build in widgets/")
    with browser() as chromium:
        yield chromium


@pytest.fixture(params=["light", "dark"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A Lab whose kernels keep what they read in a folder of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with jupyter_lab(tmp_path / "lab", dark=request.param == "dark") as server:
        write_herds(server.folder)
        yield server


def test_accepted_code_goes_into_the_cell_below_and_verdicts_teach(lab: Server, chromium: Any) -> None:
    """A button and a key: the code of the first stands below unrun, the second is rejected, both are lessons."""
    write_notebook(lab, "ask.ipynb", ["%load_ext victor_nb", ASK, "%victor docs lessons"])
    with notebook_page(chromium, lab, "ask.ipynb") as (page, foreign):
        page.run_all()
        page.wait_until_run(1)
        first = page.outputs(1).get_by_role("listitem", name="Suggestion 1: herds.count_giraffes", exact=True)
        first.wait_for()
        page.screenshot(f"docs-{lab.folder.parent.parent.name}")

        first.get_by_role("button", name="Accept").click()
        page.outputs(1).get_by_text("The code is in a new cell below").wait_for()
        first = page.outputs(1).get_by_role("listitem", name="Suggestion 1: herds.count_giraffes, accepted")
        first.wait_for()
        first.press("ArrowDown")
        page.page.keyboard.press("r")
        page.outputs(1).get_by_role("listitem", name="Suggestion 2").get_by_text("rejected").wait_for()
        page.screenshot(f"docs-judged-{lab.folder.parent.parent.name}")

        cells = page.save().cells
        assert [cell.source for cell in cells][2].startswith("from herds import count_giraffes\n")
        assert cells[2].execution_count is None
        page.run_all()
        page.wait_until_run(2)
        page.outputs(3).get_by_text("accepted").wait_for()
        assert page.outputs(3).get_by_text("rejected").count() == 1
        assert foreign == []
