"""Expressions compute from values, act on nothing, and say where they failed."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.workflows.yaml_file.errors import ExpressionFailed, InvalidExpression
from victor_nb.workflows.yaml_file.expressions import expression, filled, prepare, template, templates_in
from victor_nb.workflows.yaml_file.places import Place


@dataclass
class Report:
    auc: float = 0.9

    def act(self) -> None:
        raise AssertionError("an expression called a method")


def act() -> None:
    raise AssertionError("an expression called a function")


SCOPE = {
    "rows": 5,
    "train": {"auc": 0.9, "items": [1, 2], "name": "m"},
    "report": Report(),
    "none": None,
    "act": act,
    "files": ["a.csv", "b.csv"],
}


def place(line: int) -> Place:
    return Place("w.yaml", line, 1)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("rows > 3 and train.auc >= 0.5", True),
        ("not rows", False),
        ("train.items", [1, 2]),  # a key, although dicts have a method of that name
        ("train['items'][0]", 1),
        ("report.auc", 0.9),
        ("files | map('upper') | list", ["A.CSV", "B.CSV"]),
        ("files | select('eq', 'a.csv')", ["a.csv"]),
        ("range(3)", [0, 1, 2]),
        ("len(files) == 2 and 'a.csv' in files", True),
        ("train.missing | default(0)", 0),
        ("unknown is defined", False),
        ("{'a': rows, 'b': [null, true]}", {"a": 5, "b": [None, True]}),
        ("'big' if rows > 3 else 'small'", "big"),
        ("train.name.upper()", "M"),
        ("{{ rows }}", 5),
    ],
)
def test_expressions_have_values(source: str, value: object) -> None:
    """Comparisons, fields, filters and choices, with or without braces around them."""
    assert expression(source).value(SCOPE) == value


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("act()", "not safely callable"),
        ("report.act()", "unsafe"),
        ("report | attr('act')", "unsafe"),
        ("''.__class__", "unsafe"),
        ("report.__init__.__globals__", "unsafe"),
        ("'{0.__class__}'.format(report)", "not safely callable"),
        ("files.append(1)", "unsafe"),
        ("'a' * 10 ** 9", "longer than 1,000,000"),
        ("[rows] * 10000000", "longer than 1,000,000"),
        ("2 ** 100000", "more than 10,000 bits"),
        ("range(10 ** 9)", "Range too big"),
        ("1 / 0", "division by zero"),
        ("rows + files", "unsupported operand"),
        ("train.acu", "Did you mean 'auc'"),
        ("none.field", "no value before .field"),
        ("later", "no value 'later' yet"),
    ],
)
def test_what_has_no_value_says_why_and_where(source: str, says: str) -> None:
    """Nothing is called, nothing grows, and a missing field names its neighbour."""
    with pytest.raises(ExpressionFailed, match=says) as raised:
        expression(source, place).value(SCOPE)

    assert raised.value.where == "w.yaml:1:1"


@pytest.mark.parametrize(
    ("source", "says", "hint"),
    [
        ("rows +", "unexpected", ""),
        ("rows = 5", "'=' follows", "=="),
        ("rows && files", "unexpected char '&'", "`and`"),
        ("a b", "'b' follows an expression that is complete", ""),
        ("files | randm", "No filter named 'randm'", ""),
        ("files | random", "No filter named 'random'", ""),
        ("{{ rows }} > 3", "is a text, not a value", "without braces"),
        (" ", "is empty", ""),
        ("(" * 500 + ")" * 500, "nests too deeply", ""),
        ("x" * 200_000, "are allowed", ""),
    ],
)
def test_what_is_no_expression_is_refused_before_anything_runs(source: str, says: str, hint: str) -> None:
    """Each refusal has its place, and a hint where another language was meant."""
    with pytest.raises(InvalidExpression, match=says) as raised:
        expression(source, place)

    assert raised.value.where == "w.yaml:1:1"
    assert hint in raised.value.hint


def test_templates_are_texts_with_values_written_as_yaml_has_them() -> None:
    """Words as in YAML, lists and mappings as JSON."""
    text = template("{{ rows }} {{ none }} {{ rows > 3 }} {{ files }} {% if rows %}yes{% endif %}").value(SCOPE)

    assert text == '5 null true ["a.csv", "b.csv"] yes'


def test_a_template_of_one_expression_has_its_value() -> None:
    """Whatever its type, and blanks around it do not make it text."""
    assert template(" {{ train }}\n").value(SCOPE) is SCOPE["train"]


def test_single_braces_are_text() -> None:
    """Prompts are full of JSON."""
    assert prepare('{"a": {"b": 1}}') == '{"a": {"b": 1}}'


def test_a_mistake_in_a_long_text_names_its_line() -> None:
    """The line is that of the text in which it stands."""
    with pytest.raises(InvalidExpression) as raised:
        template("one\ntwo\n{{ rows + }}", place)

    assert raised.value.where == "w.yaml:3:1"


def test_other_files_cannot_be_included() -> None:
    """A template reads values, never files."""
    with pytest.raises(InvalidExpression, match="cannot be included"):
        template("{% include 'secret.txt' %}")


def test_what_an_expression_reads_is_known() -> None:
    """Names of values, without functions, loop variables and constants."""
    assert expression("rows > len(files) and train.auc and null is none").names == {"rows", "files", "train"}
    assert template("{% for one in files %}{{ one }}{% endfor %}").names == {"files"}


def test_templates_are_found_and_filled_at_any_depth() -> None:
    """Lists and mappings keep their form; other values stay as they are."""
    prepared = prepare({"a": ["{{ rows }}", 1, "text"], "b": {"c": "n={{ rows }}"}})

    assert {one.source for one in templates_in(prepared)} == {"{{ rows }}", "n={{ rows }}"}
    assert filled(prepared, SCOPE) == {"a": [5, 1, "text"], "b": {"c": "n=5"}}


def test_templates_go_to_other_processes() -> None:
    """Only the source travels."""
    assert pickle.loads(pickle.dumps(expression("rows + 1"))).value(SCOPE) == 6


@given(st.text(alphabet="ab1.()[]{}|+-*/ '\"=<>!%#~,:\n", max_size=30))
def test_no_text_does_anything_but_have_a_value_or_an_error(source: str) -> None:
    """Every text is an expression, or an error of ours."""
    try:
        expression(source).value({"a": 1, "b": [2]})
    except (InvalidExpression, ExpressionFailed):
        return
