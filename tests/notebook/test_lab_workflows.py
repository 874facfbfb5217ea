"""Workflows in a real JupyterLab: the graph lives while its cell runs, and the history is travelled in by buttons."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notebook.kernels import interpreter
from tests.notebook.lab import Page, browser, jupyter_lab, notebook_page, offer_kernel, write_notebook
from tests.support.require import absent
from victor_nb.views.live import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SET_UP = """import asyncio, operator
from pathlib import Path
from typing import Annotated, TypedDict
from victor_nb import END, START, RetryPolicy, Workflow
%load_ext victor_nb

class State(TypedDict, total=False):
    topics: Annotated[list[str], operator.add]
    rounds: int

failures = [TimeoutError("the archive did not answer")]

def plan(state):
    "Splits the question"
    return {"topics": ["petals", "sepals"], "rounds": state.get("rounds", 0) + 1}

def papers(state):
    "Looks in an archive"
    if failures:
        raise failures.pop()
    return {"topics": ["Fisher 1936"]}

async def person(state):
    "Waits for a file, as for a person"
    while not Path("go").exists():
        await asyncio.sleep(0.02)
    return {"topics": ["a hint"]}

inner = Workflow(State, name="review")
inner.add_node("read", lambda state: {"topics": ["read"]})
inner.add_node("judge", lambda state: None)
inner.add_edge(START, "read")
inner.add_edge("read", "judge")
inner.add_edge("judge", END)

research = Workflow(State, name="research")
research.add_node(plan)
research.add_node(papers, retry=RetryPolicy(attempts=2, wait_s=0.01, retry_on=(TimeoutError,)))
research.add_node(person)
research.add_node("review", inner)
research.add_edge(START, "plan")
research.add_edge("plan", "papers")
research.add_edge("plan", "person")
research.add_edge(["papers", "person"], "review")
research.add_conditional_edges("review", lambda s: "more" if s["rounds"] < 1 else "good", {"more": "plan", "good": END})
research"""
WATCHED = """from victor_nb.views import watching
Path("go").unlink()
with watching() as show:
    result = await research.run({"rounds": 3}, on_event=show)"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    if not (STATIC / "graph_view.js").is_file():
        absent("the widgets' front end is not built: npm ci && npm run build in widgets/")
    with browser() as chromium:
        yield chromium


def node(page: Page, cell: int, path: str) -> Any:
    """A node of the live graph in a cell."""
    return page.outputs(cell).locator(f'.vng-node[data-path="{path}"]')


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_workflow_is_drawn_watched_and_travelled_in(tmp_path: Path, chromium: Any, dark: bool) -> None:
    """Its drawing, its live graph and what stays of it, the slider, a fork and its run: all in one notebook."""
    look = "dark" if dark else "light"
    cells = [SET_UP, "%victor workflow run research", "%victor checkpoints last", WATCHED]
    with jupyter_lab(tmp_path, dark=dark) as server:
        write_notebook(server, "research.ipynb", cells)
        with notebook_page(chromium, server, "research.ipynb") as (page, foreign):
            page.run_all()
            page.outputs(0).locator("svg.victor-graph").wait_for()
            page.screenshot(f"workflow-drawn-{look}")

            # While the cell runs: one node done after a retry, one still running.
            page.outputs(1).locator('.vng-node[data-path="papers"][data-tone="good"]').wait_for()
            page.outputs(1).scroll_into_view_if_needed()
            assert page.is_running(1)
            assert node(page, 1, "person").get_attribute("data-tone") == "busy"
            assert "2 attempts" in node(page, 1, "papers").text_content()
            node(page, 1, "papers").click()
            panel = page.outputs(1).locator(".vng-panel")
            panel.get_by_text("inputs").wait_for()  # read from the journal while the cell runs
            assert "the archive did not answer" in panel.inner_text()
            assert '"sepals"' in panel.inner_text()
            page.screenshot(f"workflow-running-{look}")

            (server.folder / "go").touch()
            page.wait_until_run(1)
            assert page.outputs(1).locator(".vng").count() == 0
            page.outputs(1).locator("svg.victor-graph").wait_for()

            history = page.outputs(2)
            history.get_by_text("checkpoints of research").wait_for()
            history.get_by_role("button", name="Previous checkpoint").click()
            history.get_by_text("Due next: review").wait_for()
            history.scroll_into_view_if_needed()
            page.screenshot(f"workflow-checkpoints-{look}")

            # The last cell is plain Python; it waits for the same file again.
            page.outputs(3).locator('.vng-node[data-path="person"][data-tone="busy"]').wait_for()
            assert page.is_running(3)
            (server.folder / "go").touch()
            page.wait_until_run(3)

            history.get_by_role("button", name="Fork here").click()
            history.get_by_text("forked from").wait_for()
            history.get_by_role("button", name="Go on").click()
            history.locator('.vnc-status[data-status="finished"]').wait_for()
            history.scroll_into_view_if_needed()
            page.screenshot(f"workflow-forked-{look}")

            saved = page.save()
            assert "2 attempts" in saved.cells[1].outputs[0]["data"]["text/plain"]
            for cell in (1, 3):
                shown = saved.cells[cell].outputs[0]["data"]
                assert {"text/plain", "text/html", "image/svg+xml"} <= shown.keys()
                assert "application/vnd.jupyter.widget-view+json" not in shown
            assert foreign == []


