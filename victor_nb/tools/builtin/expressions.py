"""Row conditions: a small language that people and models write, read into a tree.

    age > 30 and city in ['Bern', 'Rome']        not (price * quantity >= 100)
    name contains 'son' or isna(email)           `unit price` between 2 and 5

1. This module knows no table: text in, tree out. Nothing in it runs, imports or looks up anything.
2. The language is what the parser below accepts and nothing else: no attribute, no index, no call but
   those in FUNCTIONS and METHODS. Length and depth are limited.
3. Spellings of SQL, Python and pandas for the same thing are all read: AND, &, &&; =, ==; <>, !=;
   IS NULL, isna(x), x.isna().

Grammar, loosest first:
    or · and · not · comparison, in, contains, between, is · + - · * / % · unary - · ** · primary
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from victor_nb.tools.builtin.expression_tree import (
    Arithmetic,
    Column,
    Comparison,
    Constant,
    Function,
    Logical,
    Membership,
    Missing,
    Negative,
    Node,
    Not,
    TextTest,
)
from victor_nb.tools.errors import ExpressionError

LONGEST_CHARS: Final = 4000
DEEPEST: Final = 60

FUNCTIONS: Final = ("isna", "isnull", "notna", "notnull", "abs", "sqrt", "log", "exp")
METHODS: Final = (
    "isna",
    "isnull",
    "notna",
    "notnull",
    "isin",
    "between",
    "contains",
    "startswith",
    "endswith",
)
_IS_MISSING: Final = {"isna": True, "isnull": True, "notna": False, "notnull": False}
_TEXT_TESTS: Final = ("contains", "startswith", "endswith")
_COMPARISONS: Final = {
    "==": "==",
    "=": "==",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_CONSTANTS: Final = {"true": True, "false": False, "none": None, "null": None, "nan": None}
_KEYWORDS: Final = frozenset(
    {"and", "or", "not", "in", "is", "contains", "startswith", "endswith", "between", "like", *_CONSTANTS}
)

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    | (?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    | (?P<column>`[^`]+`)
    | (?P<name>[^\W\d]\w*)
    | (?P<sign>\*\*|<=|>=|==|!=|<>|&&|\|\||[-+*/%<>=()\[\],.&|~!])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "name" and self.text.lower() in words


def parse(source: str) -> Node:
    """Read a row condition.

    Raises:
        ExpressionError: what is wrong, with a mark under the place.
    """
    if len(source) > LONGEST_CHARS:
        raise ExpressionError(f"the condition has {len(source):,} characters; {LONGEST_CHARS:,} are allowed")
    return _Parser(source).whole()


def _tokens(source: str) -> Iterator[Token]:
    position, end = 0, len(source.rstrip())
    while position < end:
        match = _TOKEN.match(source, position)
        if match is None or match.lastgroup is None:
            blank = len(source[position:]) - len(source[position:].lstrip())
            raise _wrong(source, position + blank, "cannot read this")
        yield Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
        position = match.end()
    yield Token("end", "", end)


def _wrong(source: str, position: int, what: str, hint: str = "") -> ExpressionError:
    error = ExpressionError(
        f"{what}: {source[:position]}⟦{source[position : position + 20] or 'end'}⟧",
        where=f"character {position + 1} of the condition",
        hint=hint or "example: age > 30 and city in ['Bern', 'Rome']; columns with spaces in `backticks`",
    )
    error.parameter = "expression"
    return error


class _Parser:
    """Recursive descent over the tokens; each method reads one level of the grammar."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = list(_tokens(source))
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.disjunction()
        if self.now.kind != "end":
            raise self.wrong("this is left over")
        return node

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def wrong(self, what: str, hint: str = "") -> ExpressionError:
        return _wrong(self.source, self.now.start, what, hint)

    def take(self) -> Token:
        token = self.now
        self.at += 1
        return token

    def accept(self, *signs: str) -> str:
        """Take the next token if it is one of these signs or words; the empty string if it is not."""
        token = self.now
        if (token.kind == "sign" and token.text in signs) or token.is_word(*signs):
            self.at += 1
            return token.text.lower()
        return ""

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.wrong(f"{sign!r} is expected here")

    def nested(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"nested deeper than {DEEPEST} levels")
        node = read()
        self.depth -= 1
        return node

    def disjunction(self) -> Node:
        return self.chain("or", ("or", "|", "||"), self.conjunction)

    def conjunction(self) -> Node:
        return self.chain("and", ("and", "&", "&&"), self.negation)

    def chain(self, operator: str, signs: tuple[str, ...], read: Callable[[], Node]) -> Node:
        operands = [read()]
        while self.accept(*signs):
            operands.append(read())
        return operands[0] if len(operands) == 1 else Logical(operator, tuple(operands))

    def negation(self) -> Node:
        if self.accept("not", "~", "!"):
            return Not(self.nested(self.negation))
        return self.comparison()

    def comparison(self) -> Node:
        left = self.sum()
        tests: list[Node] = []
        while self.now.kind == "sign" and (operator := _COMPARISONS.get(self.now.text)):
            self.take()
            right = self.sum()
            tests.append(self.compared(operator, left, right))
            left = right
        if tests:
            return tests[0] if len(tests) == 1 else Logical("and", tuple(tests))
        return self.word_test(left)

    def compared(self, operator: str, left: Node, right: Node) -> Node:
        """Comparing with None means asking whether a value is missing, as whoever writes it expects."""
        for side, other in ((left, right), (right, left)):
            if side == Constant(None):
                if operator not in ("==", "!="):
                    raise self.wrong("a missing value has no order", "write isna(column) or notna(column)")
                return Missing(other) if operator == "==" else Not(Missing(other))
        return Comparison(operator, left, right)

    def word_test(self, operand: Node) -> Node:
        if self.accept("is"):
            negated = bool(self.accept("not"))
            if not self.accept("null", "none", "nan", "na", "missing"):
                raise self.wrong("'null' is expected after 'is'")
            return self.maybe_not(negated, Missing(operand))
        negated = False
        if self.now.is_word("not") and self.tokens[self.at + 1].is_word("in", "contains", "between", *_TEXT_TESTS):
            self.take()
            negated = True
        if self.accept("in"):
            return self.maybe_not(negated, Membership(operand, self.constants()))
        if self.accept("between"):
            return self.maybe_not(negated, self.between(operand))
        if test := self.accept(*_TEXT_TESTS):
            return self.maybe_not(negated, TextTest(test, operand, self.text()))
        if self.now.is_word("like"):
            raise self.wrong("'like' is not known", "name contains 'son'; name startswith 'A'; name endswith 'z'")
        return operand

    @staticmethod
    def maybe_not(negated: bool, node: Node) -> Node:
        return Not(node) if negated else node

    def between(self, operand: Node) -> Node:
        low = self.sum()
        if not self.accept("and", ","):
            raise self.wrong("'and' is expected here", "age between 20 and 30")
        return _between(operand, low, self.sum())

    def constants(self) -> tuple[Constant, ...]:
        """Read a list of values in square brackets or parentheses."""
        closing = {"[": "]", "(": ")"}.get(self.accept("[", "("))
        if closing is None:
            raise self.wrong("a list is expected here", "city in ['Bern', 'Rome']")
        values: list[Constant] = []
        while not self.accept(closing):
            values.append(self.constant())
            if not self.accept(","):
                self.expect(closing)
                break
        return tuple(values)

    def constant(self) -> Constant:
        negative = bool(self.accept("-"))
        node = self.primary()
        if negative and isinstance(node, Constant) and isinstance(node.value, int | float):
            return Constant(-node.value)
        if not isinstance(node, Constant) or negative:
            self.at -= 1
            raise self.wrong("a number or a text is expected here", "texts go in quotes: 'Bern'")
        return node

    def text(self) -> str:
        if self.now.kind != "text":
            raise self.wrong("a text in quotes is expected here", "name contains 'son'")
        return _unquoted(self.take().text)

    def sum(self) -> Node:
        return self.arithmetic(("+", "-"), self.product)

    def product(self) -> Node:
        return self.arithmetic(("*", "/", "%"), self.signed)

    def arithmetic(self, signs: tuple[str, ...], read: Callable[[], Node]) -> Node:
        node = read()
        length = 0
        while sign := self.accept(*signs):
            node = Arithmetic(sign, node, read())
            if (length := length + 1) > DEEPEST:
                raise self.wrong(f"more than {DEEPEST} terms")
        return node

    def signed(self) -> Node:
        if self.accept("-"):
            operand = self.nested(self.signed)
            if isinstance(operand, Constant) and type(operand.value) in (int, float):
                return Constant(-operand.value)  # type: ignore[operator]  # a number, by the line above
            return Negative(operand)
        if self.accept("+"):
            return self.nested(self.signed)
        return self.power()

    def power(self) -> Node:
        base = self.postfix()
        return Arithmetic("**", base, self.nested(self.signed)) if self.accept("**") else base

    def postfix(self) -> Node:
        node = self.primary()
        while self.accept("."):
            node = self.method(node)
        return node

    def method(self, operand: Node) -> Node:
        """Read what pandas users write after a column: `.isna()`, `.str.contains('x')`, `.isin([1, 2])`."""
        if self.accept("str"):
            self.expect(".")
        name = self.take()
        if not name.is_word(*METHODS):
            self.at -= 1
            raise self.wrong("there is no such method here", f"methods: {', '.join(METHODS)}")
        self.expect("(")
        node = self.method_body(name.text.lower(), operand)
        self.expect(")")
        return node

    def method_body(self, name: str, operand: Node) -> Node:
        if name in _IS_MISSING:
            return _missing(name, operand)
        if name == "isin":
            return Membership(operand, self.constants())
        if name == "between":
            low = self.sum()
            self.expect(",")
            return _between(operand, low, self.sum())
        return TextTest(name, operand, self.text())

    def primary(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return Constant(_number(token.text))
        if token.kind == "text":
            return Constant(_unquoted(token.text))
        if token.kind == "column":
            return Column(token.text[1:-1])
        if token.kind == "sign" and token.text == "(":
            node = self.nested(self.disjunction)
            self.expect(")")
            return node
        if token.kind == "name":
            return self.named(token)
        self.at -= 1
        raise self.wrong("a column, a number or a text is expected here")

    def named(self, token: Token) -> Node:
        word = token.text.lower()
        if self.now.kind == "sign" and self.now.text == "(" and word not in _KEYWORDS:
            return self.call(token)
        if word in _CONSTANTS:
            return Constant(_CONSTANTS[word])
        if word in _KEYWORDS:
            self.at -= 1
            raise self.wrong("a column, a number or a text is expected here", "a column of this name: in `backticks`")
        return Column(token.text)

    def call(self, token: Token) -> Node:
        name = token.text.lower()
        if name not in FUNCTIONS:
            self.at -= 1
            raise self.wrong(f"there is no function {token.text!r}", f"functions: {', '.join(FUNCTIONS)}")
        self.expect("(")
        operand = self.nested(self.disjunction)
        self.expect(")")
        return _missing(name, operand) if name in _IS_MISSING else Function(name, operand)


def _missing(name: str, operand: Node) -> Node:
    return Missing(operand) if _IS_MISSING[name] else Not(Missing(operand))


def _between(operand: Node, low: Node, high: Node) -> Node:
    return Logical("and", (Comparison(">=", operand, low), Comparison("<=", operand, high)))


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    return int(plain) if plain.isdigit() else float(plain)


def _unquoted(literal: str) -> str:
    quote, body = literal[0], literal[1:-1]
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), body.replace(quote * 2, quote))
