"""JupyterLab in a browser: the page, the kernel and our widget together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.notebook.lab import Server, browser, jupyter_lab, notebook_page, write_notebook

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
