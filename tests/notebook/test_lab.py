"""JupyterLab in a browser: the page, the kernel and our widget together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notebook.kernels import interpreter
from tests.notebook.lab import Server, browser, jupyter_lab, notebook_page, offer_kernel, write_notebook
from tests.support.require import absent
from victor_nb.views.live import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    with browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Server]:
    """One Lab for all tests."""
    with jupyter_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def built() -> None:
    """The front end of our widget, as a build makes it."""
    if not (STATIC / "run_view.js").is_file():
        absent("the widget's front end is not built: npm ci && npm run build in widgets/")


SET_UP = """from tests.notebook.in_kernel import *
%load_ext victor_nb
saver = scripted(("note", {"text": "a"}), ("save", {"text": "b"}), answer="Saved **b** for you.")
hanger = scripted(("note", {"text": "a"}), ("hang", {}))"""


def test_a_cell_is_watched_approved_and_becomes_static(lab: Server, chromium: Any, built: None) -> None:
    """Steps appear while the cell runs, the button lets it go on, and what stays needs neither kernel nor widget."""
    write_notebook(lab, "approve.ipynb", [SET_UP, "%%victor saver -o answer\nsave it, please", "answer.text"])
    with notebook_page(chromium, lab, "approve.ipynb") as (page, foreign):
        page.run_all()
        cell = page.outputs(1)
        approve = cell.get_by_role("button", name="Approve", exact=True)
        approve.wait_for()
        assert page.is_running(1)
        assert "note" in cell.inner_text()
        page.screenshot("waiting")

        approve.click()
        page.wait_until_run(2)

        assert (lab.folder / "saved.txt").read_text() == "b\n"
        assert cell.locator(".vnb").count() == 0
        page.screenshot("finished")
        saved = page.save()
        shown = saved.cells[1].outputs[0]["data"]
        assert {"text/plain", "text/html", "image/svg+xml"} <= shown.keys()
        assert "approved by button" in shown["text/plain"]
        assert "widgets" not in saved.metadata
        assert saved.cells[2].outputs[0]["data"]["text/plain"] == "'Saved **b** for you.'"
        assert foreign == []


def test_a_person_edits_one_call_and_denies_another_with_a_reason(lab: Server, chromium: Any, built: None) -> None:
    """By keyboard alone: the tool gets what was typed, the model the reason, and the record holds both."""
    (lab.folder / "saved.txt").unlink(missing_ok=True)
    calls = 'twice = scripted(("save", {"text": "one"}), ("save", {"text": "two"}))'
    write_notebook(lab, "edit.ipynb", [f"{SET_UP}\n{calls}", "%%victor twice\nsave it twice"])
    with notebook_page(chromium, lab, "edit.ipynb") as (page, _):
        page.run_all()
        cell = page.outputs(1)
        cell.get_by_role("button", name="Edit arguments").press("Enter")
        page.page.keyboard.press("Control+a")
        page.page.keyboard.type("words\nof a person")
        page.screenshot("editing")
        page.page.keyboard.press("Tab")
        page.page.keyboard.press("Enter")

        cell.locator(".vnb-approval").get_by_text("two").wait_for()
        cell.get_by_role("button", name="Deny with reason…").press("Enter")
        page.page.keyboard.type("once is enough")
        page.screenshot("reasoning")
        page.page.keyboard.press("Enter")
        page.wait_until_run(1)

        assert (lab.folder / "saved.txt").read_text() == "words\nof a person\n"
        saved = page.save().cells[1].outputs[0]["data"]["text/plain"]
        assert "approved by button, arguments edited" in saved
        assert "denied by button: once is enough" in saved


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("release", ["6.31", "7.3"])
def test_older_kernels_are_watched_live_and_asked_in_their_own_way(
    tmp_path: Path, chromium: Any, built: None, release: str, dark: bool
) -> None:
    """On 7.3 the button decides. 6.31 cannot hear a click before the cell ends: there is none, and a prompt decides."""
    with jupyter_lab(tmp_path, dark=dark) as server:
        offer_kernel(server, "older", interpreter(release))
        write_notebook(server, "older.ipynb", [SET_UP, "%%victor saver -o answer\nsave it"], kernel="older")
        with notebook_page(chromium, server, "older.ipynb") as (page, _):
            page.run_all()
            cell = page.outputs(1)
            cell.locator(".vnb-approval").wait_for()
            assert page.is_running(1)
            if release == "6.31":
                prompt = page.page.locator(".jp-Stdin-input")
                prompt.wait_for()
                page.screenshot(f"prompt-{'dark' if dark else 'light'}")
                assert cell.locator(".vnb").get_by_role("button", name=re.compile("Approve|Deny|Stop")).count() == 0
                prompt.fill("y")
                prompt.press("Enter")
            else:
                cell.get_by_role("button", name="Approve", exact=True).click()
            page.wait_until_run(1)

            assert (server.folder / "saved.txt").read_text() == "b\n"


def test_interrupting_the_kernel_ends_the_run_and_keeps_later_cells_from_running(
    lab: Server, chromium: Any, built: None
) -> None:
    """The display says stopped and how to go on."""
    write_notebook(lab, "stop.ipynb", [SET_UP, "%%victor hanger\nhang", "open('later.txt', 'w')"])
    with notebook_page(chromium, lab, "stop.ipynb") as (page, _):
        page.run_all()
        cell = page.outputs(1)
        cell.get_by_text("hang", exact=True).first.wait_for()
        assert page.is_running(1)

        page.interrupt()
        page.wait_until_run(1)

        cell.get_by_text("CellInterrupted").first.wait_for()
        page.screenshot("interrupted")
        assert "victor resume" in cell.inner_text()
        assert not (lab.folder / "later.txt").exists()
        assert (lab.folder / "cancelled.txt").exists()


def test_the_stop_button_ends_the_run(lab: Server, chromium: Any, built: None) -> None:
    """The same as an interrupt, for whoever looks at the run."""
    (lab.folder / "cancelled.txt").unlink(missing_ok=True)
    write_notebook(lab, "button.ipynb", [SET_UP, "%%victor hanger\nhang"])
    with notebook_page(chromium, lab, "button.ipynb") as (page, _):
        page.run_all()
        cell = page.outputs(1)
        cell.get_by_text("hang", exact=True).first.wait_for()

        cell.get_by_role("button", name="Stop").click()
        page.wait_until_run(1)

        cell.get_by_text("RunStopped").first.wait_for()
        assert (lab.folder / "cancelled.txt").exists()


def test_a_widget_answers_a_click(lab: Server, chromium: Any) -> None:
    """The scaffolding itself: a widget is drawn, a click reaches Python and the answer the page."""
    cell = """
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = '''
    function render({ model, el }) {
      const button = document.createElement("button");
      const draw = () => { button.textContent = `counted ${model.get("count")}`; };
      button.onclick = () => model.send({ kind: "click" });
      model.on("change:count", draw);
      draw();
      el.append(button);
    }
    export default { render };
    '''
    count = traitlets.Int(0).tag(sync=True)
    def __init__(self):
        super().__init__()
        self.on_msg(self.clicked)
    def clicked(self, widget, content, buffers):
        self.count += 1
Counter()
"""
    write_notebook(lab, "counter.ipynb", [cell])
    with notebook_page(chromium, lab, "counter.ipynb") as (page, foreign):
        page.run_all()
        button = page.outputs(0).get_by_role("button", name="counted 0")
        button.wait_for()
        button.click()
        page.outputs(0).get_by_role("button", name="counted 1").wait_for()
        picture = page.screenshot("counter")

        assert picture.stat().st_size > 10_000
        assert foreign == []
