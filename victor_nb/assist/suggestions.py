"""An answer: the passages that fit a question, which can be accepted and rejected; it shows itself."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from victor_nb.assist.errors import NoSuchSuggestion
from victor_nb.assist.feedback import Asked
from victor_nb.assist.passages import Passage
from victor_nb.assist.showing import as_html, as_markdown, as_text
from victor_nb.assist.teaching import Verdict

WIDTH: Final = 100

Judge = Callable[[Asked, Passage, Verdict | None], None]
"""Keeps a verdict, or with None takes it back."""


@dataclass(slots=True)
class Suggestions:
    """Passages, best first.

    Attributes:
        question: what was asked, or for an error what was searched for.
        told: the error in words, where one was looked up; empty otherwise.
        ms: how long the answer took, without the reading of packages.
        notes: what a reader should know: a package that could not be read, an index that is elsewhere.
        verdicts: what was said of passages in this answer, by id.
    """

    question: str
    passages: tuple[Passage, ...]
    asked: Asked
    ms: float
    _judge: Judge
    told: str = ""
    notes: tuple[str, ...] = ()
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def accept(self, number: int = 1) -> Passage:
        """Say that a suggestion helped, and return it; in questions like this one it rises.

        Args:
            number: its place, from 1.
        Raises: NoSuchSuggestion.
        """
        return self._say(number, "accepted")

    def reject(self, number: int = 1) -> Passage:
        """Say that a suggestion is wrong here, and return it; in questions like this one it falls."""
        return self._say(number, "rejected")

    def take_back(self, number: int) -> Passage:
        """Forget what was said of a suggestion."""
        return self._say(number, None)

    def _say(self, number: int, verdict: Verdict | None) -> Passage:
        passage = self[number]
        self._judge(self.asked, passage, verdict)
        if verdict is None:
            self.verdicts.pop(passage.id, None)
        else:
            self.verdicts[passage.id] = verdict
        return passage

    def __getitem__(self, number: int) -> Passage:
        """Return a suggestion by its place, from 1 as it is shown."""
        if not 1 <= number <= len(self.passages):
            raise NoSuchSuggestion(
                f"there is no suggestion {number!r}",
                where=self.question,
                hint=f"there are {len(self.passages)}, counted from 1" if self.passages else "ask in other words",
            )
        return self.passages[number - 1]

    def __len__(self) -> int:
        return len(self.passages)

    def __iter__(self) -> Iterator[Passage]:
        return iter(self.passages)

    def to_text(self, width: int = WIDTH) -> str:
        """Each with its source and the beginning of its code."""
        return as_text(self, width)

    def to_markdown(self) -> str:
        """The same with the code in fences."""
        return as_markdown(self)

    def to_html(self) -> str:
        """The same with inline styles and no script."""
        return as_html(self)

    def to_json(self) -> dict[str, object]:
        """JSON values."""
        return {
            "question": self.question,
            "error": self.told,
            "ms": round(self.ms, 1),
            "suggestions": [{**each.to_json(), "verdict": self.verdicts.get(each.id)} for each in self.passages],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        return {"text/plain": self.to_text(), "text/markdown": self.to_markdown(), "text/html": self.to_html()}


def offered(passages: Sequence[Passage]) -> list[tuple[str, str]]:
    """Return what is noted of an answer: ids and names."""
    return [(each.id, each.name) for each in passages]
