"""One grammar that takes a second to compile, compiled by those who use it only.

`nbformat` imports `jsonschema`, which, where JupyterLab is installed, imports `rfc3987_syntax`, which compiles the
grammar of internationalised addresses: a second of every start, for a check that notebooks do not contain
(python-jsonschema/jsonschema#1428).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from types import ModuleType

GRAMMAR = "rfc3987_syntax"
_one_at_a_time = threading.Lock()
"""Notebooks begin side by side, each in a thread of its own."""


def defer_grammars() -> None:
    """Have the grammar imported at its first use; to be called before the first import of papermill or nbformat.

    Checks give the same answers. Nothing is changed where `jsonschema` or the grammar has been imported already, or
    where the grammar is not installed.
    """
    with _one_at_a_time:
        if "jsonschema" in sys.modules or GRAMMAR in sys.modules or importlib.util.find_spec(GRAMMAR) is None:
            return
        late = ModuleType(GRAMMAR)
        late.is_valid_syntax = _is_valid_syntax  # type: ignore[attr-defined]
        sys.modules[GRAMMAR] = late
        try:
            importlib.import_module("jsonschema")
        finally:
            sys.modules.pop(GRAMMAR, None)  # whoever else imports it gets the real one


def _is_valid_syntax(term: str, value: str) -> bool:
    return bool(importlib.import_module(GRAMMAR).is_valid_syntax(term, value))
