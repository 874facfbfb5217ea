"""What is wrong with a file: collected, then told all at once, in the order of the file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from victor_nb.errors import nearest
from victor_nb.workflows.errors import InvalidWorkflow, Problem
from victor_nb.workflows.yaml_file.places import Place

MOST_COMPARED: Final = 500
"""Comparing a word with more names takes too long in a file where thousands of words are wrong."""

MOST_LISTED: Final = 20


class Mistake(NamedTuple):
    """One thing that is wrong: what, where, and what to do about it."""

    what: str
    place: Place
    hint: str = ""


def near(word: str, known: Collection[str]) -> str:
    """Return " Did you mean 'x'?", where there are few enough names to compare; else nothing."""
    return nearest(word, known) if len(known) <= MOST_COMPARED else ""


def listed(names: Sequence[str]) -> str:
    """Return names in a row, the first few of many."""
    return ", ".join([*names[:MOST_LISTED], *(["…"] if len(names) > MOST_LISTED else [])])


def in_order(mistakes: Iterable[Mistake]) -> list[Problem]:
    """Return them as problems, each once, in the order of the file."""
    ordered = sorted(dict.fromkeys(mistakes), key=lambda one: (one.place.file, one.place.line, one.place.column))
    return [Problem(one.what, str(one.place), one.hint) for one in ordered]


def told(name: str, mistakes: Iterable[Mistake]) -> InvalidWorkflow:
    """Return the error that names them all, each once, in the order of the file."""
    return InvalidWorkflow.of(name, in_order(mistakes))
