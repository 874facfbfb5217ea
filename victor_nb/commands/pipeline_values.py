"""Values of a pipeline's parameters as a command line or a cell gives them.

A word is a text where the parameter is one (`-p code=007` stays "007"); anything else is read as JSON where it is JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from victor_nb.commands.session import Session
from victor_nb.commands.workflow_values import given, value
from victor_nb.errors import UsageError

if TYPE_CHECKING:
    from victor_nb.pipelines import PipelineSpec

FLAG: Final = "-p"
_TEXTS: Final = frozenset({"str", "path", "date", "datetime"})


def parameters(session: Session, spec: PipelineSpec, words: Iterable[str], body: str | None) -> dict[str, Any]:
    """Return what was given by name; whether it fits is looked at by the pipeline.

    Args:
        words: `name=value`.
        body: of the cell: a JSON object, or nothing.

    Raises:
        UsageError: a word has no "=", or the cell is no JSON object.
    """
    types = {one.name: one.type for one in spec.parameters}
    found = dict(given(session, None, (), body) or {})
    for word in words:
        name, equals, written = word.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"{word!r} is no name=value", FLAG, f"{FLAG} rows=1000")
        found[name] = _read(written, types.get(name, "any"))
    return found


def _read(written: str, type_: str) -> Any:
    parts = {part.strip() for part in type_.split("|")}
    if parts <= _TEXTS | {"null"}:
        return None if "null" in parts and written == "null" else written
    return value(written)
