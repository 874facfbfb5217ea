"""A film of a page: pictures of it as time passes, written as an animation that any browser shows.

Time is real. Only stillness is cut: what does not change for longer than a reader needs is shown as long as that.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

LONGEST_STILL_MS = 1_200
SHORTEST_MS = 40
SEEN = {"x": 42, "y": 100, "width": 776, "height": 620}
"""The part of the page that holds the notebook, in pixels of CSS."""
TYPED_AT_ONCE = 3


class Film:
    """What was seen so far."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._pictures: list[Image.Image] = []
        self._durations_ms: list[int] = []
        self._held_ms: dict[int, int] = {}
        self._last_s = time.monotonic()

    def shoot(self) -> None:
        """Take a picture; the one before it was seen until now."""
        data = self._page.page.screenshot(clip=SEEN)
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        now_s = time.monotonic()
        if self._pictures:
            self._durations_ms[-1] += round((now_s - self._last_s) * 1000)
        self._last_s = now_s
        if not self._pictures or ImageChops.difference(self._pictures[-1], picture).getbbox():
            self._pictures.append(picture)
            self._durations_ms.append(0)

    def until(self, is_over: Callable[[], bool], at_most_s: float = 60.0) -> None:
        """Go on until something has happened."""
        deadline = time.monotonic() + at_most_s
        while not is_over():
            if time.monotonic() > deadline:
                raise TimeoutError("what should be filmed did not happen")
            self.shoot()
        self.shoot()

    def hold(self, seconds: float) -> None:
        """Let the last picture be looked at."""
        self._page.page.wait_for_timeout(300)
        self.shoot()
        self._held_ms[len(self._pictures) - 1] = round(seconds * 1000)

    def type(self, number: int, text: str) -> None:
        """Write into a cell as a person does."""
        for end in range(0, len(text) + TYPED_AT_ONCE, TYPED_AT_ONCE):
            self._page.page.evaluate(
                "([n, text]) => { const cells = window.jupyterapp.shell.currentWidget.content.widgets;"
                " cells[n].model.sharedModel.setSource(text); }",
                [number, text[:end]],
            )
            self.shoot()

    def write(self, target: Path) -> None:
        """Write the animation; it begins again when it is over."""
        seen = (min(max(ms, SHORTEST_MS), LONGEST_STILL_MS) for ms in self._durations_ms)
        durations = [self._held_ms.get(n, ms) for n, ms in enumerate(seen)]
        first, *others = self._pictures
        first.save(target, save_all=True, append_images=others, duration=durations, loop=0, quality=70, method=6)
