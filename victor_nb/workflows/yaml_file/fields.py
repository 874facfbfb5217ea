"""What may stand in a workflow file: pydantic models, whose descriptions editors show through the JSON Schema.

1. A key that is not here is refused. What the models cannot say (names that must exist) `checking.py` says.
2. A node type has its own model, derived from `NodeFields`; registering one brings it (see `node_types.py`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

NAME_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_]*$"
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)\s*")


def _seconds(written: object) -> object:
    """Return seconds for "30s", "5m", "1.5h"; numbers are seconds already."""
    match = _DURATION.fullmatch(written) if isinstance(written, str) else None
    if match:
        return float(match[1]) * _UNITS[match[2]]
    if isinstance(written, str | bool):
        raise ValueError(  # noqa: TRY004  pydantic collects ValueError only
            'should be a number of seconds or a text such as "500ms", "30s", "5m", "2h" or "1d"'
        )
    return float(written) if isinstance(written, int) else written


Duration = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(gt=0, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d)\s*$"},
            ]
        }
    ),
]
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=100)]
Attempts = Annotated[int, Field(ge=1, le=1000)]
Inputs = dict[str, Any]


class Fields(BaseModel):
    """A mapping in the file: nothing but what the model lists."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RetryFields(Fields):
    """How often and after what a failing node is tried again."""

    attempts: Attempts = Field(3, description="How often it is tried in all.")
    wait: Duration = Field(0.5, description="Time before the second attempt.")
    factor: Annotated[float, Field(ge=1, le=100)] = Field(2.0, description="Each further wait is this much longer.")
    max_wait: Duration = Field(60.0, description="No wait is longer.")
    jitter: Annotated[float, Field(ge=0, le=1)] = Field(0.1, description="Each wait is longer by up to this share.")
    on: list[str] = Field(
        default_factory=list,
        description="Names of the exceptions that are worth another attempt, such as ConnectionError or "
        "module:Class; every one if left out.",
    )


class CacheFields(Fields):
    """How long an earlier result of the same node with the same values is taken instead of running it."""

    ttl: Duration | None = Field(None, description="How long a result is good; for ever if left out.")


class StateFields(Fields):
    """A value that a run may be given, and that nodes read and update."""

    type: str = Field("any", description="int, float, str, bool, date, path, list[int], dict[str, int], int | null, …")
    default: Any = Field(None, description="What it is where a run is given nothing else.")
    reducer: str | None = Field(
        None,
        description="How updates are put together: append, add, union, max, min, …, the name of a handler, or "
        "module:function. Without one the last update stands.",
    )
    description: str = Field("", description="What it means, for whoever starts a run.")


class NodeFields(Fields):
    """What every node can say, whatever its type."""

    id: Name = Field(description="The node's name; others read its value by it: {{ id }}, {{ id.field }}.")
    type: str = Field(description="What kind of node it is.")
    description: str = Field("", description="What it does, for people; shown in drawings.")
    depends_on: str | list[str] | None = Field(
        None, description="The nodes that must be done before. Left out: all that are written above it. []: none."
    )
    when: str | bool | None = Field(
        None, description="An expression; if it is not true the node is skipped and its value is null."
    )
    for_each: str | list[Any] | None = Field(
        None,
        description="A list, or an expression for one: the node does its work for each `item` (and `index`) of it, "
        "and its value is the list of results.",
    )
    parallel: Annotated[int, Field(ge=1, le=1000)] = Field(
        8, description="How many items of `for_each` are worked on at once."
    )
    inputs: Inputs | None = Field(
        None, description="What it is given, by name; texts may hold {{ expressions }}. Left out: see each type."
    )
    output: str | list[Name] | None = Field(
        None,
        description="The name under which others read its value; the id if left out. A list of names takes these "
        'fields of the value. "*" makes the mapping that it returns an update of the state.',
    )
    retry: Attempts | RetryFields | None = Field(
        None, description="How often it is tried in all, or attempts, wait, factor, max_wait, jitter, on."
    )
    timeout: Duration | None = Field(None, description='Seconds, or "30s", "5m", "2h": how long an attempt may take.')
    cache: bool | CacheFields | None = Field(
        None, description="Whether an earlier result for the same values is taken instead of running it again."
    )
    effect: Literal["pure", "read", "idempotent", "effect"] | None = Field(
        None, description="What it may do to the world; decides what happens to it when a run is killed in the middle."
    )
    on_doubt: Literal["ask", "retry", "skip"] | None = Field(
        None, description="What a resumed run does if the node had an effect and nobody knows whether it was done."
    )
    checkpoint: bool = Field(False, description="Keep the whole state after it, as a named point to go back to.")
    resume_on_failure: bool = Field(
        True,
        description="Whether a resumed run goes on with the node by itself after a kill in the middle of it; "
        "if not, a person is asked first.",
    )


class WholeFile(Fields):
    """A whole file. Keys that begin with `x-` are the writer's own."""

    model_config = ConfigDict(json_schema_extra={"patternProperties": {"^x-": True}})

    @model_validator(mode="before")
    @classmethod
    def _leave_out_the_writers_own(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {key: one for key, one in value.items() if not str(key).startswith("x-")}


class FileFields(WholeFile):
    """A workflow as a file. Keys that begin with `x-` are yours: a place for values that anchors name."""

    workflow: str | None = Field(None, description="The name of the workflow.", min_length=1)
    name: str | None = Field(None, description="The same as `workflow`.", min_length=1)
    description: str = Field("", description="What it is for.")
    handlers: str | list[str] = Field(
        default_factory=list, description="Modules, or Python files beside this one, that hold the handlers."
    )
    state: dict[Name, str | StateFields] = Field(
        default_factory=dict,
        description="Values besides the nodes' own: a type, or type, default, reducer, description. A run may be "
        "given them.",
    )
    nodes: list[Any] = Field(description="The nodes, in the order in which they run if they do not say otherwise.")
