"""The types that the engine is given for a file's values: of the whole state, and of what a run may be started with."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, ClassVar, TypedDict

from pydantic import BaseModel, ConfigDict, create_model

from victor_nb.workflows.reducers import Default, append
from victor_nb.workflows.yaml_file.declaring import Declaration
from victor_nb.workflows.yaml_file.fields import FileFields
from victor_nb.workflows.yaml_file.templated import SKIPPED, written_by
from victor_nb.workflows.yaml_file.type_names import python_type


def state_type(found: Declaration, reducers: Mapping[str, Callable[[Any, Any], Any]]) -> type:
    """Return a TypedDict with all values of a file: declared ones, the nodes', and which nodes were skipped."""
    keys: dict[str, Any] = {}
    for name, fields in found.state.items():
        notes: list[Any] = [Default(fields.default)] if "default" in fields.model_fields_set else []
        notes += [reducers[name]] if name in reducers else []
        keys[name] = _noted(python_type(fields.type), notes)
    for node in found.nodes:
        for name in written_by(node.fields):
            keys.setdefault(name, Any)
    keys[SKIPPED] = Annotated[list[str], append]
    make: Any = TypedDict  # the type checker has no word for one whose keys are only known now
    made: type = make("State", keys, total=False)
    return made


def part_type(names: Collection[str]) -> type:
    """Return a TypedDict with some of a file's values: those that one node can look at."""
    make: Any = TypedDict
    made: type = make("Part", dict.fromkeys(sorted(names), Any), total=False)
    return made


def _noted(kind: Any, notes: list[Any]) -> Any:
    for note in notes:
        kind = Annotated[kind, note]
    return kind


class FileInput(BaseModel):
    """What a run of a file's workflow may be given.

    Attributes:
        _words: the file's own, without its nodes; no value of a file can have a name that begins so.
    """

    model_config = ConfigDict(extra="forbid")
    _words: ClassVar[FileFields]


def input_type(found: Declaration) -> type[FileInput]:
    """Return a model of the declared values, which checks what a run is given."""
    keys: dict[str, Any] = {name: (python_type(fields.type), None) for name, fields in found.state.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a value may be called `schema`: nobody asks a model for its own
        made = create_model("Input", __base__=FileInput, **keys)
    made._words = found.fields
    return made
