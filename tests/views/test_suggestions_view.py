"""The view of suggestions: in a browser with a kernel's view behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.require import absent
from tests.views.page import Exchange
from victor_nb.assist import Passage, Suggestions
from victor_nb.assist.errors import NoSuchSuggestion
from victor_nb.assist.feedback import Asked
from victor_nb.views import SuggestionsView
from victor_nb.views.live import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]

LONG = "\n".join(f"line_{number} = {number}" for number in range(30))
TWO = (
    Passage(
        "p:a",
        "package",
        "p.a",
        "p.a(x)\n\nDoes <b>a</b>.",
        "import p\n\np.a(1)",
        "Does <b>a</b>.",
        "p.a(x)",
        "p",
        "1.0",
    ),
    Passage("p:b", "package", "p.b", "p.b()", LONG, "Does b.", "p.b()", "p", "1.0"),
)


class SuggestionsStage:
    """A page with the view on it; `exchange` carries messages both ways until nobody has anything to say."""

    def __init__(self, page: Any, monkeypatch: pytest.MonkeyPatch, passages: tuple[Passage, ...] = TWO) -> None:
        self.page, self.errors, self.said = page, [], []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._exchange = Exchange(page, monkeypatch, SuggestionsView)
        self.answer = Suggestions("how?", passages, Asked(1, "how?", ()), 1.0, lambda *said: self.said.append(said))
        self.view = SuggestionsView(self.answer)
        self._exchange.open("suggestions_view", self.view)

    def exchange(self) -> None:
        self._exchange.settle(self.view)

    def wait(self) -> None:
        self._exchange.wait()

    def verdicts(self) -> list[str | None]:
        return [verdict for _, _, verdict in self.said]


@pytest.fixture
def stage(chromium: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SuggestionsStage]:
    """An open page; it must end without an error on it."""
    if not (STATIC / "suggestions_view.js").is_file():
        absent("the widgets are not built: pip install ., or npm run build in widgets/")
    page = chromium.new_page(viewport={"width": 900, "height": 700})
    stage = SuggestionsStage(page, monkeypatch)
    yield stage
    page.close()
    assert stage.errors == []


def test_each_suggestion_shows_its_code_and_source_as_text(stage: SuggestionsStage) -> None:
    """Markup in documentation is text; long code is folded."""
    shown = stage.page.locator(".vnd").inner_text()

    assert "Does <b>a</b>." in shown
    assert "p 1.0 · p.a" in shown
    assert "p.a(1)" in shown
    assert "16 more lines" in shown
    assert stage.page.locator(".vnd-card b").count() == 0


def test_buttons_give_verdicts_and_take_them_back(stage: SuggestionsStage) -> None:
    """The second press of a button is the opposite of the first."""
    first = stage.page.locator(".vnd-card").first
    for name in ("Reject", "Reject", "Accept"):
        first.get_by_role("button", name=name).click()
        stage.wait()
        stage.exchange()

    assert stage.verdicts() == ["rejected", None, "accepted"]
    assert "✓ accepted" in first.inner_text()
    assert first.get_by_role("button", name="Accept").get_attribute("aria-pressed") == "true"


def test_keys_choose_and_judge(stage: SuggestionsStage) -> None:
    """Without a mouse: down, reject; up, accept; the focus stays where it is."""
    stage.page.locator(".vnd-card").first.focus()
    for key in ("ArrowDown", "r", "ArrowUp", "a"):
        stage.page.keyboard.press(key)
        stage.exchange()

    assert stage.verdicts() == ["rejected", "accepted"]
    focused = stage.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Suggestion 1: p.a, accepted"
    assert "✗ rejected" in stage.page.locator(".vnd-card").nth(1).inner_text()


def test_where_no_notebook_is_the_code_goes_into_the_clipboard(stage: SuggestionsStage) -> None:
    """A page that is no JupyterLab says where the code went."""
    stage.page.locator(".vnd-card").first.get_by_role("button", name="Accept").click()
    stage.exchange()

    stage.page.get_by_text("The code is in the clipboard.").wait_for()


def test_messages_that_make_no_sense_change_nothing(stage: SuggestionsStage) -> None:
    """Numbers that are none, kinds that are none; one that is out of range is told."""
    for message in ({"kind": "accept", "number": "1"}, {"kind": "accept", "number": True}, {"kind": "eat"}, "accept"):
        stage.view._hear(stage.view, message, None)
    assert stage.said == []

    stage.view._hear(stage.view, {"kind": "accept", "number": 9}, None)
    stage.exchange()
    assert "there is no suggestion 9" in stage.page.locator(".vnd-problem").inner_text()


def test_a_view_that_goes_takes_its_listeners_with_it(stage: SuggestionsStage) -> None:
    """After the clean-up nothing is left on the page."""
    stage.page.evaluate("unmount()")
    stage.exchange()

    assert stage.page.locator(".vnd").count() == 0


def test_the_output_says_everything_without_the_widget(stage: SuggestionsStage, tmp_path: Path) -> None:
    """A saved notebook shows the answer to whoever has no kernel."""
    data, _ = stage.view._repr_mimebundle_()

    assert {"text/plain", "text/markdown", "text/html"} <= data.keys()
    assert "p.a(x)" in data["text/html"]
    with pytest.raises(NoSuchSuggestion):
        stage.answer.accept(3)
