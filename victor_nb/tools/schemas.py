"""Schemas: a function's parameters as JSON schema, and arguments checked against them.

pydantic is imported here, with the first schema, and not when a tool is declared. Parameters become a
TypedDict and not a model, because its keys may have any name ("schema", "_x"). An argument that is left out
stays left out: the function's own default applies.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from victor_nb.errors import nearest
from victor_nb.tools.docstrings import parameters_in
from victor_nb.tools.errors import ToolArgumentError, ToolDeclarationError
from victor_nb.tools.signatures import place_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

SHOWN_VALUE_CHARS = 60
MOST_PROBLEMS = 5
"""How many problems one error lists."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a function accepts: `parameters` is the JSON schema, `adapter` checks and converts."""

    parameters: dict[str, Any]
    adapter: TypeAdapter[dict[str, Any]]

    def validate(self, arguments: object, *, tool: str) -> dict[str, Any]:
        """Return keyword arguments for the function.

        Raises:
            ToolArgumentError: names every parameter that is wrong, the value given and the form accepted.
        """
        from pydantic import ValidationError

        if not isinstance(arguments, Mapping):
            raise ToolArgumentError(
                f"arguments must be an object with named values, not {shown(arguments)}",
                where=f"tool {tool!r}",
            )
        try:
            return dict(self.adapter.validate_python(dict(arguments)))
        except ValidationError as invalid:
            raise self._explain(invalid.errors(include_url=False), tool) from invalid

    def _explain(self, problems: list[ErrorDetails], tool: str) -> ToolArgumentError:
        lines = list(dict.fromkeys(self._problem(problem) for problem in problems))
        more = f"; and {len(lines) - MOST_PROBLEMS} more" if len(lines) > MOST_PROBLEMS else ""
        names = [str(problem["loc"][0]) for problem in problems if problem["loc"]]
        return ToolArgumentError.at(
            names[0] if names else "",
            "; ".join(lines[:MOST_PROBLEMS]) + more,
            f"tool {tool!r}",
            self._hint(set(names)),
        )

    def _problem(self, problem: ErrorDetails) -> str:
        name = str(problem["loc"][0]) if problem["loc"] else ""
        inside = "".join(f"[{step!r}]" for step in problem["loc"][1:])
        if problem["type"] == "extra_forbidden":
            return f"there is no parameter {name!r}.{nearest(name, self.parameters['properties'])}"
        if problem["type"] == "missing" and not inside:
            return f"parameter {name!r} is required"
        return f"parameter {name!r}{inside} does not accept {shown(problem['input'])}: {problem['msg']}"

    def _hint(self, names: set[str]) -> str:
        properties = self.parameters["properties"]
        known = sorted(name for name in names if name in properties)
        if not known:
            return "parameters: " + (", ".join(properties) or "none")
        return "; ".join(f"{name}: {accepted_form(properties[name], self.parameters)}" for name in known)


_of_methods: Final[WeakKeyDictionary[Callable[..., Any], Schema]] = WeakKeyDictionary()


def schema_of(function: Callable[..., Any]) -> Schema:
    """Build the schema from type hints, defaults and docstring; that of a method is the same for all objects.

    Raises:
        ToolDeclarationError: a type hint cannot be resolved, or describes something JSON cannot carry.
    """
    method = getattr(function, "__func__", None)
    if method is None:
        return _built(function)
    # A toolset of an object is made anew for every request; its fourteen schemas would take 15 ms each time.
    if method not in _of_methods:
        _of_methods[method] = _built(function)
    return _of_methods[method]


def _built(function: Callable[..., Any]) -> Schema:
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError

    signature, hints = inspect.signature(function), _hints(function)
    fields = {
        name: hints[name] if parameter.default is parameter.empty else typing.NotRequired[hints[name]]
        for name, parameter in signature.parameters.items()
    }
    try:
        adapter = TypeAdapter(_typed_dict(fields))
        parameters = adapter.json_schema()
    except PydanticUserError as unfit:
        raise ToolDeclarationError(
            f"a type hint cannot be described as JSON: {unfit.message}", place_of(function)
        ) from unfit
    return Schema(_completed(parameters, signature, parameters_in(function)), adapter)


def _typed_dict(fields: dict[str, Any]) -> Any:
    from pydantic import ConfigDict, with_config
    from typing_extensions import TypedDict  # pydantic demands this one before Python 3.12

    make: Any = TypedDict
    return with_config(ConfigDict(extra="forbid"))(make("Arguments", fields))


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, TypeError, SyntaxError) as unresolved:
        raise ToolDeclarationError(
            f"a type hint cannot be resolved: {unresolved}",
            place_of(function),
            "define or import the name at module level (in a notebook: in a cell that has run)",
        ) from unresolved


def _completed(parameters: dict[str, Any], signature: inspect.Signature, docs: dict[str, str]) -> dict[str, Any]:
    """Add what a TypedDict's schema lacks: defaults and descriptions. Hints that carry their own win."""
    from pydantic_core import to_jsonable_python

    properties: dict[str, Any] = parameters.setdefault("properties", {})
    for name, schema in properties.items():
        schema.pop("title", None)
        for choice in schema.get("anyOf", ()):  # of an optional parameter the role belongs to the parameter
            if "x-role" in choice:
                schema["x-role"] = choice.pop("x-role")
        if name in docs:
            schema.setdefault("description", docs[name])
        default = signature.parameters[name].default
        if default is not inspect.Parameter.empty:
            schema.setdefault("default", to_jsonable_python(default))
    parameters.pop("title", None)
    return parameters


def accepted_form(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """Return a short phrase for what a JSON schema accepts, for people and models alike."""
    if "$ref" in schema:
        return accepted_form(whole.get("$defs", {}).get(schema["$ref"].rpartition("/")[2], {}), whole)
    if "enum" in schema:
        return "one of " + ", ".join(repr(value) for value in schema["enum"])
    if "const" in schema:
        return repr(schema["const"])
    if "anyOf" in schema:
        return " or ".join(accepted_form(choice, whole) for choice in schema["anyOf"])
    kind = str(schema.get("type", "any value"))
    if kind == "array" and "items" in schema:
        return f"array of {accepted_form(schema['items'], whole)}"
    if kind == "object" and "properties" in schema:
        return "object with " + ", ".join(schema["properties"])
    bounds = {"minimum": "≥", "maximum": "≤", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
    limits = [f"{sign} {schema[key]}" for key, sign in bounds.items() if key in schema]
    return " ".join([kind, *limits])


def shown(value: object) -> str:
    """Return `repr(value)`, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= SHOWN_VALUE_CHARS else text[: SHOWN_VALUE_CHARS - 1] + "…"
