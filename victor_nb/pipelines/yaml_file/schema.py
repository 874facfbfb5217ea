"""The JSON Schema of pipeline files: for editors, which complete and check while a file is written.

1. It is made from the models that the loader itself uses; `pipeline.schema.json` beside this module is a copy, and a
   test holds it equal. `python -m victor_nb.pipelines.yaml_file.schema` writes it anew.
2. It cannot say everything that the loader checks (names that must exist, files), and refuses nothing that it takes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from victor_nb.pipelines.yaml_file.fields import KINDS, PipelineFields
from victor_nb.workflows.yaml_file.schema import DIALECT, as_text, without_titles

FILE: Final = Path(__file__).with_name("pipeline.schema.json")


def pipeline_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of pipeline files."""
    from pydantic.json_schema import models_json_schema

    models = [PipelineFields, *KINDS.values()]
    references, collected = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/$defs/{model}"
    )
    definitions: dict[str, Any] = collected["$defs"]
    whole: dict[str, Any] = definitions.pop(PipelineFields.__name__)
    # One condition a kind, not `oneOf`: editors then complain about the node that was meant, and about no other.
    whole["properties"]["notebooks"]["items"] = {
        "type": ["object", "string"],
        "minLength": 1,
        "anyOf": [{"type": "string"}, *({"required": [kind]} for kind in KINDS)],
        "allOf": [
            {"if": {"type": "object", "required": [kind]}, "then": references[(model, "validation")]}
            for kind, model in KINDS.items()
        ],
    }
    whole["properties"]["notebooks"]["minItems"] = 1
    return {
        "$schema": DIALECT,
        **whole,
        "title": "Pipeline of Victor NB",
        "$defs": without_titles(definitions),
        "properties": without_titles(whole["properties"]),
    }


if __name__ == "__main__":
    FILE.write_text(as_text(pipeline_schema()), encoding="utf-8")
