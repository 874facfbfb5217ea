"""Browsers and widgets for the tests of the views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.require import absent, require
from tests.views import page as pages
from victor_nb.journal import Event
from victor_nb.views.live import STATIC


@pytest.fixture(scope="session")
def bundle() -> None:
    """The built front end; a checkout that nobody has installed has none."""
    if not (STATIC / "run_view.js").is_file():
        absent("the widgets are not built: pip install ., or npm run build in widgets/")


@pytest.fixture(scope="module")
def chromium(bundle: None) -> Iterator[Any]:
    """A headless browser for one module: while it is open its event loop counts as running in this thread."""
    from playwright.sync_api import sync_playwright

    path = require("chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


class Stage:
    """A page with the live view on it, and the model behind it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: (self.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def open(self, **look: Any) -> None:
        """Load the page and mount one view."""
        self.page.set_content(pages.html(**look))
        self.page.evaluate("ready")

    def deliver(self, events: list[Event], start: int = 0) -> None:
        """Send events as the kernel does that has heard the view, and wait until they are drawn."""
        self.page.evaluate("message => deliver(message)", pages.batch(events, start))
        self.page.evaluate("message => deliver(message)", pages.offers(events))
        self.drawn()

    def drawn(self) -> None:
        """Wait until what was delivered is drawn."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def sent(self) -> list[dict[str, Any]]:
        """What the view has sent to the kernel, without its greetings."""
        return [message for message in self.page.evaluate("sent") if message["kind"] != "hello"]


@pytest.fixture
def stage(chromium: Any) -> Iterator[Stage]:
    """An open page in JupyterLab's light colours; it must end without an error on it."""
    page = chromium.new_page(viewport={"width": 860, "height": 700})
    stage = Stage(page)
    stage.open()
    yield stage
    page.close()
    assert stage.errors == []
