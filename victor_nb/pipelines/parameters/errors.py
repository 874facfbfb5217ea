"""What can be wrong with parameters of a notebook.

VictorError
 ├── UnreadableParameters   the parameters cell is no Python
 ├── UnknownParameter       a name that the notebook does not declare
 ├── MissingParameter       a parameter without a default was not given
 ├── WrongParameter         a value is not of the declared type
 └── CannotHandOver         a value that a notebook's kernel could not be given
"""

from __future__ import annotations

from victor_nb.errors import VictorError


class UnreadableParameters(VictorError):
    """The parameters cell cannot be parsed."""


class UnknownParameter(VictorError):
    """A parameter that the notebook does not have was given."""


class MissingParameter(VictorError):
    """A parameter that has no default was not given."""


class WrongParameter(VictorError):
    """A parameter's value is not of the type that its annotation says."""


class CannotHandOver(VictorError):
    """A value has a type that cannot be given to a notebook without losing something, or holds a secret."""
