"""Tokens of languages with braces: words, marks and literals, without comments."""

from __future__ import annotations

import re
from typing import NamedTuple

DEEPEST = 64
"""Templates inside of templates deeper than this are not looked for: no person writes them."""

_NAME = "0-9A-Za-z_\x80-\U0010ffff"
_SPACE = re.compile(r"[ \t\x0c\r\n]+")
_WORD = re.compile(f"[{_NAME}]+")
_RAW = re.compile(r'#*"')


class Token(NamedTuple):
    """`kind` is "word", "mark" or "text" (a literal)."""

    kind: str
    text: str
    line: int


def tokens(text: str, language: str) -> list[Token]:
    """Return the tokens of a text."""
    found: list[Token] = []
    at, line = 0, 1
    while at < len(text):
        start = at
        if space := _SPACE.match(text, at):
            at = space.end()
        elif word := _WORD.match(text, at):
            at = word.end()
            kind = "word"
            if language == "rust" and word[0] in {"r", "br", "cr"} and (end := _raw(text, at)):
                at, kind = end, "text"
            found.append(Token(kind, text[start:at], line))
        elif end := _comment(text, at, language):
            at = end
        elif end := _literal(text, at, language, found):
            at = end
            found.append(Token("text", text[start:at], line))
        else:
            at += 1
            found.append(Token("mark", text[start], line))
        line += text.count("\n", start, at)
    return found


def _after(text: str, at: int, what: str) -> int:
    place = text.find(what, at)
    return len(text) if place < 0 else place + len(what)


def _comment(text: str, at: int, language: str) -> int:
    if text.startswith("//", at):
        place = text.find("\n", at)
        return len(text) if place < 0 else place
    if not text.startswith("/*", at):
        return 0
    if language != "rust":
        return _after(text, at + 2, "*/")
    depth, place = 1, at + 2
    while depth and place < len(text):
        pair = text[place : place + 2]
        depth += (pair == "/*") - (pair == "*/")
        place += 2 if pair in {"/*", "*/"} else 1
    return min(place, len(text))


def _literal(text: str, at: int, language: str, before: list[Token]) -> int:
    """Return where the literal at `at` has ended; 0 if none is here."""
    match text[at], language:
        case '"', "java" if text.startswith('"""', at):
            return _after(text, at + 3, '"""')
        case "'", "rust":
            return _character(text, at)
        case '"' | "'", _:
            return _quoted(text, at, several=language == "rust")
        case "`", "go":
            return _after(text, at + 1, "`")
        case "`", "javascript":
            return _template(text, at, 0)
        case "/", "javascript" if _may_be_regex(before):
            return _regex(text, at)
    return 0


def _quoted(text: str, at: int, *, several: bool) -> int:
    """The end of a quoted text; one that may not have several lines ends with its line."""
    quote, place = text[at], at + 1
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == "\n" and not several:
            return place
        elif text[place] == quote:
            return place + 1
        place += 1
    return len(text)


def _character(text: str, at: int) -> int:
    """A character of Rust; a lifetime is none."""
    if text[at + 1 : at + 2] == "\\":
        return _quoted(text, at, several=False)
    inside, quote, _ = text[at + 1 : at + 7].partition("'")
    if not quote or len(inside.encode()) > 5:
        return 0
    is_one = (len(inside) == 1 and inside.isascii()) or inside[:1] >= "\x80"
    return at + len(inside) + 2 if is_one else 0


def _raw(text: str, at: int) -> int:
    """`#`s, a quote, and all up to the quote with as many `#`s."""
    opening = _RAW.match(text, at)
    return _after(text, opening.end(), opening[0][::-1]) if opening else 0


def _template(text: str, at: int, nested: int) -> int:
    """A template; braces inside of `${…}` are counted, strings in there are not looked at."""
    place, depth = at + 1, 0
    while place < len(text):
        match text[place]:
            case "\\":
                place += 1
            case "$" if depth == 0 and text[place + 1 : place + 2] == "{":
                place, depth = place + 1, 1
            case "{" if depth:
                depth += 1
            case "}" if depth:
                depth -= 1
            case "`" if not depth or nested == DEEPEST:
                return place + 1
            case "`":
                place = _template(text, place, nested + 1) - 1
        place += 1
    return len(text)


def _may_be_regex(before: list[Token]) -> bool:
    if not before:
        return True
    last = before[-1]
    if last.kind == "mark":
        return last.text not in {")", "]", "}"}
    return last.kind == "word" and last.text in {"return", "typeof", "case", "in", "of"}


def _regex(text: str, at: int) -> int:
    place, inside = at + 1, False
    while place < len(text):
        match text[place]:
            case "\n":
                return 0
            case "\\":
                place += 1
            case "[":
                inside = True
            case "]":
                inside = False
            case "/" if not inside:
                return place + 1
        place += 1
    return 0
