"""Search: which tools fit some words, best first, without a model.

Pure functions. A query that is a tool's name weighs most, then a word of the name, a keyword, the category,
a word of the description; the beginning of a word counts half, small words count nothing. Equal scores keep
the order of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from victor_nb.tools.declaring import Tool

_WORD: Final = re.compile(r"[a-z0-9]+")
_WEIGHTS: Final = (("name", 5.0), ("keywords", 4.0), ("category", 2.0), ("description", 1.0))
EXACT_NAME: Final = 20.0
SHORTEST_PREFIX: Final = 3
SAY_NOTHING: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "by",
        "do",
        "does",
        "for",
        "from",
        "how",
        "i",
        "in",
        "is",
        "it",
        "me",
        "of",
        "on",
        "or",
        "the",
        "to",
        "what",
        "with",
    ]
)


def words(text: str) -> list[str]:
    """Return the words of a text in lower case; "group_by" is two."""
    return _WORD.findall(text.lower())


def score(tool: Tool, query: str) -> float:
    """Return how well a tool fits a query; zero if no word of the query occurs in it."""
    total = EXACT_NAME if query.strip().lower() == tool.name.lower() else 0.0
    fields = {
        "name": words(tool.name),
        "keywords": words(" ".join(tool.keywords)),
        "category": words(tool.category),
        "description": words(tool.description),
    }
    return total + sum(
        max(weight * _match(word, fields[field]) for field, weight in _WEIGHTS)
        for word in set(words(query)) - SAY_NOTHING
    )


def _match(word: str, among: list[str]) -> float:
    if word in among:
        return 1.0
    begins = len(word) >= SHORTEST_PREFIX and any(other.startswith(word) for other in among)
    return 0.5 if begins else 0.0


def ranked(tools: Iterable[Tool], query: str) -> list[Tool]:
    """Return the tools that fit, best first; equal scores in the order of their names."""
    scored = [(score(tool, query), tool) for tool in tools]
    return [tool for points, tool in sorted(scored, key=lambda s: (-s[0], s[1].name)) if points > 0]
