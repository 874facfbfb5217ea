"""The live view of a pipeline in a real browser: nodes, cells, what is slow, and what failing cells print."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.views.page import html, leap, take_clock
from tests.views.pipeline_page import PipelineScript, half_way
from victor_nb.journal import Event
from victor_nb.views.offers import Answer
from victor_nb.views.pipeline_view import PipelineView

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]


class PipelineStage:
    """A page with the live pipeline on it, and a kernel's view that sends to it."""

    def __init__(self, page: Any, monkeypatch: pytest.MonkeyPatch, *, dark: bool = False) -> None:
        self.page = page
        self.errors: list[str] = []
        self.answers: list[Answer] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        monkeypatch.setattr(PipelineView, "send", lambda view, message, buffers=None: self._send(message))
        self.view = PipelineView()
        page.set_content(html("pipeline_view", dark=dark))
        page.evaluate("ready")

    def _send(self, message: dict[str, Any]) -> None:
        self.page.evaluate("message => deliver(message)", json.loads(json.dumps(message)))

    def take(self, events: list[Event]) -> None:
        """Send what the events change, and wait until it is drawn."""
        self.view._take(events)
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def node(self, path: str) -> Any:
        return self.page.locator(f'.vng-node[data-path="{path}"]')

    def work(self) -> str:
        """What stands below the drawing."""
        return str(self.page.locator(".vnp-work").inner_text())


@pytest.fixture
def stage(chromium: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipelineStage]:
    """An open page; it must end without an error on it."""
    page = chromium.new_page(viewport={"width": 1000, "height": 900})
    stage = PipelineStage(page, monkeypatch)
    yield stage
    page.close()
    assert stage.errors == []


def test_every_member_stands_in_the_drawing_with_its_state(stage: PipelineStage) -> None:
    """From the cache, done, at its cell, failed, skipped."""
    stage.take(half_way())

    assert "from the cache" in stage.node("prepare").text_content()
    assert "3.2 s" in stage.node("train[model=ridge]").text_content()
    assert "cell 3 of 4" in stage.node("train[model=lasso]").text_content()
    assert stage.node("train[model=boom]").get_attribute("data-tone") == "bad"
    assert "skipped" in stage.node("report").text_content()
    header = stage.page.locator(".vng-header").inner_text()
    assert "2 of 5 nodes done, 1 from the cache" in header
    assert "1 failed" in header


def test_what_runs_now_says_its_cell_its_code_and_what_it_uses(stage: PipelineStage) -> None:
    """A line for each notebook, with a bar."""
    stage.take(half_way())

    work = stage.work()
    for words in ("train[model=lasso]", "cell 3 of 4", "step 3", "CPU 98 %", "412 MB", "epoch 2"):
        assert words in work
    bar = stage.page.get_by_role("progressbar", name="train[model=lasso]")
    assert 0 < int(bar.get_attribute("aria-valuenow")) < 100


def test_a_slow_cell_is_named_while_it_runs(stage: PipelineStage) -> None:
    """Nothing has to happen for that but time."""
    script = PipelineScript()
    script.usual(prepare=4.0)
    script.start("prepare")
    script.cell("prepare", 1)
    script.now += 1.33
    script.sample("prepare", 50.0, 10 * 2**20)
    stage.take(script.events)

    stage.page.get_by_text("slower than usual: cell 1 of prepare.ipynb").wait_for()


def test_what_a_failing_cell_printed_is_read_below_the_drawing(stage: PipelineStage) -> None:
    """With its error, first of all that is at work."""
    stage.take(half_way())

    first = stage.page.locator(".vnp-line").first
    assert first.get_attribute("data-tone") == "bad"
    assert "ValueError: loss is not a number" in first.inner_text()
    assert "epoch 1" in first.locator(".vnp-text").inner_text()


def test_a_click_shows_a_notebooks_cell_output_and_what_was_slow(stage: PipelineStage) -> None:
    """In the panel that workflows have."""
    stage.take(half_way())

    stage.node("train[model=lasso]").click()

    panel = stage.page.locator(".vng-panel").inner_text()
    for words in ("it never ran", "step 3", "epoch 2", "70 % slower than usual: cell 2 of train.ipynb"):
        assert words in panel


def test_a_call_that_needs_a_word_is_approved_in_its_nodes_panel(stage: PipelineStage) -> None:
    """As in the graph of a workflow: the panel opens, the word has the nonce of this call, and counts once."""
    stage.view._on_answer = stage.answers.append
    stage.view._hear(stage.view, {"kind": "hello"}, None)
    script = PipelineScript()
    script.start("report")
    script.call("c1", "report")
    stage.take(script.events)

    panel = stage.page.locator(".vng-panel")
    assert "pay" in panel.inner_text()
    assert stage.node("report").get_attribute("data-tone") == "ask"
    panel.get_by_role("button", name="Approve", exact=True).click()
    said = stage.page.evaluate("sent.filter(one => one.kind !== 'hello').at(-1)")
    stage.view._hear(stage.view, said, None)
    stage.view._hear(stage.view, said, None)
    assert [(one.kind, one.call_id, one.call_hash) for one in stage.answers] == [("approve", "c1", "h")]

    before = len(script.events)
    script.decide("c1", "report", by="person")
    stage.take(script.events[before:])
    assert stage.node("report").get_attribute("data-tone") == "busy"
    assert panel.get_by_role("button", name="Approve").count() == 0


def test_a_pipeline_whose_kernel_is_gone_counts_no_further(stage: PipelineStage) -> None:
    """Nothing is at work any more."""
    take_clock(stage.page)
    stage.take(half_way())
    stage.page.evaluate("tellStatus('autorestarting')")
    leap(stage.page, 1_000)
    before = stage.page.locator(".vng").inner_text()
    leap(stage.page, 60_000)

    assert stage.page.locator(".vng").inner_text() == before
    assert "The kernel is gone" in before
    assert "did not finish" in stage.node("train[model=lasso]").text_content()
    assert "train[model=lasso]" not in stage.work()


def test_hostile_output_stays_text(stage: PipelineStage) -> None:
    """Nothing parses what a cell prints."""
    script = PipelineScript()
    script.start("prepare")
    script.cell("prepare", 1)
    script.output("prepare", 1, "<img src=x onerror=alert(1)>")
    stage.take(script.events)

    assert stage.page.locator(".vng img").count() == 0
    assert "<img src=x" in stage.work()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_drawn_in_light_and_dark(
    chromium: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dark: bool
) -> None:
    """The same words in both; the pictures are for people."""
    page = chromium.new_page(viewport={"width": 1000, "height": 820})
    stage = PipelineStage(page, monkeypatch, dark=dark)
    stage.take(half_way())
    folder = Path(os.environ.get("VICTOR_TEST_SCREENSHOTS") or tmp_path)
    page.screenshot(path=folder / f"pipeline-{'dark' if dark else 'light'}.png")

    assert "train[model=lasso]" in stage.work()
    page.close()
    assert stage.errors == []
