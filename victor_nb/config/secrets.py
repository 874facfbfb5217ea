"""Secrets: where a key is read from, and which values must never be written down.

1. A settings file names a secret's place (an environment variable or a file), never its value.
2. A value leaves this module only for the client that needs it and for the redactor that hides it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from victor_nb.config.layers import ConfigError

_LOOKS_SECRET = re.compile(r"(?:^|_|^PG)(?:API_?KEY|ACCESS_KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIALS?)(?:_|$)")
# Shorter values ("1", "none", "test") would black out ordinary words everywhere in a journal. A declared
# secret gets less doubt than the value of a variable whose name merely looks like one.
SHORTEST_DECLARED = 6
_SHORTEST_GUESSED = 8


class Secret(BaseModel):
    """Where one secret is read from: exactly one of the two."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: Annotated[str | None, Field(description="name of the environment variable that holds the value")] = None
    file: Annotated[Path | None, Field(description="path of a file whose first line is the value")] = None

    @model_validator(mode="after")
    def _one_place(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError('give exactly one of env="NAME" and file="PATH"')
        return self

    def read(self, root: Path) -> str | None:
        """Return the value, or None if the variable is not set or the file does not exist.

        Raises: ConfigError if the file exists and cannot be read as text.
        """
        if self.env is not None:
            return os.environ.get(self.env) or None
        path = self.path_below(root)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"cannot read a secret's file: {error}", str(path), "make it readable for you, or correct [secrets]"
            ) from error
        return (lines[0].strip() or None) if lines else None

    def path_below(self, root: Path) -> Path:
        """Return the file's absolute path; a relative one counts from the project root."""
        assert self.file is not None
        return root / self.file.expanduser()

    def place(self) -> str:
        """Say where the value is read from, without the value."""
        return f"environment variable {self.env}" if self.env is not None else f"file {self.file}"


def values_to_hide(
    secrets: Mapping[str, Secret], root: Path, environ: Mapping[str, str], others: Mapping[str, str]
) -> dict[str, str]:
    """Return every value that must not be written down, by a name that may stand in its place.

    Those are the configured secrets, the values of environment variables whose names look like keys, and `others`.
    """
    guessed = {name: value for name, value in environ.items() if _LOOKS_SECRET.search(name.upper())}
    declared = {**others, **{name: _read_if_possible(secret, root) for name, secret in secrets.items()}}
    return _at_least(guessed, _SHORTEST_GUESSED) | _at_least(declared, SHORTEST_DECLARED)


def _at_least(values: Mapping[str, str], length: int) -> dict[str, str]:
    return {name: value for name, value in values.items() if len(value) >= length}


def _read_if_possible(secret: Secret, root: Path) -> str:
    try:
        return secret.read(root) or ""
    except ConfigError:
        return ""  # what nobody can read nobody can leak; `victor doctor` reports the file
