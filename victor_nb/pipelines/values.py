"""The parameters of a pipeline: values checked against their declarations, all that is wrong told at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from victor_nb.errors import nearest
from victor_nb.pipelines.failures import WrongValue
from victor_nb.pipelines.spec import UNSET, PipelineParameter, PipelineSpec
from victor_nb.workflows.errors import InvalidState
from victor_nb.workflows.yaml_file.type_names import fitting


def parameters_of(spec: PipelineSpec, given: Mapping[str, object]) -> dict[str, Any]:
    """Return the value of every parameter of a pipeline.

    Raises:
        WrongValue: a name is unknown, a value does not fit or is missing; all that is wrong is told at once.
    """
    declared = {one.name: one for one in spec.parameters}
    wrong = [
        WrongValue(f"pipeline {spec.name!r} has no parameter {name!r}.{nearest(name, declared)}", "", _known(spec))
        for name in given
        if name not in declared
    ]
    values: dict[str, Any] = {}
    for name, one in declared.items():
        value = given.get(name, one.default)
        if value is UNSET:
            hint = f"give it: -p {name}=…, or parameters={{{name!r}: …}}"
            wrong.append(WrongValue(f"the parameter {name!r} was given no value and has no default", one.where, hint))
            continue
        try:
            values[name] = fitted(one, value)
        except WrongValue as failure:
            wrong.append(failure)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        told = "".join(f"\n  {number}. {one.what}" for number, one in enumerate(wrong, 1))
        raise WrongValue(f"{len(wrong)} parameters are wrong:{told}", f"pipeline {spec.name!r}", _known(spec))
    return values


def fitted(parameter: PipelineParameter, value: object) -> Any:
    """Return a value as its parameter's type: "5", as a command line gives it, becomes 5.

    Raises:
        WrongValue: it is not of the type, or none of the choices.
    """
    try:
        found = fitting(value, parameter.type, parameter.name, parameter.where)
    except InvalidState as failure:
        raise WrongValue(failure.what, failure.where, failure.hint) from None
    if parameter.choices and found not in parameter.choices:
        choices = ", ".join(map(repr, parameter.choices))
        near = nearest(str(found), [str(one) for one in parameter.choices])
        raise WrongValue(
            f"{parameter.name} is {found!r}, which is none of its choices.{near}", parameter.where, f"choose {choices}"
        )
    return found


def _known(spec: PipelineSpec) -> str:
    names = ", ".join(one.name for one in spec.parameters)
    return f"it has {names}" if names else "it has no parameters: declare them under parameters"


def is_redacted(value: object) -> bool:
    """Whether a recorded value holds a mark where a secret was."""
    return "[redacted:" in repr(value)
