"""Words that mean the same to people and to tools: "get rid of" is "delete", a "spreadsheet" is "Excel".

The list is `data/synonyms.txt`, written for this package. A text is given the names of the meanings that occur in it;
two texts that share none of their words can so share a meaning. A tool has a line or two to be found by, and that is
why this pays here and not in a search of documents.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from victor_nb.retrieval.core import core

LIST: Final = Path(__file__).parents[1] / "data" / "synonyms.txt"
LONGEST: Final = 4
"""Words of the longest phrase that is looked for."""


def meanings(text: str) -> list[str]:
    """Return the names of the meanings that occur in a text, each once, in the order of the list."""
    known = _meanings()
    terms = core().terms(text)
    found: set[int] = set()
    for start in range(len(terms)):
        for end in range(start + 1, min(start + LONGEST, len(terms)) + 1):
            found.update(known.get(tuple(terms[start:end]), ()))
    return [f"meaning{_letters(number)}" for number in sorted(found)]


@cache
def _meanings() -> dict[tuple[str, ...], tuple[int, ...]]:
    found: dict[tuple[str, ...], list[int]] = {}
    lines = LIST.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(line for line in lines if line and not line.startswith("#")):
        for phrase in line.split(","):
            places = found.setdefault(tuple(core().terms(phrase)), [])
            if number not in places:
                places.append(number)
    return {phrase: tuple(places) for phrase, places in found.items()}


def _letters(number: int) -> str:
    """A number in letters, because digits would be parts of their own; the last one keeps the stemmer away."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number)) + "q"
