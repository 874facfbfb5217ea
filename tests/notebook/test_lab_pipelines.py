"""A pipeline in a real JupyterLab: its graph lives while its cell runs, cell by cell, and stays as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notebook.lab import Page, browser, jupyter_lab, notebook_page, write_notebook
from tests.support.require import absent
from victor_nb.views.live import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SET_UP = """import nbformat
from victor_nb import Pipeline
from victor_nb.pipelines import notebook
%load_ext victor_nb

def write(path, *cells, parameters=""):
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    if parameters:
        book.cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    book.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(book, path)

WAIT = "import time\\nfrom pathlib import Path\\nprint('waits')\\nwhile not Path('go').exists():\\n    time.sleep(0.02)"
write("prepare.ipynb", "from victor_nb import glue", "glue('rows', 150)")
write("train.ipynb", WAIT, "from victor_nb import glue\\nglue('score', len(model))", parameters="model: str = ''")
write("broken.ipynb", "print('so far')", "raise ValueError('no such column')")
flowers = Pipeline("flowers", [
    notebook("prepare.ipynb"),
    notebook("train.ipynb", matrix={"model": ["ridge", "forest"]}, after="prepare"),
    notebook("broken.ipynb", after="prepare"),
])"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    if not (STATIC / "pipeline_view.js").is_file():
        absent("the widgets' front end is not built: npm ci && npm run build in widgets/")
    with browser() as chromium:
        yield chromium


def node(page: Page, path: str) -> Any:
    """A node of the live graph."""
    return page.outputs(1).locator(f'.vng-node[data-path="{path}"]')


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_pipeline_is_watched_cell_by_cell(tmp_path: Path, chromium: Any, dark: bool) -> None:
    """Members, cells, what a failing cell printed; at the end a picture that needs no kernel."""
    look = "dark" if dark else "light"
    with jupyter_lab(tmp_path, dark=dark) as server:
        write_notebook(server, "flowers.ipynb", [SET_UP, "%victor pipeline run flowers --workers 3"])
        with notebook_page(chromium, server, "flowers.ipynb") as (page, foreign):
            page.run_all()
            node(page, "train[model=ridge]").get_by_text("cell 3 of 4").wait_for()
            node(page, "broken").and_(page.page.locator('[data-tone="bad"]')).wait_for()
            page.outputs(1).scroll_into_view_if_needed()
            assert page.is_running(1)
            work = page.outputs(1).locator(".vnp-work")
            work.get_by_text("no such column").first.wait_for()
            work.get_by_text("waits").first.wait_for()
            page.screenshot(f"pipeline-running-{look}")

            (server.folder / "go").touch()
            page.outputs(1).locator("svg.victor-graph").wait_for()
            assert page.outputs(1).locator(".vng").count() == 0
            page.screenshot(f"pipeline-ended-{look}")

            saved = page.save()
            shown = saved.cells[1].outputs[0]["data"]
            assert "score=6" in shown["text/plain"]
            assert "no such column" in shown["text/html"]
            assert "application/vnd.jupyter.widget-view+json" not in shown
            assert foreign == []


CALLING = """from typing import TypedDict
from tests.notebook.in_kernel import scripted
from victor_nb import START, Pipeline, Workflow, tool
from victor_nb.pipelines import agent, compute, workflow
%load_ext victor_nb

@tool(approval=True)
def pay(amount: int) -> str:
    "Pays for the measurements."
    return f"paid {amount}"

class State(TypedDict, total=False):
    paid: str

def buyer(amount):
    return scripted(("pay", {"amount": amount}), tools=(pay,))

delivery = Workflow(State, name="delivery")
delivery.add_node("send", buyer(7), prompt="send it", output="paid")
delivery.add_edge(START, "send")

def ready() -> str:
    return "ready"

flowers = Pipeline("flowers", [
    compute(ready),
    agent(buyer(5), "buy the measurements", "buy"),
    workflow(delivery, "deliver", after="buy"),
])"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_calls_of_agents_are_approved_in_the_graph_while_the_cell_runs(
    tmp_path: Path, chromium: Any, dark: bool
) -> None:
    """One of a node that is an agent, and one of an agent in a workflow in a node, which is denied."""
    look = "dark" if dark else "light"
    with jupyter_lab(tmp_path, dark=dark) as server:
        write_notebook(server, "flowers.ipynb", [CALLING, "%victor pipeline run flowers"])
        with notebook_page(chromium, server, "flowers.ipynb") as (page, foreign):
            page.run_all()
            asks = page.outputs(1).locator(".vng-asks")
            asks.get_by_text("asks to run").wait_for()
            page.outputs(1).scroll_into_view_if_needed()
            assert page.is_running(1)
            assert node(page, "buy").get_attribute("data-tone") == "ask"
            node(page, "ready").and_(page.page.locator('[data-tone="good"]')).wait_for()
            page.screenshot(f"pipeline-approves-{look}")
            asks.get_by_role("button", name="Approve", exact=True).click()

            node(page, "deliver").and_(page.page.locator('[data-tone="ask"]')).wait_for()
            asks.get_by_role("button", name="Deny with reason…").click()
            asks.get_by_label("reason").fill("too much")
            page.page.keyboard.press("Enter")
            page.outputs(1).locator("svg.victor-graph").wait_for()
            page.screenshot(f"pipeline-approved-{look}")

            saved = page.save().cells[1].outputs[0]["data"]["text/plain"]
            assert "3 of 3 nodes done" in saved
            assert foreign == []


ASKING = """from typing import TypedDict
from victor_nb import START, Pipeline, Workflow
from victor_nb.pipelines import compute, workflow
from victor_nb.workflows import interrupt
%load_ext victor_nb

class State(TypedDict, total=False):
    verdict: str

review = Workflow(State, name="review")
review.add_node("judge", lambda state: {"verdict": interrupt("Is it good?")})
review.add_edge(START, "judge")

def prepare() -> dict:
    return {"rows": 150}

def publish(verdict: str) -> dict:
    return {"published": verdict}

flowers = Pipeline("flowers", [
    compute(prepare),
    workflow(review, "review", after="prepare"),
    compute(publish, parameters={"verdict": "{{ review.verdict }}"}),
])"""


def test_a_question_of_a_pipeline_is_answered_in_its_graph(tmp_path: Path, chromium: Any) -> None:
    """The cell has ended; the run goes on where it stood, and its picture has the end."""
    with jupyter_lab(tmp_path) as server:
        write_notebook(server, "flowers.ipynb", [ASKING, "%victor pipeline run flowers"])
        with notebook_page(chromium, server, "flowers.ipynb") as (page, _):
            page.run_all()
            page.wait_until_run(1)
            asks = page.outputs(1).locator(".vng-asks")
            asks.get_by_text("Is it good?").wait_for()
            page.screenshot("pipeline-asks")
            asks.get_by_label("Answer", exact=True).fill("well done")
            page.page.keyboard.press("Control+Enter")
            page.outputs(1).locator("svg.victor-graph").wait_for()

            saved = page.save()
            assert "published=well done" in saved.cells[1].outputs[0]["data"]["text/plain"]
