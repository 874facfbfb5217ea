"""What a row condition means, as a tree of frozen records; `parse` makes it, `matching_rows` evaluates it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Column:
    name: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Node


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Membership:
    operand: Node
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class TextTest:
    test: str
    operand: Node
    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    operand: Node


@dataclass(frozen=True, slots=True)
class Not:
    operand: Node


@dataclass(frozen=True, slots=True)
class Logical:
    """`and` or `or` of two or more conditions; flat, so that a long chain is not a deep tree."""

    operator: str
    operands: tuple[Node, ...]


Node = (
    Constant | Column | Arithmetic | Negative | Function | Comparison | Membership | TextTest | Missing | Not | Logical
)