def test_a_kernel_that_hears_nothing_while_a_cell_runs_is_watched_all_the_same(tmp_path: Path, chromium: Any) -> None:
    """ipykernel 6 takes messages between cells only: the graph is sent until a page has surely got it."""
    with jupyter_lab(tmp_path) as server:
        offer_kernel(server, "older", interpreter("6.31"))
        cells = [SET_UP, f"Path('go').touch()\n{WATCHED}"]
        write_notebook(server, "older.ipynb", cells, kernel="older")
        with notebook_page(chromium, server, "older.ipynb") as (page, _):
            page.run_all()
            page.outputs(1).locator('.vng-node[data-path="person"][data-tone="busy"]').wait_for()
            assert page.is_running(1)
            node(page, 1, "papers").click()
            page.outputs(1).locator(".vng-panel").get_by_text("the archive").wait_for()

            (server.folder / "go").touch()
            page.wait_until_run(1)
            page.outputs(1).locator("svg.victor-graph").wait_for()


def test_a_graph_whose_kernel_is_killed_says_so(tmp_path: Path, chromium: Any) -> None:
    """Its server starts another kernel, which knows nothing of the run."""
    note = "import os\nPath('pid').write_text(str(os.getpid()))\n%victor workflow run research"
    with jupyter_lab(tmp_path) as server:
        write_notebook(server, "research.ipynb", [SET_UP, note])
        with notebook_page(chromium, server, "research.ipynb") as (page, _):
            page.run_all()
            page.outputs(1).locator('.vng-node[data-path="person"][data-tone="busy"]').wait_for()
            os.kill(int((server.folder / "pid").read_text()), signal.SIGKILL)

            page.outputs(1).get_by_text("The kernel is gone").first.wait_for()
            page.page.locator(".jp-Dialog").get_by_role("button", name="Ok").click()
            page.outputs(1).scroll_into_view_if_needed()
            assert "did not finish" in node(page, 1, "person").text_content()
            page.screenshot("workflow-kernel-gone")


