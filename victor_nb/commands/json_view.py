"""Any view as JSON: what `--json` gives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from victor_nb.views.view import TERMINAL_WIDTH, Shown, View


@dataclass(frozen=True)
class JsonView(Shown):
    """Wraps a view so that each of its faces is the JSON of it."""

    view: Any

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """Indented JSON; `width` does not matter."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, default=str)

    def to_markdown(self) -> str:
        """A fenced block."""
        return f"```json\n{self.to_text()}\n```"

    def to_html(self) -> str:
        """Preformatted text."""
        from victor_nb.views import html

        return html.pre(self.to_text())

    def to_json(self) -> object:
        """The value itself."""
        return self.view.to_json() if isinstance(self.view, View) else self.view
