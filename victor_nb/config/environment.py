"""The environment layer: `VICTOR_MODEL`, `VICTOR_BUDGET__COST_USD`, …

1. pydantic-settings reads the variables; this adds the names, for error messages and for `explain`.
2. A variable that is nearly one of ours is a mistyped one and an error; any other belongs to somebody else:
   the environment is shared, and other programs are called Victor too.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from victor_nb.config.layers import PREFIX, ConfigError, Keys, Layer

# Up to the last @, since a password whose own @ or / was not escaped must not be shown by halves.
_PASSWORD = re.compile(r"(://[^:/@\s]*:)(\S+)@")
_AS_OPTION = re.compile(r"([?&](?:ssl)?password=)([^&\s]+)")


def layer(schema: type[BaseSettings]) -> Layer:
    """Read the environment into a layer.

    Raises: ConfigError for a variable that is nearly a setting's name, or whose value cannot be parsed.
    """
    known = {variable: keys for keys, variable in variables(schema)}
    _refuse_mistyped(known)
    try:
        values = EnvSettingsSource(schema)()
    except SettingsError as error:
        raise ConfigError(f"cannot read the settings from the environment: {error}") from error
    places = {keys: f"environment variable {name}" for name, keys in known.items() if name in os.environ}
    places |= {("secrets",): f"environment variables {PREFIX}SECRETS__…"}
    return Layer("environment", values, places)


def variables(schema: type[BaseSettings]) -> Iterator[tuple[Keys, str]]:
    """Yield each setting's keys with the name of its environment variable."""
    for name, info in schema.model_fields.items():
        inner: Mapping[str, object] = getattr(info.annotation, "model_fields", {})
        yield (name,), f"{PREFIX}{name.upper()}"
        for key in inner:
            yield (name, key), f"{PREFIX}{name.upper()}__{key.upper()}"


def without_password(url: str) -> str:
    """Replace the passwords inside a URL, if there are any."""
    return _AS_OPTION.sub(r"\1***", _PASSWORD.sub(r"\1***@", url))


def passwords_in(url: str) -> list[str]:
    """Return the passwords inside a URL, as they are sent and as they stand there."""
    written = [found[2] for pattern in (_PASSWORD, _AS_OPTION) for found in pattern.finditer(url)]
    return list(dict.fromkeys(form for one in written for form in (unquote(one), one)))


def _refuse_mistyped(known: Mapping[str, Keys]) -> None:
    for name in os.environ:
        if not name.startswith(PREFIX) or name in known or name.startswith(f"{PREFIX}SECRETS__"):
            continue
        if close := difflib.get_close_matches(name, known, n=1, cutoff=0.85):
            raise ConfigError(
                f"unknown setting {name!r}. Did you mean {close[0]!r}?",
                f"environment variable {name}",
                f"rename it, or unset {name}",
            )
