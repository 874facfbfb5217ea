"""The types of the compiled core are stated beside it, and say what it has."""

from __future__ import annotations

import ast
from pathlib import Path

STUB = Path(__file__).parents[2] / "accelerate" / "victor_accelerate.pyi"


def public(names) -> set[str]:
    return {name for name in names if not name.startswith("_")}


def test_the_stub_names_what_the_module_has(compiled):
    """Functions, classes and their methods: none missing, none too many."""
    import victor_accelerate

    stated = {}
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            members = node.body if isinstance(node, ast.ClassDef) else []
            stated[node.name] = public(one.name for one in members if isinstance(one, ast.FunctionDef))
    assert set(stated) == public(vars(victor_accelerate)) - {"victor_accelerate"}
    for name, members in stated.items():
        if isinstance(thing := getattr(victor_accelerate, name), type) and not issubclass(thing, Exception):
            assert members == public(vars(thing)), name
