"""Docstrings: the part that describes a function, and the part that describes its parameters.

The description is cut with a regular expression because every tool needs it at once; parameters are parsed by
griffe (Google, NumPy and Sphinx styles), which takes a quarter of a second to import and is therefore loaded
with the first schema.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, Final

_FIRST_SECTION: Final = re.compile(
    r"^\s*(?:"
    r"(?:Args|Arguments|Parameters|Params|Keyword Args|Other Parameters"
    r"|Returns?|Yields?|Raises|Examples?|Notes?)"
    r"(?::\s*|\s*\n\s*-{3,}\s*)"
    r"|:(?:param|parameter|arg|key|type|returns?|rtype|raises?)\b.*"
    r")$",
    re.MULTILINE,
)


def description_of(function: Callable[..., Any]) -> str:
    """Return the docstring up to its first section, paragraphs kept; empty if there is none."""
    text = inspect.getdoc(function) or ""
    section = _FIRST_SECTION.search(text)
    return (text[: section.start()] if section else text).strip()


def parameters_in(function: Callable[..., Any]) -> dict[str, str]:
    """Return what the docstring says about each parameter, line breaks folded; any of the three styles."""
    text = inspect.getdoc(function)
    if not text:
        return {}
    import griffe

    quiet: Any = {style: {"warnings": False} for style in ("google", "numpy", "sphinx")}
    sections = griffe.parse_auto(griffe.Docstring(text, lineno=1), per_style_options=quiet)
    kinds = griffe.DocstringSectionKind
    return {
        parameter.name.lstrip("*"): " ".join(parameter.description.split())
        for section in sections
        if section.kind in (kinds.parameters, kinds.other_parameters)
        for parameter in section.value
        if parameter.description
    }
