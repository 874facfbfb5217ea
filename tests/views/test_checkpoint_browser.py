"""The view of a run's history in a real browser, with a kernel's view behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.views.page import Exchange
from tests.views.test_checkpoint_view import notes_workflow
from victor_nb.journal import open_journal
from victor_nb.views.checkpoint_view import CheckpointView

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]


class CheckpointStage:
    """A page with the view on it; `exchange` carries messages both ways until nobody has anything to say."""

    def __init__(self, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.page, self.errors = page, []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._exchange = Exchange(page, monkeypatch, CheckpointView)
        run = notes_workflow().run_sync({"said": ["begin"], "n": 1}, journal=open_journal("memory:")).run
        self.run, self.view = run, CheckpointView(run)
        self._exchange.open("checkpoint_view", self.view)

    def exchange(self) -> None:
        self._exchange.settle(self.view)

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()
        self.exchange()

    def text(self) -> str:
        return str(self.page.locator(".vnc").inner_text())


@pytest.fixture
def stage(chromium: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckpointStage]:
    """An open page; it must end without an error on it."""
    page = chromium.new_page(viewport={"width": 900, "height": 700})
    stage = CheckpointStage(page, monkeypatch)
    yield stage
    page.close()
    assert stage.errors == []


def test_it_opens_at_the_last_checkpoint(stage: CheckpointStage) -> None:
    """Where the run stands, what it changed last, and the whole state."""
    shown = stage.text()

    for words in ("4 checkpoints of notes", "finished", "4 of 4 · superstep 3 · after write", "grew by 1 item"):
        assert words in shown


def test_the_slider_goes_through_the_history_with_keys(stage: CheckpointStage) -> None:
    """Each place shows its difference and its state, and says where it is."""
    slider = stage.page.get_by_role("slider", name="Checkpoint")
    slider.focus()

    stage.page.keyboard.press("ArrowLeft")
    stage.exchange()
    assert slider.get_attribute("aria-valuetext") == "3 of 4: superstep 2, after count"
    assert stage.page.locator(".vnc-was").inner_text().endswith("1")
    assert stage.page.locator(".vnc-is").inner_text().endswith("3")
    assert "Due next: write" in stage.text()

    stage.page.keyboard.press("Home")
    stage.exchange()
    assert "1 of 4 · superstep 0 · input" in stage.text()
    assert stage.page.get_by_role("button", name="Previous checkpoint").is_disabled()


def test_a_fork_with_a_changed_state_goes_on(stage: CheckpointStage) -> None:
    """Edit, fork, run: all from the cell, and the run that was left is as it was."""
    stage.click("Previous checkpoint")
    stage.click("Change the state")
    stage.page.get_by_role("textbox").fill('{"n": 41, "said": ["begin", "read"]}')
    stage.click("Fork with these changes")

    assert "forked from" in stage.text()
    assert "edited by hand" in stage.text()
    stage.click("Go on")
    stage.view.wait()
    stage.exchange()
    assert "finished" in stage.text()
    assert stage.view.run.state() == {"said": ["begin", "read", "wrote"], "n": 41}
    assert stage.run.state()["n"] == 3


@pytest.mark.parametrize(
    ("written", "said"),
    [("{", "no JSON"), ("[1]", "no object"), ('{"n": 3, "said": ["begin", "read", "wrote"]}', "no value differs")],
)
def test_changes_that_are_none_fork_nothing(stage: CheckpointStage, written: str, said: str) -> None:
    """The person hears why, and keeps the text."""
    stage.click("Change the state")
    stage.page.get_by_role("textbox").fill(written)
    stage.click("Fork with these changes")

    assert said in stage.page.locator(".vnc-wrong").inner_text()
    assert stage.view.run.id == stage.run.id
    assert stage.page.get_by_role("textbox").input_value() == written


def test_a_problem_in_the_kernel_is_said_in_the_view(stage: CheckpointStage) -> None:
    """A key that the state does not have."""
    stage.click("Change the state")
    stage.page.get_by_role("textbox").fill('{"m": 1}')
    stage.click("Fork with these changes")

    assert "the state has no key 'm'" in stage.page.locator(".vnc-problem").inner_text()


def test_a_view_that_goes_takes_its_listeners_with_it(stage: CheckpointStage) -> None:
    """After the clean-up nothing is left on the page."""
    stage.page.evaluate("unmount()")
    stage.exchange()

    assert stage.page.locator(".vnc").count() == 0
