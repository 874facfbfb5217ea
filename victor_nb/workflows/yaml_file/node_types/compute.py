"""`type: compute`: a Python function. What it is called with, `arguments.py` says."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import Field

from victor_nb.workflows.sources import plain, read
from victor_nb.workflows.yaml_file.arguments import HandlerCall, Unfitting, call_of
from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.fields import NodeFields
from victor_nb.workflows.yaml_file.node_types.registry import NodeType
from victor_nb.workflows.yaml_file.templated import Given, Work, first_line


class ComputeFields(NodeFields):
    """A Python function."""

    type: Literal["compute"] = Field("compute", description="A Python function.")
    handler: str = Field(
        description="The function: a name (a handler given to the loader, a function of the `handlers` modules, of the "
        "Python file beside this one, or of the notebook), or module:function.",
        min_length=1,
    )


@dataclass(frozen=True)
class _Called:
    """Calls a handler; picklable where the handler is, or where its file is."""

    call: HandlerCall

    def __call__(self, given: Given) -> Any:
        return self.call(given.values, given.inputs, given.runtime)


def _make(fields: ComputeFields, building: Building) -> Work | None:
    handler = building.function("handler", fields.handler)
    if handler is None:
        return None
    try:
        call = call_of(handler, building.values, fields.inputs)
    except Unfitting as unfitting:
        if unfitting.name:
            building.note_input(unfitting.name, unfitting.what)
        else:
            building.note("handler", unfitting.what)
        return None
    is_async = inspect.iscoroutinefunction(plain(handler))
    taken = frozenset({*call.by_place, *call.by_name}) if fields.inputs is None else frozenset[str]()
    return Work(
        _Called(call),
        is_async=is_async,
        wants_runtime=bool(call.wants),
        needs=taken - call.optional,
        may_see=None if call.whole else taken,
        source=read(handler),
        about=first_line(inspect.getdoc(handler) or "") or f"{fields.handler}()",
    )


TYPE: Final = NodeType("compute", ComputeFields, _make)
