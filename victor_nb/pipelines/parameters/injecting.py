"""The values of a run set in a notebook: a cell with the tag `injected-parameters`, as papermill places it.

1. The cell replaces one of that tag, else it follows the parameters cell, else it stands on top.
2. In Python, values are of the types that were given. Kernels of other languages get what papermill can write for them.
3. Secrets stand neither in the cell nor in the metadata; the cell reads them where the kernel runs.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

from victor_nb.journal.redaction import Redactor
from victor_nb.pipelines.parameters.cell_syntax import is_python, language_of, tags_of
from victor_nb.pipelines.parameters.declaring import INJECTED_TAG, TAG
from victor_nb.pipelines.parameters.errors import CannotHandOver, UnknownParameter
from victor_nb.pipelines.parameters.expressions import Code

_LONGEST_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Injected:
    """A notebook that is ready to run.

    Attributes:
        notebook: a new one, as JSON; the one that was given is not changed.
        environment: variables that the kernel must be started with besides the runner's own; they hold secrets.
    """

    notebook: dict[str, Any]
    environment: dict[str, str]


def inject(
    notebook: Mapping[str, Any], values: Mapping[str, object], folder: Path, secrets: Mapping[str, str] | None = None
) -> Injected:
    """Set values in a notebook, as nbformat or JSON gives it; without values it stays as it is.

    Args:
        values: typed, as `parameters.check` returns them.
        folder: where values are kept that code cannot spell out; must last as long as the run can be looked at.
        secrets: what must never be written down, by name (`Settings.values_to_hide`).

    Raises: CannotHandOver, UnknownParameter.
    """
    if not values:
        return Injected(dict(notebook), {})
    redactor = Redactor(secrets)
    code = Code(folder.absolute(), redactor)
    is_ours = is_python(notebook)
    source = injected_source(values, code) if is_ours else _source_of_papermill(notebook, values, redactor)
    metadata = {**notebook.get("metadata", {})}
    shown = {name: _shown(value, redactor) for name, value in values.items()}
    metadata["papermill"] = {**metadata.get("papermill", {}), "parameters": shown}
    return Injected({**notebook, "metadata": metadata, "cells": _with_cell(notebook, source)}, code.environment)


def injected_source(values: Mapping[str, object], code: Code) -> str:
    """Return the text of the cell.

    Raises: CannotHandOver, UnknownParameter for a name that no variable can have.
    """
    lines = ["# Parameters"]
    for name, value in values.items():
        if not name.isidentifier() or keyword.iskeyword(name):
            raise UnknownParameter(f"{name!r} cannot be the name of a parameter", hint="a name is a Python variable's")
        lines.append(f"{name} = {code.of(name, value)}")
    return "\n".join(lines)


def _with_cell(notebook: Mapping[str, Any], source: str) -> list[Any]:
    cells = list(notebook.get("cells", []))
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": [INJECTED_TAG]},
        "outputs": [],
        "source": source,
    }
    if (notebook.get("nbformat", 4), notebook.get("nbformat_minor", 0)) >= (4, 5):
        cell["id"] = INJECTED_TAG
    places = {tag: place for place, one in reversed(list(enumerate(cells))) for tag in tags_of(one)}
    if INJECTED_TAG in places:
        return [*cells[: places[INJECTED_TAG]], cell, *cells[places[INJECTED_TAG] + 1 :]]
    after = places.get(TAG, -1) + 1
    return [*cells[:after], cell, *cells[after:]]


def _shown(value: object, redactor: Redactor) -> object:
    """A value for the notebook's metadata, which is JSON and for people."""
    if isinstance(value, str):
        return redactor.clean_text(value)
    if value is None or type(value) in (bool, int) or (type(value) is float and math.isfinite(value)):
        return value
    if type(value) is list:
        return [_shown(item, redactor) for item in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {redactor.clean_text(key): _shown(item, redactor) for key, item in value.items()}
    return redactor.clean_text(repr(value))[:_LONGEST_SHOWN]


# -- kernels of other languages --------------------------------------------------------------------------------------


def _source_of_papermill(notebook: Mapping[str, Any], values: Mapping[str, object], redactor: Redactor) -> str:
    from papermill.exceptions import PapermillException
    from papermill.translators import translate_parameters

    kernel = notebook.get("metadata", {}).get("kernelspec", {}).get("name", "")
    plain = {name: _for_other_languages(name, value, redactor) for name, value in values.items()}
    try:
        return str(translate_parameters(kernel, language_of(notebook), plain, "Parameters"))
    except (PapermillException, NotImplementedError) as problem:
        raise CannotHandOver(f"values cannot be set in a notebook of this language: {problem}") from problem


def _for_other_languages(name: str, value: object, redactor: Redactor) -> object:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, PurePath | Decimal | UUID):
        return str(value)
    if isinstance(value, str):
        if redactor.clean_text(value) is not value:
            raise CannotHandOver(
                "the value holds a secret", f"parameter {name!r}", "read it from the environment in the notebook itself"
            )
        return value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_for_other_languages(name, item, redactor) for item in value]
    if isinstance(value, dict):
        return {str(key): _for_other_languages(name, item, redactor) for key, item in value.items()}
    raise CannotHandOver(
        f"a value of type {type(value).__name__} has no form in another language", f"parameter {name!r}",
        "write it to a file and hand over the path",
    )  # fmt: skip
