"""What of a notebook counts as its code."""

from __future__ import annotations

import ast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.pipelines.made import code, markdown, notebook
from victor_nb.pipelines.caching.source import code_hash, normalised, normalised_cell
from victor_nb.pipelines.parameters.cell_syntax import parsed

WRITTEN = """x = {'a': 1, "b": [1, 2]}
def f(a, b=2):
    '''Add.'''
    return a + b
f(1)
"""
OTHERWISE = '''# what we know
x = {
    "a": 1,
    'b': [1, 2],  # more
}


def f(a, b = 2):
    """Add."""
    # carefully
    return (a
            + b)

f(1);
'''


def test_formatting_and_comments_do_not_count() -> None:
    """Quotes, line breaks, blank lines, comments, a semicolon that hides the last value."""
    assert code_hash(notebook(WRITTEN)) == code_hash(notebook(OTHERWISE))


@pytest.mark.parametrize(
    "same",
    [
        notebook(markdown("# Title"), "x = 1"),
        notebook("x = 1", markdown("the end")),
        notebook("x = 1", "# nothing here", ""),
        notebook(code("x = 1", "slow", "remove-cell")),
        notebook({**code("x = 1"), "id": "abc", "execution_count": 7, "outputs": [{"output_type": "stream"}]}),
        notebook({**code(""), "source": ["x = ", "1\n"]}),
        {**notebook("x = 1"), "nbformat_minor": 5},
    ],
    ids=[
        "markdown-above",
        "markdown-below",
        "cells-without-code",
        "tags",
        "outputs-and-ids",
        "list-of-lines",
        "format",
    ],
)
def test_what_cannot_change_a_result_does_not_count(same: dict[str, object]) -> None:
    """ploomber ran again after an edit of Markdown and of a comment."""
    assert code_hash(same) == code_hash(notebook("x = 1"))


@pytest.mark.parametrize(
    "other",
    [
        notebook("x = 2"),
        notebook("x = 1.0"),
        notebook("x = '1'"),
        notebook("x: int = 1"),
        notebook("x = 1", "x"),
        notebook("'''A text.'''\nx = 1"),
        notebook(code("x = 1", "parameters")),
        notebook(code("x = 1", "skip-execution")),
        notebook(code("x = 1", "raises-exception")),
        notebook("%matplotlib inline\nx = 1"),
        notebook("x = 1\n!rm -f out.csv"),
    ],
)
def test_what_can_change_a_result_counts(other: dict[str, object]) -> None:
    """Values, types, docstrings, magics, commands, and the tags that papermill and nbclient act on."""
    assert code_hash(other) != code_hash(notebook("x = 1"))


def test_the_order_of_cells_and_their_boundaries_count() -> None:
    """A cell shows its last value, so two cells are not one."""
    hashes = {code_hash(notebook(*cells)) for cells in (("x = 1", "y = 2"), ("y = 2", "x = 1"), ("x = 1\ny = 2",))}

    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("%time f(1)", "get_ipython().run_line_magic('time', 'f(1)')"),
        ("!ls  -l", "get_ipython().system('ls  -l')"),
        ("files = !ls", "files = get_ipython().getoutput('ls')"),
        ("t = %timeit -o f(1)", "t = get_ipython().run_line_magic('timeit', '-o f(1)')"),
        ("if x:\n    %cd data", "if x:\n    get_ipython().run_line_magic('cd', 'data')"),
        ("!a \\\n  b\nx=1", "get_ipython().system('a \\\\\\n  b')\nx = 1"),
        ("f?", "get_ipython().run_line_magic('pinfo', 'f')"),
        ("%%time\nx=1", "get_ipython().run_cell_magic('time', '', '')\nx = 1"),
        ("x = (7\n%2)", "x = 7 % 2"),
        ("'''\n%not a magic\n'''", "'''\n%not a magic\n'''"),
        ("await f( )", "await f()"),
    ],
)
def test_ipythons_additions_are_the_calls_that_they_stand_for(written: str, meant: str) -> None:
    """And text that is Python already is left alone."""
    assert ast.dump(ast.parse(normalised_cell(written))) == ast.dump(ast.parse(meant))


@pytest.mark.parametrize("text", ["%%bash\necho  'a'  ", "%%javascript\nalert(1)", "x = = 1", "SELECT 1", "x = '\0'"])
def test_what_is_no_python_counts_as_its_text(text: str) -> None:
    """Cells in other languages, and cells with a mistake; only spaces at the ends of lines do not count."""
    assert normalised_cell(text + "   \n") == text.rstrip()
    assert normalised_cell(text) != normalised_cell(text + "\nmore")


def test_brackets_nested_by_the_thousand_are_text() -> None:
    """Nothing that a cell may hold stops the reading of a notebook."""
    assert normalised_cell("(" * 20_000 + ")" * 20_000).startswith("(((")


def test_a_notebook_of_another_language_is_text() -> None:
    """Its comments count: nobody here can tell what they are."""
    r = notebook("x <- 1 # one", language="R")

    assert "# one" in normalised(r)
    assert code_hash(r) != code_hash(notebook("x <- 1", language="R"))


_LINES = st.lists(
    st.sampled_from(
        [
            "x = 1",
            "y=[1,2 , 3]",
            "%time x",
            "!echo {x}",
            "z = !ls",
            "# only a comment",
            "",
            "def f(a):\n    '''Doc.'''\n    return a  # back",
            "if x:\n    pass\nelse:\n    y = {'a': 1}",
            "for i in range(3):\n    %cd .",
            "f'{x!r:>10} {y}'",
            "s = '''two\nlines'''",
            "lambda *a, k=1, **kw: (yield)",
            "x = = 1",
            "async def g():\n    await h()",
            "@dec\nclass C(B, metaclass=M): a: int = 1",
            "match x:\n    case {'a': [1, *_]}: pass",
            "%%bash",
        ]
    ),
    max_size=6,
).map("\n".join)
unhurried = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(_LINES)
def test_normalising_twice_changes_nothing(text: str) -> None:
    """For Python, magics, mistakes and mixtures of them."""
    once = normalised_cell(text)

    assert normalised_cell(once) == once


@unhurried
@given(st.text(max_size=200))
@example("00\x85")
@example("x = 1 + \\ \n2")
def test_any_text_can_be_normalised(text: str) -> None:
    """Whatever a cell holds."""
    once = normalised_cell(text)

    assert normalised_cell(once) == once


@unhurried
@given(_LINES, st.sampled_from(["", "  # aside", "\n\n", "\n# a line of its own\n"]))
def test_comments_and_blank_lines_between_statements_never_count(text: str, between: str) -> None:
    """Wherever they stand between top-level statements."""
    module = parsed(text)
    if module is None:
        return
    pieces = [ast.unparse(statement) for statement in module.body]

    assert normalised_cell((between + "\n").join([*pieces, ""])) == normalised_cell(text)
