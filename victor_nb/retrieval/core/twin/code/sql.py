"""Statements of SQL that create something."""

from __future__ import annotations

import re

from victor_nb.retrieval.core.types import Symbol

KINDS = ("table", "view", "function", "procedure", "index", "trigger", "type", "schema", "sequence", "macro")

_NAME = "0-9A-Za-z_\x80-\U0010ffff"
_TOKEN = re.compile(
    rf"""(?P<skip>--[^\n]*|/\*[\s\S]*?(?:\*/|\Z)|(?P<tag>\$[{_NAME}]*\$)[\s\S]*?(?:(?P=tag)|\Z))"""
    rf"""|(?P<text>'[^']*(?:'|\Z))|(?P<quoted>"[^"]*(?:"|\Z)|`[^`]*(?:`|\Z))"""
    rf"""|(?P<word>[{_NAME}][{_NAME}.]*)|(?P<end>;)"""
)


def symbols(text: str) -> list[Symbol]:
    """Return what the statements of a script create; each runs to its semicolon."""
    found: list[Symbol] = []
    words: list[str] = []
    line, seen, first = 1, 0, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", seen, token.start())
        seen = token.start()
        kind = token.lastgroup
        if kind == "end":
            found += _created(words, first or line, line)
            words, first = [], 0
        elif kind in {"text", "quoted", "word"}:
            first = first or line
            if kind != "text":
                words.append(token[0] if kind == "word" else token[0][1:].rstrip(token[0][0]))
    last = text.count("\n") + 1 - text.endswith("\n")
    return found + _created(words, first or last, last)


def _created(words: list[str], first: int, last: int) -> list[Symbol]:
    if not words or _lower(words[0]) != "create":
        return []
    for at, word in enumerate(words[:8]):
        if (kind := _lower(word)) in KINDS:
            names = (name for name in words[at + 1 :] if _lower(name) not in {"if", "not", "exists"})
            return [(name, kind, first, last) for name in list(names)[:1]]
    return []


def _lower(word: str) -> str:
    return word.lower() if word.isascii() else word
