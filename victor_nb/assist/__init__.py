"""Helping a person: the documentation assistant finds passages with runnable code, and learns which of them help.

Names resolve on first use: neither NumPy nor the settings are imported before something is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.assist.assistant import Assistant
    from victor_nb.assist.errors import DocsError, NoQuestion, NoSuchSuggestion, NothingKept
    from victor_nb.assist.opening import assistant_of, docs
    from victor_nb.assist.passages import Passage
    from victor_nb.assist.suggestions import Suggestions
    from victor_nb.assist.surroundings import SeenError, Surroundings
    from victor_nb.assist.teaching import Lesson

_HOME = {
    "Assistant": "assistant",
    "DocsError": "errors",
    "Lesson": "teaching",
    "NoQuestion": "errors",
    "NoSuchSuggestion": "errors",
    "NothingKept": "errors",
    "Passage": "passages",
    "SeenError": "surroundings",
    "Suggestions": "suggestions",
    "Surroundings": "surroundings",
    "assistant_of": "opening",
    "docs": "opening",
}

__all__ = [
    "Assistant",
    "DocsError",
    "Lesson",
    "NoQuestion",
    "NoSuchSuggestion",
    "NothingKept",
    "Passage",
    "SeenError",
    "Suggestions",
    "Surroundings",
    "assistant_of",
    "docs",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.assist' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
