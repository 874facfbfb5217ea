"""Definitions of languages with braces: the heads of statements before `{` and `;`."""

from __future__ import annotations

from typing import NamedTuple

from victor_nb.retrieval.core.twin.code.tokens import DEEPEST, Token, tokens
from victor_nb.retrieval.core.types import Symbol

CONTROL = {
    "if", "for", "while", "switch", "catch", "return", "else", "do", "try", "new", "throw", "super", "synchronized",
    "with",
}  # fmt: skip
"""Words that are followed by parentheses and define nothing."""
GOES_ON = {"extends", "implements", "throws", "where"}
"""Words that go on with the statement of the line before."""
OPENING, CLOSING = {"(", "["}, {")", "]"}


class Head(NamedTuple):
    """A definition that a head says; `holds` if its body defines more, `outer` if the head says what is around it."""

    kind: str
    name: str
    holds: bool
    outer: str = ""


def symbols(text: str, language: str) -> list[Symbol]:
    """Return types, functions and methods, with the comments right above them."""
    parser = _Parser(tokens(text, language), language)
    parser.block(0, len(parser.tokens), "", 0)
    lines = text.split("\n")
    return [(name, kind, _with_comments(lines, first), last) for name, kind, first, last in parser.found]


def _with_comments(lines: list[str], first: int) -> int:
    while first > 1 and _is_comment(lines[first - 2].strip(" \t\r")):
        first -= 1
    return first


def _is_comment(line: str) -> bool:
    return line.startswith(("//", "/*", "*/", "* ")) or line == "*"


def _matches(found: list[Token]) -> list[int]:
    """Return the place of the closing brace for every opening one; the end for one that is never closed."""
    matches = [len(found)] * len(found)
    opened: list[int] = []
    for at, token in enumerate(found):
        if token.kind == "mark" and token.text == "{":
            opened.append(at)
        elif token.kind == "mark" and token.text == "}" and opened:
            matches[opened.pop()] = at
    return matches


