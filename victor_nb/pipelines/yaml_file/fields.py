"""What may stand in a pipeline file: pydantic models, whose descriptions editors show through the JSON Schema.

1. A key that is not here is refused.
2. What kind a node is of is told by the one key of `KINDS` that it has.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from victor_nb.workflows.yaml_file.fields import Attempts, Duration, Fields, Name, RetryFields, WholeFile

Texts = str | list[str]
Axis = list[Any] | str


class ParameterFields(Fields):
    """A parameter of the whole pipeline."""

    type: str = Field("any", description="int, float, str, bool, date, path, list[int], dict[str, int], int | null, …")
    default: Any = Field(None, description="What it is where a run is given nothing else; without one it is required.")
    choices: list[Any] = Field(default_factory=list, description="The values that it may have; any if left out.")
    description: str = Field("", description="What it means, for whoever starts a run.")


class NodeFields(Fields):
    """What every node can say, whatever it does."""

    id: Name | None = Field(
        None,
        description="The node's name; others read its values by it: {{ id.value }}. Left out, it is the name of the "
        "notebook, function or file.",
    )
    description: str = Field("", description="What it is for; shown in drawings and reports.")
    inputs: Texts = Field(
        default_factory=list, description="Files that it reads: paths or globs, from the folder of this file."
    )
    outputs: Texts = Field(
        default_factory=list, description="Files that it writes; the cache keeps them, and nodes that read them wait."
    )
    after: Texts | None = Field(
        None, description="Nodes that have to be done before, besides those that inputs and templates tell. []: none."
    )
    matrix: dict[Name, Axis] = Field(
        default_factory=dict,
        description="Lists of values by name: the node runs once for each combination. A template stands for a list.",
    )
    when: str | bool | None = Field(None, description="An expression; where it is not true the node is skipped.")
    retry: Attempts | RetryFields | None = Field(
        None, description="How often it is tried in all, or attempts, wait, factor, max_wait, jitter, on."
    )
    timeout: Duration | None = Field(None, description='Seconds, or "30s", "5m", "2h": how long an attempt may take.')
    cache: bool | None = Field(
        None, description="Whether what it made from equal inputs before is taken instead of running it again."
    )


class NotebookFields(NodeFields):
    """A notebook."""

    notebook: str = Field(
        description="The notebook, from the folder of this file; or s3://… and the like.", min_length=1
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Values for its parameters cell; texts may hold {{ templates }}."
    )
    kernel: str = Field("", description="The kernel that it runs in; the notebook's own if left out.")
    environment: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="Environment variables for its kernel."
    )
    cell_timeout: Duration | None = Field(None, description="How long one cell may take.")
    folder: str = Field("", description="The folder that it runs in; that of this file if left out.")
    engine: str = Field("", description="An engine registered with papermill that executes it; our own if left out.")
    engine_options: dict[str, Any] = Field(default_factory=dict, description="Options for that engine, by name.")


class ComputeFields(NodeFields):
    """A function, called in between."""

    compute: str = Field(description="module:name of a function, looked for beside this file first.", min_length=1)
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="What it is called with, by name; texts may hold {{ templates }}."
    )


class AgentFields(NodeFields):
    """An agent: a model that pursues a goal."""

    agent: str = Field(description="provider:model, such as openai:gpt-5, ollama:llama3.2 or offline.", min_length=1)
    goal: str = Field(description="What it is to do; may hold {{ templates }}.", min_length=1)
    instructions: str = Field("", description="What it is told before every request.")
    tools: list[str] = Field(default_factory=list, description="Names of tools and toolsets, or module:function.")
    answer: str = Field("str", description="The type of the answer: str, int, list[str], dict[str, float], …")


class WorkflowFields(NodeFields):
    """A workflow; its state is the node's value."""

    workflow: str = Field(description="A workflow file, from the folder of this one; or module:name.", min_length=1)
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Its input, by name; texts may hold {{ templates }}."
    )


AnyFields = NotebookFields | ComputeFields | AgentFields | WorkflowFields

KINDS: Final[dict[str, type[AnyFields]]] = {
    "notebook": NotebookFields,
    "compute": ComputeFields,
    "agent": AgentFields,
    "workflow": WorkflowFields,
}
"""By the key that tells what a node does."""


class PipelineFields(WholeFile):
    """A pipeline of notebooks as a file. Keys that begin with `x-` are yours: a place for values that anchors name."""

    pipeline: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="The name of the pipeline; the file's if left out."
    )
    description: str = Field("", description="What it is for.")
    parameters: dict[Name, str | int | float | bool | list[Any] | ParameterFields | None] = Field(
        default_factory=dict,
        description="What a run may be given: by name a type (`int`), a default that is no text (`3`), or type, "
        "default, choices, description.",
    )
    notebooks: list[Any] = Field(
        description="The nodes: notebooks, with functions, agents and workflows between them. A text is a notebook."
    )
