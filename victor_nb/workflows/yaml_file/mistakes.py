"""What is wrong with a file: collected, then told all at once, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..errors import InvalidWorkflow, Problem
from .places import Place


class Mistake(NamedTuple):
    """One thing that is wrong: what, where, and what to do about it."""

    what: str
    place: Place
    hint: str = ""


def told(name: str, mistakes: Iterable[Mistake]) -> InvalidWorkflow:
    """Return the error that names them all, each once, in the order of the file."""
    ordered = sorted(dict.fromkeys(mistakes), key=lambda one: (one.place.file, one.place.line, one.place.column))
    return InvalidWorkflow.of(name, [Problem(one.what, str(one.place), one.hint) for one in ordered])