class _Parser:
    def __init__(self, found: list[Token], language: str) -> None:
        self.tokens, self.language = found, language
        self.matches = _matches(found)
        self.found: list[Symbol] = []

    def word(self, at: int) -> str:
        return self.tokens[at].text if at < len(self.tokens) else ""

    def is_word(self, at: int) -> bool:
        return at < len(self.tokens) and self.tokens[at].kind == "word"

    def line(self, at: int) -> int:
        return self.tokens[min(at, len(self.tokens) - 1)].line

    def block(self, at: int, end: int, outer: str, nested: int) -> None:
        """Find the definitions among the statements from `at` up to `end`."""
        start, depth = at, 0
        while at < end:
            if depth == 0 and at > start and self.begins_anew(at):
                start = at
            mark = self.word(at) if self.tokens[at].kind == "mark" else ""
            if mark in OPENING:
                depth += 1
            elif mark in CLOSING:
                depth = max(0, depth - 1)
            elif mark == "{":
                close = min(self.matches[at], end)
                head = self.head(start, at, outer) if depth == 0 else None
                if head:
                    self.define(head, start, (at, close), outer, nested)
                at = close
                is_over = depth == 0 and at + 1 < end and self.line(at + 1) > self.line(at)
                if head or (is_over and self.word(at + 1) != ";"):
                    start, depth = at + 1, 0
            elif depth == 0 and self.word(at) == ";":
                head = self.head(start, at, outer)
                if head and self.needs_no_body(head):
                    self.define(head, start, (at, at), outer, nested)
                start = at + 1
            at += 1

    def define(self, head: Head, start: int, body: tuple[int, int], outer: str, nested: int) -> None:
        around, (opened, close) = head.outer or outer, body
        name = f"{around}.{head.name}" if around else head.name
        self.found.append((name, head.kind, self.line(start), self.line(close)))
        if head.holds and close > opened and nested < DEEPEST:
            self.block(opened + 1, close, name, nested + 1)

    def begins_anew(self, at: int) -> bool:
        """Whether a statement begins at `at` because a line does, in the languages where lines end statements."""
        is_by_lines = self.language in {"javascript", "go"}
        if not is_by_lines or self.line(at) == self.line(at - 1) or not self.is_word(at):
            return False
        goes_on = self.tokens[at - 1].kind == "mark" and self.word(at - 1) not in {")", "]", "}", ";"}
        return not goes_on and self.word(at) not in GOES_ON

    def needs_no_body(self, head: Head) -> bool:
        match self.language:
            case "rust":
                return head.kind not in {"impl", "module"}
            case "java":
                return head.kind == "method"
            case "javascript":
                return head.kind == "type"
        return False

    def head(self, start: int, end: int, outer: str) -> Head | None:
        at = self.after_marks(start, end)
        match self.language:
            case "rust":
                return self.rust(at, end, inside=bool(outer))
            case "go":
                return self.go(at, end)
            case "java":
                return self.java(at, end, inside=bool(outer))
        return self.javascript(at, end, inside=bool(outer))

    def after_marks(self, at: int, end: int) -> int:
        """Skip attributes (`#[…]`) and annotations (`@name(…)`)."""
        while at < end:
            if self.word(at) == "#":
                at = self.after_group(at + 1 + (self.word(at + 1) == "!"), end)
            elif self.word(at) == "@" and self.word(at + 1) != "interface":
                at += 2
                while self.word(at) == ".":
                    at += 2
                if self.word(at) == "(":
                    at = self.after_group(at, end)
            else:
                break
        return min(at, end)

    def after_group(self, at: int, end: int) -> int:
        """Return what comes after the parentheses or brackets that open at `at`."""
        depth = 0
        while at < end:
            if self.word(at) in {"(", "[", "{"}:
                depth += 1
            elif self.word(at) in {")", "]", "}"}:
                depth = max(0, depth - 1)
            at += 1
            if depth == 0:
                break
        return at

    def find(self, at: int, end: int, words: set[str]) -> int | None:
        """Return the first place from `at` where one of these words is, outside of parentheses and brackets."""
        while at < end:
            if self.word(at) in words:
                return at
            at = self.after_group(at, end) if self.word(at) in OPENING else at + 1
        return None

    def named(self, kind: str, at: int, end: int, *, holds: bool = False, outer: str = "") -> Head | None:
        return Head(kind, self.word(at), holds, outer) if at < end and self.is_word(at) else None

    def rust(self, at: int, end: int, *, inside: bool) -> Head | None:
        keywords = {"fn", "struct", "enum", "union", "trait", "mod", "type", "impl", "macro_rules"}
        place = self.find(at, end, keywords)
        if place is None:
            return None
        match self.word(place):
            case "fn":
                return self.named("method" if inside else "function", place + 1, end)
            case "struct" | "union":
                return self.named("struct", place + 1, end)
            case "trait":
                return self.named("trait", place + 1, end, holds=True)
            case "mod":
                return self.named("module", place + 1, end, holds=True)
            case "macro_rules":
                return self.named("macro", place + 2, end)
            case "impl":
                return self.implementation(place + 1, end)
            case kind:
                return self.named(kind, place + 1, end)

    def implementation(self, at: int, end: int) -> Head | None:
        depth, name = 0, None
        while at < end:
            word = self.word(at)
            if word == "<":
                depth += 1
            elif word == ">" and self.word(at - 1) != "-":
                depth = max(0, depth - 1)
            elif word == "where" and depth == 0:
                break
            elif word == "for" and depth == 0:
                name = None
            elif depth == 0 and self.is_word(at) and word not in {"dyn", "mut", "const"}:
                name = at
            at += 1
        return None if name is None else self.named("impl", name, end, holds=True)

    def go(self, at: int, end: int) -> Head | None:
        if self.word(at) == "func" and self.word(at + 1) == "(":
            after = self.after_group(at + 1, end)
            words = [self.word(place) for place in range(at + 2, after) if self.is_word(place)]
            return self.named("method", after, end, outer=words[min(1, len(words) - 1)] if words else "")
        if self.word(at) == "func":
            return self.named("function", at + 1, end)
        if self.word(at) == "type":
            place = self.find(at + 2, end, {"struct", "interface"})
            return self.named("type" if place is None else self.word(place), at + 1, end)
        return None

    def java(self, at: int, end: int, *, inside: bool) -> Head | None:
        place = self.find(at, end, {"class", "interface", "enum", "record"})
        if place is not None and self.is_word(place + 1):
            kind = self.word(place)
            return self.named("class" if kind == "record" else kind, place + 1, end, holds=True)
        return self.called(at, end) if inside else None

    def called(self, at: int, end: int) -> Head | None:
        """A head of the form `… name(…) …` without an assignment."""
        opened = self.find(at, end, {"(", "="})
        if opened is None or opened == at or self.word(opened) == "=" or self.word(opened - 1) in CONTROL:
            return None
        return self.named("method", opened - 1, end)

    def javascript(self, at: int, end: int, *, inside: bool) -> Head | None:
        keywords = {"function", "class", "interface", "enum", "namespace", "type", "const", "let", "var", "="}
        if (place := self.find(at, end, keywords)) is not None:
            match self.word(place):
                case "function":
                    return self.named("function", place + 1 + (self.word(place + 1) == "*"), end)
                case "class":
                    return self.named("class", place + 1, end, holds=True)
                case "namespace":
                    return self.named("module", place + 1, end, holds=True)
                case "interface" | "enum" as kind:
                    return self.named(kind, place + 1, end)
                case "type" if self.is_word(place + 1):
                    return self.named("type", place + 1, end)
                case "const" | "let" | "var":
                    return self.assigned("function", place + 1, end)
                case "=" if inside and place > 0:
                    return self.assigned("method", place - 1, end)
        return self.called(at, end) if inside else None

    def assigned(self, kind: str, at: int, end: int) -> Head | None:
        """`name = … => {` and `name = function … {`; a class that is given a name counts as that."""
        equals = self.find(at, end, {"="})
        if equals is None:
            return None
        if self.find(equals + 1, end, {"class"}) is not None:
            return self.named("class", at, end, holds=True)
        if any(self.makes(place) for place in range(equals + 1, end)):
            return self.named(kind, at, end)
        return None

    def makes(self, at: int) -> bool:
        return self.word(at) == "function" or (self.word(at) == "=" and self.word(at + 1) == ">")
