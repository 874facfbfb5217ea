"""The view of suggestions with buttons: accept puts the code into a new cell, both teach the assistant.

1. The answer itself stands in the output as text, Markdown and HTML too: a page without a kernel shows all of it.
2. Every message from a browser is checked; what is wrong with one is said in the view.
3. A verdict is kept before the view shows it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import anywidget

from victor_nb.assist import Passage, Suggestions
from victor_nb.errors import VictorError
from victor_nb.views.live import STATIC
from victor_nb.views.view import TERMINAL_WIDTH


class SuggestionsView(anywidget.AnyWidget):
    """Shows an answer of the documentation assistant.

    Args:
        answer: what is shown; verdicts are given to it.
    """

    _esm = STATIC / "suggestions_view.js"
    _css = STATIC / "suggestions_view.css"

    def __init__(self, answer: Suggestions) -> None:
        super().__init__()
        self.answer = answer
        self._working = threading.RLock()
        self.on_msg(self._hear)

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """The answer as text."""
        return self.answer.to_text(width)

    def to_markdown(self) -> str:
        """The answer as Markdown."""
        return self.answer.to_markdown()

    def to_html(self) -> str:
        """The answer as HTML."""
        return self.answer.to_html()

    def to_json(self) -> object:
        """The answer as JSON values."""
        return self.answer.to_json()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
        shown: Any = super()._repr_mimebundle_(**kwargs)
        data = dict(shown[0] if isinstance(shown, tuple) else shown)
        return data | self.answer._repr_mimebundle_(), {}

    def _hear(self, _widget: object, content: object, _buffers: object) -> None:
        if not isinstance(content, Mapping):
            return
        if content.get("kind") == "hello":
            self._send_answer()
        elif content.get("kind") in ("accept", "reject", "take back"):
            self._judge(str(content["kind"]), content.get("number"))

    def _judge(self, kind: str, number: object) -> None:
        if not isinstance(number, int) or isinstance(number, bool):
            return
        acts = {"accept": self.answer.accept, "reject": self.answer.reject, "take back": self.answer.take_back}
        try:
            with self._working:
                acts[kind](number)
        except VictorError as error:
            self.send({"kind": "problem", "what": error.what, "hint": error.hint})
            return
        self._send_answer()

    def _send_answer(self) -> None:
        answer = self.answer
        self.send(
            {
                "kind": "answer",
                "question": answer.question,
                "told": answer.told,
                "notes": list(answer.notes),
                "suggestions": [_told(each, answer.verdicts.get(each.id)) for each in answer],
            }
        )


def _told(passage: Passage, verdict: str | None) -> dict[str, object]:
    return {
        "name": passage.name,
        "signature": passage.signature,
        "summary": passage.summary,
        "source": passage.source,
        "why": passage.why,
        "code": passage.code,
        "text": passage.text,
        "verdict": verdict,
    }
