"""The JSON Schema of workflow files: for editors, which complete and check while a file is written.

1. It is made from the models that the loader itself uses; `workflow.schema.json` beside this module is a copy, and a
   test holds it equal. `python -m victor_nb.workflows.yaml_file.schema` writes it anew.
2. It knows the built-in node types; with `registered=True` those of the process too.
3. It cannot say everything that the loader checks (names that must exist, expressions), and refuses nothing that the
   loader takes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from victor_nb.workflows.yaml_file.fields import Fields, FileFields
from victor_nb.workflows.yaml_file.node_types import node_types
from victor_nb.workflows.yaml_file.node_types.registry import built_in

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FILE: Final = Path(__file__).with_name("workflow.schema.json")


def workflow_schema(*, registered: bool = False) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of workflow files.

    Args:
        registered: whether to know the node types that were registered or installed besides the built-in ones.
    """
    from pydantic.json_schema import models_json_schema

    types = node_types() if registered else built_in()
    models: list[type[Fields]] = [FileFields, *(one.fields for one in types.values())]
    references, collected = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/$defs/{model}"
    )
    definitions: dict[str, Any] = collected["$defs"]
    whole: dict[str, Any] = definitions.pop(FileFields.__name__)
    whole["properties"]["nodes"]["items"] = {
        "type": "object",
        "required": ["id"],
        "properties": {"type": {"enum": list(types), "default": "compute", "description": "What kind of node it is."}},
        # One condition a type, not `oneOf`: editors then complain about the node that was meant, and about no other.
        "allOf": [{"if": _is(name), "then": references[(one.fields, "validation")]} for name, one in types.items()],
    }
    return {
        "$schema": DIALECT,
        **whole,
        "title": "Workflow of Victor NB",
        "$defs": without_titles(definitions),
        "properties": without_titles(whole["properties"]),
    }


def _is(name: str) -> dict[str, Any]:
    chosen: dict[str, Any] = {"properties": {"type": {"const": name}}}
    return chosen if name == "compute" else {**chosen, "required": ["type"]}


def without_titles(value: Any, *, of_fields: bool = True) -> Any:
    """Leave out the titles that only repeat the keys; a property may itself be called `title`."""
    if isinstance(value, list):
        return [without_titles(one, of_fields=False) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_titles(one, of_fields=key in ("properties", "$defs") and not of_fields)
        for key, one in value.items()
        if of_fields or key != "title"
    }


def as_text(schema: dict[str, Any]) -> str:
    """Return the schema as its file has it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_text(workflow_schema()), encoding="utf-8")
