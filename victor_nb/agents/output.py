"""What an agent is asked to answer with, as it is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import TypeForm


def schema_of(output: TypeForm[object]) -> str | dict[str, object]:
    """Return the JSON schema of an agent's `output`, "text" for `str`; equal for types that are asked for alike."""
    if output is str:
        return "text"
    from pydantic import TypeAdapter

    schema: dict[str, object] = TypeAdapter(output).json_schema()
    return schema
