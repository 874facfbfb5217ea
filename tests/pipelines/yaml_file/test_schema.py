"""The published JSON Schema: made from the loader's own models, and of one mind with the loader."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.pipelines.yaml_file.conftest import Write
from tests.pipelines.yaml_file.test_loading import WHOLE
from victor_nb.pipelines.errors import InvalidPipeline
from victor_nb.pipelines.yaml_file import pipeline_schema, read_spec
from victor_nb.pipelines.yaml_file.schema import FILE
from victor_nb.workflows.yaml_file.reading import read
from victor_nb.workflows.yaml_file.schema import as_text


def value(text: str) -> Any:
    """What a file says, read as the loader and editors read it: by YAML 1.2."""
    document, _ = read(text, "flow.yaml", "pipeline")
    assert document is not None
    return document.value


def is_valid(text: str) -> bool:
    return bool(Draft202012Validator(pipeline_schema()).is_valid(value(text)))


def test_the_file_that_is_shipped_is_what_the_models_say() -> None:
    """`python -m victor_nb.pipelines.yaml_file.schema` writes it anew."""
    assert FILE.read_text(encoding="utf-8") == as_text(pipeline_schema())
    shipped = files("victor_nb.pipelines.yaml_file") / "pipeline.schema.json"
    Draft202012Validator.check_schema(json.loads(shipped.read_text(encoding="utf-8")))


def test_the_schema_takes_what_the_loader_takes(write: Write) -> None:
    """All that a file can say is valid for an editor, too."""
    assert read_spec(write(WHOLE))
    assert is_valid(WHOLE)
    assert is_valid("notebooks: [a.ipynb]")


@pytest.mark.parametrize(
    "text",
    [
        "pipeline: p",
        "notebooks: []",
        "notebooks: [3]",
        "notebooks: [{id: a}]",
        "notebooks: [{notebook: train.ipynb, epochs: 3}]",
        "notebooks: [{notebook: train.ipynb, timeout: soon}]",
        "notebooks: [{notebook: train.ipynb, goal: g}]",
        "notebooks: [{agent: offline, id: a}]",
        "notebooks: [{notebook: train.ipynb, retry: {attempts: 0}}]",
        "notebooks: [{notebook: train.ipynb, id: 1a}]",
        "pipelin: p\nnotebooks: [train.ipynb]",
    ],
)
def test_what_the_schema_refuses_the_loader_refuses(write: Write, text: str) -> None:
    """An editor never complains about a file that runs."""
    assert not is_valid(text)
    with pytest.raises(InvalidPipeline):
        read_spec(write(text))


def test_every_key_is_explained() -> None:
    """Editors show what a key is for."""

    def unexplained(schema: dict[str, Any]) -> list[str]:
        return [key for key, one in schema.get("properties", {}).items() if not one.get("description")]

    schema = pipeline_schema()
    assert not unexplained(schema)
    assert not [key for one in schema["$defs"].values() for key in unexplained(one)]


def test_the_schema_is_a_part_of_the_package() -> None:
    """It lies beside the module that makes it."""
    assert Path(str(files("victor_nb.pipelines.yaml_file"))) / "pipeline.schema.json" == FILE
