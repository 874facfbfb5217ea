"""What a search found: hits that say where they are from and why they were found.

1. A hit is plain data and can be kept, sent to a model or written to a journal; why it was found is worked out only
   when somebody asks.
2. A citation names the file and the lines, and the cell in a notebook, so that a person can look it up.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from victor_nb.retrieval import showing
from victor_nb.retrieval.core import core
from victor_nb.retrieval.core.twin.lexical import STOP
from victor_nb.retrieval.sources.documents import Metadata

_WORD: Final = re.compile(r"\w+")
MOST_WORDS: Final = 8
LONGEST_LOOKED_AT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found.

    Attributes:
        id: the document's.
        score: the higher the better; comparable within one search only.
        text: the chunk's, whole.
        path: where the document lies; empty if nowhere.
        lines: the first and the last line, from 1; None if it has none.
        cell: the cell of a notebook that the lines count in, from 1.
        query: what was asked for.
        words: the score of the words alone; 0 if they did not find it.
        meaning: the cosine of the vectors; None if they did not find it.
        names: what the chunk defines.
    """

    id: str
    score: float
    text: str
    title: str = ""
    path: str = ""
    lines: tuple[int, int] | None = None
    cell: int | None = None
    metadata: Metadata = field(default_factory=dict)
    query: str = ""
    words: float = 0.0
    meaning: float | None = None
    names: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The citation: `path:first-last`, `notebook.ipynb#cell:first-last`, or the id where there is no path."""
        return citation(self.path or self.id, self.cell, self.lines)

    @property
    def why(self) -> str:
        """The words of the query that it holds, what it defines of them, and how near its meaning is."""
        words = dict.fromkeys(_WORD.findall(self.query[:LONGEST_LOOKED_AT]))
        asked = {word: terms for word in words if not STOP.issuperset(terms := core().terms(word))}
        held = self._held(asked, f"{self.title} {self.path} {self.text[:LONGEST_LOOKED_AT]}")
        defined = self._defined({term for terms in asked.values() for term in terms})
        parts = [f"words: {', '.join(held[:MOST_WORDS])}"] if held else []
        parts += [f"defines {', '.join(defined)}"] if defined else []
        parts += [f"meaning {self.meaning:.2f}"] if self.meaning is not None else []
        return "; ".join(parts)

    def _defined(self, asked: set[str]) -> list[str]:
        """Return the names that share the most with the query, at most three."""
        shared = {name: len(asked.intersection(core().terms(name))) for name in self.names}
        most = max(shared.values(), default=0)
        return [name for name, count in shared.items() if count == most > 0][:3]

    @staticmethod
    def _held(asked: Mapping[str, list[str]], text: str) -> list[str]:
        terms = set(core().terms(text))
        return [word for word, parts in asked.items() if not terms.isdisjoint(parts)]

    def to_json(self) -> dict[str, object]:
        """JSON values: what an agent or a journal gets."""
        return {
            "id": self.id,
            "score": round(self.score, 6),
            "source": self.source,
            "title": self.title,
            "path": self.path,
            "lines": list(self.lines) if self.lines else None,
            "cell": self.cell,
            "text": self.text,
            "why": self.why,
            "metadata": dict(self.metadata),
        }


class Printer(Protocol):
    """What IPython gives to somebody who prints himself."""

    def text(self, text: str) -> object: ...


class Hits(list[Hit]):
    """What a search found, best first: a list that shows itself."""

    def to_text(self, width: int = showing.WIDTH) -> str:
        """A citation, the reason and the beginning of each."""
        return showing.hits_as_text(self, width)

    def to_markdown(self) -> str:
        """The same as Markdown."""
        return showing.hits_as_markdown(self)

    def to_html(self) -> str:
        """The same as HTML with inline styles and no script."""
        return showing.hits_as_html(self)

    def to_json(self) -> list[dict[str, object]]:
        """JSON values."""
        return [hit.to_json() for hit in self]

    def __str__(self) -> str:
        return self.to_text()

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        # IPython knows how to print a list, and would print this one so.
        printer.text(self.to_text())

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        return showing.bundle(self)


def citation(place: str, cell: int | None, lines: tuple[int, int] | None) -> str:
    """Return where something is, as a person would look it up."""
    at = f"{place}#{cell}" if cell is not None else place
    if lines is None:
        return at
    return f"{at}:{lines[0]}" if lines[0] == lines[1] else f"{at}:{lines[0]}-{lines[1]}"
