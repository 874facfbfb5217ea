"""A question's own words beside those of documentation: who says "below each other" is understood as `concat`.

The list is `data/vocabulary.txt`, written for this package. It widens a question and never narrows it: the question's
own words stay, and count as much as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from victor_nb.assist.teaching import essence
from victor_nb.retrieval.core import core
from victor_nb.retrieval.core.twin.lexical import STOP

LIST: Final = Path(__file__).parent / "data" / "vocabulary.txt"
LONGEST: Final = 5
"""Words of the longest phrase that is looked for."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A question as documentation would say it.

    Attributes:
        added: words that documentation has for what was said.
        meant: what was said, thing by thing: for each the terms of which any one tells that a text is about it.
    """

    added: tuple[str, ...]
    meant: tuple[frozenset[str], ...]


def wording(question: str) -> Wording:
    """Take a question apart into phrases that are known, the longest first, and words."""
    own = frozenset(term for word in essence(question).split() for term in core().terms(word))
    added: dict[str, None] = {}
    meant: dict[frozenset[str], None] = {}
    for terms, words in _phrases(core().terms(question)):
        added.update(dict.fromkeys(words))
        kept = own.intersection(terms)
        if kept or words:
            meant[kept | _terms_of(words)] = None
    return Wording(tuple(added), tuple(meant))


def _phrases(terms: Sequence[str]) -> Iterator[tuple[Sequence[str], tuple[str, ...]]]:
    known = _known()
    start = 0
    while start < len(terms):
        ends = range(min(start + LONGEST, len(terms)), start, -1)
        end = next((end for end in ends if tuple(terms[start:end]) in known), start + 1)
        phrase = terms[start:end]
        yield phrase, known.get(tuple(phrase), ())
        start = end


@cache
def _known() -> dict[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line in LIST.read_text(encoding="utf-8").splitlines():
        said, sign, written = line.partition("=")
        if not sign or line.startswith("#"):
            continue
        for phrase in said.split(","):
            terms = tuple(core().terms(phrase))
            found[terms] = tuple(dict.fromkeys((*found.get(terms, ()), *written.split())))
    return found


@cache
def _terms_of(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(term for word in words for term in core().terms(word)) - STOP
