"""The live charts in a real browser: what is drawn, what is said, and the button that ends them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.require import absent
from tests.views.page import html
from tests.views.test_metrics import seen, worked
from victor_nb.journal import open_journal
from victor_nb.views.live import STATIC
from victor_nb.views.metrics_panel import Panel

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]


class MetricsStage:
    """A page with the live charts on it."""

    def __init__(self, page: Any, **look: Any) -> None:
        self.page, self.errors = page, []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_content(html("metrics_view", **look))
        page.evaluate("ready")

    def deliver(self, message: dict[str, Any]) -> None:
        self.page.evaluate("message => deliver(message)", json.loads(json.dumps(message)))

    def take(self, panel: Panel) -> None:
        self.deliver({"kind": "panel", "panel": panel})

    def figure(self, key: str) -> Any:
        return self.page.locator(f'.vnm-chart[data-key="{key}"]')


@pytest.fixture
def stage(chromium: Any) -> Iterator[MetricsStage]:
    """An open page; it must end without an error on it."""
    if not (STATIC / "metrics_view.js").is_file():
        absent("the widgets' front end is not built: npm run build in widgets/")
    page = chromium.new_page(viewport={"width": 1000, "height": 900})
    stage = MetricsStage(page)
    yield stage
    page.close()
    assert stage.errors == []


@pytest.fixture
def panel() -> Panel:
    """Charts of a journal with something in it."""
    journal = open_journal("memory:")
    worked(journal)
    return seen(journal)


def test_ten_charts_are_drawn_and_say_what_they_show(stage: MetricsStage, panel: Panel) -> None:
    """Bars, lines, the highest value, the span."""
    stage.take(panel)

    assert stage.page.locator(".vnm-chart").count() == 10
    assert "2 tools" in stage.figure("errors").inner_text()
    assert stage.figure("tokens").locator("rect").count() >= 2
    assert stage.figure("active").locator("path").count() == 1
    assert "3 runs" in stage.page.locator(".vnm-header").inner_text()


def test_a_screen_reader_finds_each_chart_as_a_table(stage: MetricsStage, panel: Panel) -> None:
    """A figure with a caption, and rows with their series' names; the drawing itself is silent."""
    stage.take(panel)

    figure = stage.page.get_by_role("figure").filter(has_text="Tokens")
    assert figure.get_by_role("rowheader").all_inner_texts() == ["input", "output"]
    assert figure.get_by_role("row").nth(1).get_by_role("cell").first.inner_text() == "2,400"
    assert stage.page.locator("svg:not([aria-hidden])").count() == 0
    assert stage.page.get_by_role("region", name="Live metrics").count() == 1


def test_charts_follow_what_comes(stage: MetricsStage, panel: Panel) -> None:
    """The same figures are drawn anew: nothing is added twice."""
    stage.take(panel)
    journal = open_journal("memory:")
    worked(journal, times=5)
    stage.take(seen(journal))

    assert stage.page.locator(".vnm-chart").count() == 10
    assert "5 search" in stage.figure("tools").inner_text()


def test_names_from_outside_are_text(stage: MetricsStage, panel: Panel) -> None:
    """A tool may be called what it likes."""
    tools = next(chart for chart in panel["charts"] if chart["key"] == "tools")
    tools["series"] = [{**tools["series"][0], "name": name} for name in ("<img src=x onerror=alert(1)>", "b")]
    stage.take(panel)

    assert stage.page.locator("img").count() == 0
    assert "<img" in stage.figure("tools").inner_text()


def test_the_button_says_stop_once(stage: MetricsStage, panel: Panel) -> None:
    """By mouse or keys; then it is off."""
    stage.take(panel)
    button = stage.page.get_by_role("button", name="Stop")
    button.focus()
    stage.page.keyboard.press("Enter")

    assert stage.page.evaluate("sent") == [{"kind": "hello"}, {"kind": "stop"}]
    assert button.is_disabled()


def test_trouble_is_told_and_goes_away(stage: MetricsStage, panel: Panel) -> None:
    """What was drawn stays."""
    stage.take(panel)
    stage.deliver({"kind": "problem", "what": "the server is gone", "hint": "wait"})
    assert "the server is gone" in stage.page.get_by_role("alert").inner_text()
    assert stage.page.locator(".vnm-chart").count() == 10

    stage.take(panel)
    assert not stage.page.get_by_role("alert").is_visible()


@pytest.mark.parametrize("look", [{"dark": False}, {"dark": True}, {"jupyter": False}])
def test_text_can_be_read_on_its_ground(chromium: Any, bundle: None, panel: Panel, look: dict[str, bool]) -> None:
    """Light, dark, and on a page that has no colours of its own."""
    page = chromium.new_page()
    stage = MetricsStage(page, **look)
    stage.take(panel)
    colours = page.evaluate(
        """() => ["vnm-header", "vnm-said"].map(name => getComputedStyle(document.querySelector("." + name)).color)"""
    )
    light = [sum(map(float, colour.split("(")[1].rstrip(")").split(",")[:3])) / 3 for colour in colours]

    assert all(value > 140 for value in light) if look.get("dark") else all(value < 140 for value in light)
    page.close()
