"""Definitions and chunks of code: what the scanners see, and that both cores see the same."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb.retrieval.core import twin

SAME = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
LANGUAGES = st.sampled_from(["py", "ts", "rs", "go", "java", "sql", "md", "txt"])
PIECES = st.sampled_from(
    [
        *"(){}[];'\"`#/*=<>\\,.@$:-é東\t \r\x0c\ud800",
        *("\n", "\n    ", "\n\n", "//", "/*", "*/", "'''", '"""', "```", 'r#"', "$$", "--", "=>", "->"),
        *("def f", "class A", "async def g", "fn f", "impl A for B", "struct S", "mod m", "function f", "const x = "),
        *("func (t *T) M", "type T struct", "interface I", "enum E", "create table t", "## title\n", "# one\n", "name"),
    ]
)
TEXT = st.lists(PIECES, max_size=80).map("".join)

PYTHON = """@cache
def load(path,
  mode='def x():'):
    '''
def no(): pass
'''
    return 1

class A(B):
    async def go(self): return [
  2]
"""
TYPESCRIPT = """export const go = async (a) => {
  return /[}/]{/.test(a)
}
class A extends B {
  static make(a) { return `${ {a: 1} } }` }
  run = () => {
  }
}
interface I { a(): void }
"""
RUST = """/// Doc {
#[derive(Debug)]
pub struct A<'a> { x: &'a str }
impl<T: Into<A>> From<T> for A<'_> {
    fn from(t: T) -> Self { r#"}"# ; '}' }
}
"""
GO = """type T struct {
	x int
}

// Run runs.
func (t *T) Run(a int) error {
	return nil
}
"""
JAVA = """public class A {
  int x = f(1);
  @Override
  public String toString() throws X {
    if (a) { b(); }
    return "}";
  }
}
"""


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "python",
            PYTHON,
            [("load", "function", 1, 7), ("A", "class", 9, 11), ("A.go", "method", 10, 11)],
        ),
        (
            "ts",
            TYPESCRIPT,
            [
                ("go", "function", 1, 3),
                ("A", "class", 4, 8),
                ("A.make", "method", 5, 5),
                ("A.run", "method", 6, 7),
                ("I", "interface", 9, 9),
            ],
        ),
        ("rust", RUST, [("A", "struct", 1, 3), ("A", "impl", 4, 6), ("A.from", "method", 5, 5)]),
        ("go", GO, [("T", "struct", 1, 3), ("T.Run", "method", 5, 8)]),
        ("java", JAVA, [("A", "class", 1, 8), ("A.toString", "method", 3, 7)]),
        ("sql", "-- no;\ncreate view v as\nselect ';';", [("v", "view", 2, 3)]),
        ("md", "# One\n```\n# no\n```\n## Two\n", [("One", "section", 1, 5), ("One.Two", "section", 5, 5)]),
        ("cobol", "anything", []),
    ],
)
def test_definitions_of_a_text(core, language, text, expected):
    """Names, kinds, first and last lines; strings, comments and brackets do not deceive."""
    assert core.symbols(text, language) == expected


def by_ast(source: str) -> list[tuple[str, str, int, int]]:
    found = []

    def visit(node: ast.AST, outer: str, in_class: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                visit(child, outer, in_class)
                continue
            is_class = isinstance(child, ast.ClassDef)
            kind = "class" if is_class else "method" if in_class else "function"
            first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
            found.append((outer + child.name, kind, first, child.end_lineno))
            visit(child, f"{outer}{child.name}.", is_class)

    visit(ast.parse(source), "", False)
    return found


def test_definitions_of_the_standard_library_are_those_of_the_parser(core):
    """The scanner and Python's own parser agree on real code."""
    for file in sorted(Path(os.__file__).parent.glob("[a-d]*.py")):
        source = file.read_text(encoding="utf-8")
        assert sorted(core.symbols(source, "py")) == sorted(by_ast(source)), file.name


def test_chunks_keep_definitions_whole_and_join_small_ones(core):
    """A function is one chunk if it fits; small neighbours share one; blank lines at the ends belong to none."""
    large = "def {}():\n" + "    call_something(1, 2, 3)\n" * 30 + "\n"
    small = "def {}():\n    pass\n\n"
    text = large.format("a") + large.format("b") + small.format("c") + small.format("d")
    assert core.chunks(text, "py") == [(1, 31, ["a"]), (33, 69, ["b", "c", "d"])]


def test_a_long_text_without_definitions_is_cut_at_blank_lines(core):
    """Prose is cut between paragraphs, code that does not parse anywhere else."""
    paragraph = "word " * 100 + "\n\n"
    assert core.chunks(paragraph * 5, "txt") == [(1, 5, []), (7, 9, [])]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("js", "`${" * 20_000),
        ("rs", "mod a {" * 20_000),
        ("py", "".join(" " * depth + "class A:\n" for depth in range(1_500))),
        ("md", "# a\n" * 20_000),
        ("js", "{" * 100_000),
    ],
)
def test_deep_nesting_does_no_harm(core, language, text):
    """Code that a machine wrote, or an enemy, is cut like any other."""
    assert core.chunks(text, language)


@SAME
@given(TEXT, LANGUAGES)
def test_both_cores_see_the_same_definitions_and_chunks(compiled, text, language):
    """In any text, however broken."""
    assert compiled.symbols(text, language) == twin.symbols(text, language)
    assert compiled.chunks(text, language) == twin.chunks(text, language)
    long = text * 30
    assert compiled.chunks(long, language) == twin.chunks(long, language)
