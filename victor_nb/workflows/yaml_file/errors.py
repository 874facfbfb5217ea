"""What can go wrong with workflows as text, besides the `InvalidWorkflow` that names every mistake in a file.

VictorError
 ├── FileUnreadable       a file that cannot be opened
 ├── InvalidExpression    text that is no expression or template
 ├── ExpressionFailed     an expression that has no value here
 ├── NodeTypeBroken       a node type of an installed package that cannot be loaded
 └── NotWritable          a workflow that cannot be written as text
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from victor_nb.errors import VictorError, nearest
from victor_nb.workflows.yaml_file.places import Place

FileKind: TypeAlias = Literal["workflow", "pipeline"]


class FileUnreadable(VictorError):
    """A file of a workflow or pipeline cannot be opened."""

    @classmethod
    def because(cls, path: Path, error: OSError, kind: FileKind = "workflow") -> FileUnreadable:
        """Build the error; a missing file's names the nearest one beside it."""
        if not isinstance(error, FileNotFoundError):
            return cls(f"the {kind} file cannot be read: {error.strerror or error}", str(path))
        beside = [one.name for one in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        return cls(f"there is no file {str(path)!r}.{nearest(path.name, beside)}")


class InvalidExpression(VictorError):
    """A text is no expression or template, or uses something that they do not have.

    Attributes:
        place: where it is written; None for one that is in no file.
    """

    place: Place | None = None

    @classmethod
    def at(cls, place: Place | None, what: str, hint: str = "") -> InvalidExpression:
        """Build the error."""
        error = cls(what, str(place) if place else "", hint)
        error.place = place
        return error


class ExpressionFailed(VictorError):
    """An expression has no value with the values there are."""


class NodeTypeBroken(VictorError):
    """An installed package says that it has a node type, and it cannot be loaded."""

    @classmethod
    def because(cls, name: str, value: str, why: str) -> NodeTypeBroken:
        """Build the error; `value` is the entry point's."""
        return cls(
            f"the node type {name!r} cannot be loaded: {why}", f"entry point {value}", "mend or remove its package"
        )


class NotWritable(VictorError):
    """A workflow holds something that a file cannot say."""
