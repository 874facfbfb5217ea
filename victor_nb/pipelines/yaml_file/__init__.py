"""Pipelines as YAML files: read with places, checked whole, turned into a spec, and written again.

The reader, its places and its checks against models are those of workflow files. The way of a file: reading (workflows)
-> declaring.py (against the models in fields.py) -> loading.py (every mistake, also those that the spec itself has).
Back: writing.py. For editors: schema.py.

Names resolve on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.pipelines.yaml_file.loading import load_pipeline, pipeline_from_yaml, read_spec, spec_from_yaml
    from victor_nb.pipelines.yaml_file.schema import pipeline_schema
    from victor_nb.pipelines.yaml_file.writing import pipeline_to_yaml

_HOME = {
    "load_pipeline": "loading",
    "pipeline_from_yaml": "loading",
    "pipeline_schema": "schema",
    "pipeline_to_yaml": "writing",
    "read_spec": "loading",
    "spec_from_yaml": "loading",
}

__all__ = [
    "load_pipeline",
    "pipeline_from_yaml",
    "pipeline_schema",
    "pipeline_to_yaml",
    "read_spec",
    "spec_from_yaml",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.pipelines.yaml_file' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