ASKING = """from typing import Literal, TypedDict
from pydantic import BaseModel, Field
from victor_nb import END, START, Workflow
from victor_nb.workflows import interrupt
from tests.notebook.in_kernel import scripted
from victor_nb import tool
%load_ext victor_nb

class State(TypedDict, total=False):
    wish: str
    paid: str
    verdict: str

class Wish(BaseModel):
    flower: Literal["setosa", "virginica"]
    rows: int = Field(description="How many rows to look at")

def ask(state):
    "Asks which flower is meant"
    wish = interrupt({"prompt": "Which flower do you mean?", "inputs": {"rows": 150}}, schema=Wish)
    return {"wish": f"{wish.flower} {wish.rows}"}

@tool(approval=True)
def pay(amount: int) -> str:
    "Pays for the measurements."
    return f"paid {amount}"

def judge(state):
    "Judges"
    return {"verdict": interrupt("Is it good?")}

review = Workflow(State, name="review")
review.add_node("ask", ask)
review.add_node("buy", scripted(("pay", {"amount": 5}), tools=(pay,)), prompt="buy {wish}", output="paid")
review.add_node("judge", judge)
review.add_edge(START, "ask")
review.add_edge("ask", "buy")
review.add_edge("buy", "judge")
review.add_edge("judge", END)"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_questions_and_approvals_are_answered_in_the_graph(tmp_path: Path, chromium: Any, dark: bool) -> None:
    """A form, a call of an agent that needs approval, and free words; the cell has long ended. Then it is a picture."""
    look = "dark" if dark else "light"
    cells = [ASKING, "%victor workflow run review"]
    with jupyter_lab(tmp_path, dark=dark) as server:
        write_notebook(server, "review.ipynb", cells)
        with notebook_page(chromium, server, "review.ipynb") as (page, foreign):
            page.run_all()
            page.wait_until_run(1)
            panel = page.outputs(1).locator(".vng-asks")
            panel.get_by_text("Which flower do you mean?").wait_for()
            page.outputs(1).scroll_into_view_if_needed()
            page.screenshot(f"workflow-asks-{look}")

            panel.get_by_label("rows").fill("20")
            panel.get_by_label("flower").select_option("virginica")
            panel.get_by_role("button", name="Answer", exact=True).click()

            # The agent's call is asked about while the run goes on.
            panel.get_by_text("asks to run").wait_for()
            page.screenshot(f"workflow-approves-{look}")
            panel.get_by_role("button", name="Deny with reason…").click()
            panel.get_by_label("reason").fill("too much")
            page.page.keyboard.press("Enter")

            panel.get_by_text("Is it good?").wait_for()
            panel.get_by_label("Answer", exact=True).fill("well done")
            page.screenshot(f"workflow-asks-freely-{look}")
            page.page.keyboard.press("Control+Enter")
            page.outputs(1).locator("svg.victor-graph").wait_for()
            assert page.outputs(1).locator(".vng").count() == 0
            page.outputs(1).scroll_into_view_if_needed()
            page.screenshot(f"workflow-answered-{look}")

            saved = page.save()
            shown = saved.cells[1].outputs[0]["data"]
            assert "well done" in shown["text/plain"]
            assert "virginica 20" in shown["text/plain"]
            assert "application/vnd.jupyter.widget-view+json" not in shown
            assert foreign == []


def test_an_answer_that_came_from_elsewhere_is_the_one_that_counts(tmp_path: Path, chromium: Any) -> None:
    """The run is gone on with in another cell: the graph above lets go of its question, and the cell has its own."""
    resume = """%victor resume last --answer '{"flower": "setosa", "rows": 3}'"""
    cells = [ASKING, "%victor workflow run review", resume]
    with jupyter_lab(tmp_path) as server:
        write_notebook(server, "review.ipynb", cells)
        with notebook_page(chromium, server, "review.ipynb") as (page, _):
            page.command("notebook:run-all-cells")
            page.outputs(2).locator(".vng-asks").get_by_text("asks to run").wait_for()

            assert page.outputs(1).locator(".vng").count() == 0
            page.outputs(2).get_by_role("button", name="Approve").click()
            page.outputs(2).locator(".vng-asks").get_by_text("Is it good?").wait_for()
