"""The grammar that takes a second to compile is compiled at its first use only."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("rfc3987_syntax", reason="only JupyterLab brings the grammar that this is about")

PROGRAM = """
import sys
from victor_nb.pipelines.kernels import defer_grammars
defer_grammars()
import nbformat
assert "rfc3987_syntax" not in sys.modules and "lark" not in sys.modules
from jsonschema import Draft202012Validator, FormatChecker
schema = Draft202012Validator({"format": "iri"}, format_checker=Draft202012Validator.FORMAT_CHECKER)
print(schema.is_valid("http://bücher.example/ü"), schema.is_valid("not an address"), "lark" in sys.modules)
"""


def test_nbformat_comes_without_the_grammar_and_checks_answer_as_before():
    """An address is checked with the real grammar, which is imported then."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert ran.stdout.split() == ["True", "False", "True"], ran.stderr


def test_what_is_imported_already_is_left_alone():
    """Nothing is taken out of a running program."""
    program = "import jsonschema; from victor_nb.pipelines.kernels import defer_grammars; "
    program += "defer_grammars(); import rfc3987_syntax as r; print(r.is_valid_syntax('iri', 'http://a.example'))"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "True\n"


def test_notebooks_that_begin_side_by_side_do_not_get_in_each_other_s_way():
    """Several threads come at the same time; each finds the import done or does it."""
    program = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from victor_nb.pipelines.kernels import defer_grammars
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)
def once(_):
    together.wait()
    defer_grammars()
with ThreadPoolExecutor(8) as threads:
    list(threads.map(once, range(8)))
print("jsonschema" in sys.modules, "lark" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ran.stdout.split() == ["True", "False"], ran.stderr
