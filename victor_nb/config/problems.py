"""From pydantic's validation errors to one sentence with a place.

1. This is the one seam where pydantic's words are translated; no other module reads its error types.
2. The first problem is told in full, the number of further ones is added: one is fixed at a time.
"""

from __future__ import annotations

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from victor_nb.config.layers import ConfigError, Keys, Layer
from victor_nb.errors import nearest


def explained(error: ValidationError, schema: type[BaseModel], stack: list[Layer]) -> ConfigError:
    """Build the error for the first problem of a failed validation.

    Args:
        stack: the layers that were merged, lowest precedence first; the highest that holds the key is blamed.
    """
    details = error.errors(include_url=False)
    first = details[0]
    keys = tuple(str(key) for key in first["loc"])
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return ConfigError(_sentence(first, keys, schema) + more, _place(keys, stack), _hint(keys))


def _sentence(problem: ErrorDetails, keys: Keys, schema: type[BaseModel]) -> str:
    name = ".".join(keys)
    if problem["type"] == "extra_forbidden":
        return f"unknown setting {name!r}.{nearest(keys[-1], _siblings(keys, schema))}"
    wish = problem["msg"].removeprefix("Value error, ")
    return f"setting {name!r} is {problem['input']!r}: {wish[:1].lower()}{wish[1:]}"


def _siblings(keys: Keys, schema: type[BaseModel]) -> list[str]:
    """Return the names that would have been right where `keys` ends."""
    for key in keys[:-1]:
        info = schema.model_fields.get(key)
        inner = info.annotation if info else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ["env", "file"]  # the only tables inside a table of free names are the secrets
        schema = inner
    return list(schema.model_fields)


def _place(keys: Keys, stack: list[Layer]) -> str:
    for layer in reversed(stack):
        if layer.holds(keys):
            return layer.place_of(keys)
    for layer in reversed(stack):
        if keys and layer.holds(keys[:1]):
            return layer.place_of(keys[:1])
    return "settings"


def _hint(keys: Keys) -> str:
    return f"victor config show lists every setting; see {keys[0]!r} in docs/guides/configuration.md"
