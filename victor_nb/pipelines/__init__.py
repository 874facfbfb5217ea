"""Many notebooks: pipelines of notebooks that run as workflows.

Names resolve on first use, so that a kernel's processes import nothing of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.pipelines.errors import InvalidPipeline
    from victor_nb.pipelines.executing import (
        CellOutcome,
        EngineCannot,
        Execution,
        NotebookFailed,
        NotebookOutcome,
        UnknownEngine,
        execute_notebook,
        run_notebook,
    )
    from victor_nb.pipelines.failures import PipelineChanged, PipelineFailed, WrongValue
    from victor_nb.pipelines.gluing import Picture, WrongGlue, glue, values_of
    from victor_nb.pipelines.parameters.errors import (
        CannotHandOver,
        MissingParameter,
        UnknownParameter,
        UnreadableParameters,
        WrongParameter,
    )
    from victor_nb.pipelines.pipeline import Pipeline
    from victor_nb.pipelines.results import NodeResult, PipelineResult
    from victor_nb.pipelines.settings import PipelineOptions
    from victor_nb.pipelines.spec import Node, PipelineParameter, PipelineSpec, agent, compute, notebook, workflow
    from victor_nb.pipelines.yaml_file import load_pipeline, pipeline_from_yaml, pipeline_schema, pipeline_to_yaml

_HOME = {
    "CannotHandOver": "parameters.errors",
    "CellOutcome": "executing",
    "EngineCannot": "executing",
    "Execution": "executing",
    "InvalidPipeline": "errors",
    "MissingParameter": "parameters.errors",
    "Node": "spec",
    "NodeResult": "results",
    "NotebookFailed": "executing",
    "NotebookOutcome": "executing",
    "Picture": "gluing",
    "Pipeline": "pipeline",
    "PipelineChanged": "failures",
    "PipelineFailed": "failures",
    "PipelineOptions": "settings",
    "PipelineParameter": "spec",
    "PipelineResult": "results",
    "PipelineSpec": "spec",
    "UnknownEngine": "executing",
    "UnknownParameter": "parameters.errors",
    "UnreadableParameters": "parameters.errors",
    "WrongGlue": "gluing",
    "WrongParameter": "parameters.errors",
    "WrongValue": "failures",
    "agent": "spec",
    "compute": "spec",
    "execute_notebook": "executing",
    "glue": "gluing",
    "load_pipeline": "yaml_file",
    "notebook": "spec",
    "pipeline_from_yaml": "yaml_file",
    "pipeline_schema": "yaml_file",
    "pipeline_to_yaml": "yaml_file",
    "run_notebook": "executing",
    "values_of": "gluing",
    "workflow": "spec",
}

__all__ = [
    "CannotHandOver",
    "CellOutcome",
    "EngineCannot",
    "Execution",
    "InvalidPipeline",
    "MissingParameter",
    "Node",
    "NodeResult",
    "NotebookFailed",
    "NotebookOutcome",
    "Picture",
    "Pipeline",
    "PipelineChanged",
    "PipelineFailed",
    "PipelineOptions",
    "PipelineParameter",
    "PipelineResult",
    "PipelineSpec",
    "UnknownEngine",
    "UnknownParameter",
    "UnreadableParameters",
    "WrongGlue",
    "WrongParameter",
    "WrongValue",
    "agent",
    "compute",
    "execute_notebook",
    "glue",
    "load_pipeline",
    "notebook",
    "pipeline_from_yaml",
    "pipeline_schema",
    "pipeline_to_yaml",
    "run_notebook",
    "values_of",
    "workflow",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.pipelines' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
