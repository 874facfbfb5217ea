"""The charts of a journal in a real JupyterLab: they follow a run while its cell works, and stay as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notebook.lab import WAIT_MS, browser, jupyter_lab, notebook_page, write_notebook
from tests.support.require import absent
from victor_nb.views.live import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SET_UP = """from pathlib import Path
import time
from victor_nb import Agent, tool
%load_ext victor_nb

@tool(effect="read")
def population(city: str) -> int:
    '''Look up how many people live in a city.'''
    while city == "Basel" and not Path("go").exists():
        time.sleep(0.02)
    return {"Bern": 137_000, "Basel": 178_000}[city]

geographer = Agent("geographer", tools=[population])"""
ASK = """for city in ("Bern", "Bern", "Basel"):
    geographer.run_sync(f"population of {city}")"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    if not (STATIC / "metrics_view.js").is_file():
        absent("the widgets' front end is not built: npm ci && npm run build in widgets/")
    with browser() as chromium:
        yield chromium


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_charts_follow_the_runs_of_another_cell(tmp_path: Path, chromium: Any, dark: bool) -> None:
    """While it works, and after it; the button leaves a picture that needs no kernel."""
    look = "dark" if dark else "light"
    with jupyter_lab(tmp_path, dark=dark) as server:
        write_notebook(server, "metrics.ipynb", [SET_UP, "%victor metrics --live", ASK, "%victor metrics --by tool"])
        with notebook_page(chromium, server, "metrics.ipynb") as (page, foreign):
            page.run_all()
            live = page.outputs(1)
            live.get_by_text("1 now, at most").first.wait_for(timeout=WAIT_MS)
            live.locator('[data-key="tools"]').get_by_text("2 population;").wait_for(timeout=WAIT_MS)
            assert page.is_running(2)
            live.scroll_into_view_if_needed()
            page.screenshot(f"metrics-running-{look}")

            (server.folder / "go").touch()
            page.wait_until_run(3)
            live.locator('[data-key="tools"]').get_by_text("3 population;").wait_for(timeout=WAIT_MS)
            live.get_by_role("button", name="Stop").click()
            live.locator("svg.victor-metrics").wait_for(timeout=WAIT_MS)
            assert live.locator(".vnm").count() == 0
            page.screenshot(f"metrics-ended-{look}")

            saved = page.save()
            shown = saved.cells[1].outputs[0]["data"]
            assert "3 runs" in shown["text/plain"]
            assert "application/vnd.jupyter.widget-view+json" not in shown
            assert "population" in str(saved.cells[3].outputs[0]["data"]["text/plain"])
            assert foreign == []
