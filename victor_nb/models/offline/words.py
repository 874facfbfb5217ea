"""Words: folded, cut and compared, so that "Sepal Lengths" finds `sepal_length`."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IN_BRACKETS: Final = re.compile(r"\s*(\([^()]*\)|\[[^\[\]]*\])\s*$")
_CLOSE_ENOUGH: Final = 0.87
_SHORTEST_FUZZY: Final = 5
STOP_WORDS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "give",
        "had",
        "has",
        "have",
        "how",
        "i",
        "in",
        "into",
        "is",
        "it",
        "its",
        "many",
        "me",
        "much",
        "my",
        "of",
        "on",
        "one",
        "or",
        "our",
        "out",
        "please",
        "show",
        "tell",
        "than",
        "that",
        "the",
        "their",
        "them",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)


class Mention(NamedTuple):
    """A name found in a text: where it begins and ends, counted in words."""

    name: str
    start: int
    end: int


def folded(text: str) -> str:
    """Lower case without accents: ä and a, É and e are the same word."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def stem(word: str) -> str:
    """Cut the commonest English endings of plurals, so that "values" meets "value"."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def words(text: str) -> list[str]:
    """The words of a text, folded; identifiers fall into their parts."""
    return _WORD.findall(folded(_CAMEL.sub(" ", text)))


def stems(text: str) -> list[str]:
    """The words of a text, folded and without endings."""
    return [stem(word) for word in words(text)]


def mentions(names: Iterable[str], text: str) -> list[Mention]:
    """Return the names that a text speaks of, in the order in which they come; longer names win over parts of them.

    A name is met word by word, whatever the case, accents, plurals and separators; a single longer word may be
    misspelt slightly. What stands in brackets at a name's end, such as a unit, may be left unsaid.
    """
    said = stems(text)
    found: list[Mention] = []
    taken: set[int] = set()
    for name, parts in sorted(_spoken(names), key=lambda form: (-len(form[1]), -len(form[0]))):
        for start in _places(parts, said):
            if taken.isdisjoint(range(start, start + len(parts))):
                found.append(Mention(name, start, start + len(parts)))
                taken.update(range(start, start + len(parts)))
    return sorted(found, key=lambda mention: mention.start)


def _spoken(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The words that each name may be spoken in; a short form that two names share says neither."""
    whole = [(name, stems(name)) for name in names]
    short = [(name, stems(_IN_BRACKETS.sub("", name))) for name, _ in whole if _IN_BRACKETS.search(name)]
    often = Counter(" ".join(parts) for _, parts in [*whole, *short])
    return whole + [(name, parts) for name, parts in short if often[" ".join(parts)] == 1]


def _places(parts: list[str], said: list[str]) -> list[int]:
    if not parts:
        return []
    width = len(parts)
    exact = [start for start in range(len(said) - width + 1) if said[start : start + width] == parts]
    if exact or len("".join(parts)) < _SHORTEST_FUZZY:
        return exact
    joined = "".join(parts)
    return [
        start
        for start in range(len(said) - width + 1)
        if said[start][:1] == parts[0][:1]
        and difflib.SequenceMatcher(None, "".join(said[start : start + width]), joined).ratio() >= _CLOSE_ENOUGH
    ]


def likeness(asked: Iterable[str], offered: Iterable[str]) -> float:
    """How much of what is offered was asked for: 0 for nothing, 1 for every word; stop words do not count."""
    wanted = set(asked) - STOP_WORDS
    there = set(offered) - STOP_WORDS
    if not wanted or not there:
        return 0.0
    return len(wanted & there) / math.sqrt(len(there))
