"""Row conditions: what is read, how it is understood, and what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.tools import ExpressionError
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
    Not,
    TextTest,
)
from victor_nb.tools.builtin.expressions import parse

A, B, C = Column("a"), Column("b"), Column("c")
ONE, TWO = Constant(1), Constant(2)
A_ONE, B_TWO, C_ONE = Comparison("==", A, ONE), Comparison("==", B, TWO), Comparison("==", C, ONE)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a == 1", A_ONE),
        ("a = 1", A_ONE),
        ("a <> 1", Comparison("!=", A, ONE)),
        ("a<1.5e3", Comparison("<", A, Constant(1500.0))),
        ("1_000 >= a", Comparison(">=", Constant(1000), A)),
        ("a == -1", Comparison("==", A, Constant(-1))),
        ("a == 'it''s'", Comparison("==", A, Constant("it's"))),
        (r'a == "say \"hi\"\n"', Comparison("==", A, Constant('say "hi"\n'))),
        ("`unit price` > 2", Comparison(">", Column("unit price"), TWO)),
        ("größe == 1", Comparison("==", Column("größe"), ONE)),
        ("1 < a <= 2", Logical("and", (Comparison("<", ONE, A), Comparison("<=", A, TWO)))),
        ("a == 1 and b == 2 or c == 1", Logical("or", (Logical("and", (A_ONE, B_TWO)), C_ONE))),
        ("a == 1 and (b == 2 or c == 1)", Logical("and", (A_ONE, Logical("or", (B_TWO, C_ONE))))),
        ("a==1 & b==2 | c==1", Logical("or", (Logical("and", (A_ONE, B_TWO)), C_ONE))),
        ("(a == 1) && (b == 2)", Logical("and", (A_ONE, B_TWO))),
        ("A == 1 AND b == 2", Logical("and", (Comparison("==", Column("A"), ONE), B_TWO))),
        ("not a == 1 and b == 2", Logical("and", (Not(A_ONE), B_TWO))),
        ("~(a == 1)", Not(A_ONE)),
        ("not not flag", Not(Not(Column("flag")))),
        ("a in [1, 2]", Membership(A, (ONE, TWO))),
        ("a in (1, -2,)", Membership(A, (ONE, Constant(-2)))),
        ("a not in ['x', None]", Not(Membership(A, (Constant("x"), Constant(None))))),
        ("a.isin([1])", Membership(A, (ONE,))),
        ("a contains 'x'", TextTest("contains", A, "x")),
        ("a not contains 'x'", Not(TextTest("contains", A, "x"))),
        ("a.str.startswith('x')", TextTest("startswith", A, "x")),
        ("a endswith 'x'", TextTest("endswith", A, "x")),
        ("isna(a)", Missing(A)),
        ("a.notna()", Not(Missing(A))),
        ("a is null", Missing(A)),
        ("a IS NOT NULL", Not(Missing(A))),
        ("a == None", Missing(A)),
        ("nan != a", Not(Missing(A))),
        ("a between 1 and 2", Logical("and", (Comparison(">=", A, ONE), Comparison("<=", A, TWO)))),
        ("a.between(1, 2)", Logical("and", (Comparison(">=", A, ONE), Comparison("<=", A, TWO)))),
        (
            "a not between 1 and 2 and b == 2",
            Logical("and", (Not(Logical("and", (Comparison(">=", A, ONE), Comparison("<=", A, TWO)))), B_TWO)),
        ),
        ("a + b * 2 == c", Comparison("==", Arithmetic("+", A, Arithmetic("*", B, TWO)), C)),
        ("(a + b) * 2 == c", Comparison("==", Arithmetic("*", Arithmetic("+", A, B), TWO), C)),
        ("a - b - 1 == c", Comparison("==", Arithmetic("-", Arithmetic("-", A, B), ONE), C)),
        ("-a ** 2 == c", Comparison("==", Negative(Arithmetic("**", A, TWO)), C)),
        ("+a == c", Comparison("==", A, C)),
        ("log(a + 1) > 2", Comparison(">", Function("log", Arithmetic("+", A, ONE)), TWO)),
        ("log > 2", Comparison(">", Column("log"), TWO)),
        ("flag == true", Comparison("==", Column("flag"), Constant(True))),
        ("flag", Column("flag")),
    ],
)
def test_a_condition_is_read(text, tree):
    """Spellings of SQL, Python and pandas give the same trees, with the usual precedence."""
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a column, a number or a text is expected here"),
        ("a >", "is expected here"),
        ("a == 1 b", "this is left over"),
        ("(a == 1", "'[)]' is expected here"),
        ("a == 'open", "cannot read this"),
        ("a ? 1", "cannot read this"),
        ("a in", "a list is expected"),
        ("a in [b]", "a number or a text is expected here"),
        ("a in [1 2]", "']' is expected"),
        ("a in [-'x']", "a number or a text is expected here"),
        ("a contains b", "a text in quotes is expected"),
        ("a like '%x'", "'like' is not known"),
        ("a is 3", "'null' is expected after 'is'"),
        ("a between 1 2", "'and' is expected"),
        ("a < None", "a missing value has no order"),
        ("and == 1", "in `backticks`"),
        ("eval('1')", "there is no function 'eval'"),
        ("__import__('os').system('true')", "there is no function '__import__'"),
        ("a.__class__", "there is no such method"),
        ("a.apply(print)", "there is no such method"),
        ("a[0] == 1", "this is left over"),
        ("@a == 1", "cannot read this"),
        ("a == 1; import os", "cannot read this"),
        ("lambda: 1", "cannot read this"),
        ("a == 0x10", "cannot read this"),
    ],
)
def test_anything_else_is_refused_with_its_place(text, says):
    """No attribute, call, index or statement gets through; the error shows where reading stopped."""
    with pytest.raises(ExpressionError, match=says) as caught:
        parse(text)
    assert caught.value.parameter == "expression"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "a" + ")" * 5000,
        "(" * 500 + "a" + ")" * 500,
        "not " * 900 + "a",
        "-" * 3000 + "a == 1",
        "a" + "+1" * 1500 + " == 1",
        "2" + "**2" * 900 + " == a",
        "a == " + "9" * 5000,
    ],
)
def test_size_and_depth_are_limited(text):
    """A long or deep condition is an error, not a stack overflow."""
    with pytest.raises(ExpressionError):
        parse(text)


def test_a_long_chain_is_not_deep():
    """A hundred alternatives are fine."""
    assert len(parse(" or ".join(["a == 1"] * 300)).operands) == 300


@given(st.text(max_size=60) | st.text("ab1 .()[]'\"`<>=&|~!+-*/%,", max_size=60))
def test_no_text_makes_the_parser_fail_otherwise(text):
    """Any text is a tree or an ExpressionError."""
    with contextlib.suppress(ExpressionError):
        parse(text)
