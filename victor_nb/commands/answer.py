"""An agent's result that shows itself; the value of a `%%victor` cell."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import fields
from typing import Any

from victor_nb.agents import AgentResult
from victor_nb.views import html
from victor_nb.views.markdown import tamed
from victor_nb.views.view import TERMINAL_WIDTH, Shown, chosen
from victor_nb.views.wording import cost, plural, tokens


class Answer(AgentResult[object], Shown):
    """The result of a run with the faces of a view."""

    _is_shown: Callable[[], bool] = staticmethod(lambda: False)

    @classmethod
    def of(cls, result: AgentResult[object], is_shown: Callable[[], bool] | None = None) -> Answer:
        """Give a result its faces.

        Args:
            is_shown: tells whether the live display stands right above, so that one line is enough.
        """
        made = cls(**{field.name: getattr(result, field.name) for field in fields(result)})
        if is_shown is not None:
            object.__setattr__(made, "_is_shown", is_shown)  # results are frozen, and this is no part of them
        return made

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """The answer, then one line about the run."""
        return f"{self.text}\n\n{self.footer()}"

    def to_markdown(self) -> str:
        """The answer, which is Markdown already, then one line about the run."""
        return f"{tamed(self.text)}\n\n`{self.footer()}`"

    def to_html(self) -> str:
        """The answer as prose, then one line about the run."""
        return html.tag("div", html.prose(self.text), self._footer_in_html())

    def to_json(self) -> object:
        """Everything but the contents of artifacts, which stay in the journal."""
        from pydantic_core import to_jsonable_python

        return {
            "run_id": self.run_id,
            "text": self.text,
            "data": to_jsonable_python(self.data, serialize_unknown=True),
            "artifacts": {name: type(value).__name__ for name, value in self.artifacts.items()},
            "usage": to_jsonable_python(self.usage),
            "cost_usd": self.cost_usd,
            "replayed": self.replayed,
            "model": self.model,
            "metadata": to_jsonable_python(dict(self.metadata), serialize_unknown=True),
        }

    def footer(self) -> str:
        """Say which run this was, which model answered, and what it took."""
        used = self.usage
        parts = [
            f"run {self.run_id}",
            self.model,
            plural(used.tool_calls, "tool call"),
            tokens(used.input_tokens, used.output_tokens),
            cost(self.cost_usd),
            "replayed" if self.replayed else "",
        ]
        return " · ".join(part for part in parts if part)

    def _footer_in_html(self) -> html.Html:
        return html.tag("div", self.footer(), style=f"{html.MONO};font-size:11px;opacity:.65;margin-top:6px")

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, Any]:
        if self._is_shown():
            faces = {"text/plain": self.footer(), "text/markdown": f"`{self.footer()}`"}
            return chosen(faces | {"text/html": self._footer_in_html()}, include, exclude)
        return Shown._repr_mimebundle_(self, include, exclude)
