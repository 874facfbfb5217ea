"""Notebook 7 in a real browser: the live view, its buttons, and what stays when the run has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebook.lab import WAIT_MS, browser, jupyter_lab, notebook_page, write_notebook
from tests.support.require import absent, library
from victor_nb.views.live import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "%load_ext victor_nb",
    '%%victor --tools project_files\nwrite_file "findings.md" "Barolo has the most proline"',
    "print(open('findings.md').read())",
]


def test_a_call_is_approved_by_a_click_while_its_cell_runs(tmp_path: Path) -> None:
    """As in JupyterLab: nothing is asked of another host, and the saved notebook needs no kernel."""
    library("notebook", extra="test")
    if not (STATIC / "run_view.js").is_file():
        absent("the widgets' front end is not built: npm ci && npm run build in widgets/")
    with browser() as chromium, jupyter_lab(tmp_path, application="notebook") as server:
        write_notebook(server, "wine.ipynb", CELLS)
        with notebook_page(chromium, server, "wine.ipynb") as (page, foreign):
            page.run_all()
            button = page.outputs(1).get_by_role("button", name="Approve", exact=True)
            button.wait_for(timeout=WAIT_MS)
            assert page.is_running(1)
            page.screenshot("notebook-7-waiting")
            button.click()
            page.wait_until_run(2)
            page.screenshot("notebook-7-ended")

            shown = page.save().cells[1].outputs[0]["data"]

    assert "Write file" in shown["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" not in shown
    assert foreign == []
