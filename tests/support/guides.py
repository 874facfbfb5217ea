"""Runs the examples of a guide in a test of the room that it is about."""

from __future__ import annotations

import ast
import re
from typing import Any


def run_examples(page: str, **replaced: str) -> dict[str, Any]:
    """Run every Python block of a page after those above it; return the names that they made.

    What stands alone on a line is checked: a comparison must hold, and a comment that is a value must be its value.

    Args:
        replaced: texts of the page by what stands in their place here.
    """
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE))
    for name, value in replaced.items():
        code = code.replace(name, value)
    lines = code.splitlines()
    names: dict[str, Any] = {"__name__": "guide"}
    for statement in ast.parse(code).body:
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), "guide", "exec", dont_inherit=True), names)
            continue
        value = eval(compile(ast.Expression(statement.value), "guide", "eval", dont_inherit=True), names)
        comment = lines[statement.end_lineno - 1][statement.end_col_offset :].partition("#")[2].strip()
        if isinstance(statement.value, ast.Compare):
            assert value, ast.unparse(statement)
        elif comment:
            assert value == ast.literal_eval(comment), ast.unparse(statement)
    return names
