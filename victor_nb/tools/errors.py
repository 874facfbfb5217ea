"""What can go wrong with tools.

ToolError
 ├── ToolDeclarationError   a function that cannot become a tool
 ├── DuplicateTool          two tools of one name
 ├── UnknownTool            no tool or toolset of that name
 ├── CategoryFileError      a categories file that does not say what it should
 ├── ToolArgumentError      arguments that do not fit; whoever called can try again with better ones
 │    ├── UnknownVariable   no such variable in the kernel
 │    ├── UnknownColumn     no such column in a table
 │    ├── NotTabular        a variable that has no rows and columns
 │    ├── ExpressionError   a row condition that cannot be understood
 │    └── QueryError        an SQL query that the database does not accept
 ├── ToolRefused            asked for something that a safety rule forbids
 └── ToolTimeout            took longer than it may
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from victor_nb.errors import VictorError, nearest

LISTED_NAMES = 12
"""How many known names an error lists at most."""


class ToolError(VictorError):
    """Something is wrong with a tool, its declaration or its use."""


class ToolDeclarationError(ToolError):
    """A function cannot become a tool as it stands."""


class UnknownTool(ToolError):
    """A name that neither a tool nor a toolset has."""


class CategoryFileError(ToolError):
    """A categories file is not readable, or says something that it may not."""


class ToolRefused(ToolError):
    """A safety rule of the tool forbids what was asked."""


class ToolTimeout(ToolError):
    """A tool took longer than it may; what it had started was ended."""


class DuplicateTool(ToolError):
    """Two tools of one name."""

    @classmethod
    def between(cls, name: str, *, first: str, second: str) -> DuplicateTool:
        """Build the error for two declarations, each given as "function (file:line)"."""
        return cls(
            f"there are two tools named {name!r}: {first} and {second}",
            hint='rename one of them: @tool(name="…")',
        )


class ToolArgumentError(ToolError):
    """Arguments that a tool does not accept.

    Attributes:
        parameter: the first parameter concerned; empty when the arguments as a whole are wrong.
    """

    parameter: str = ""

    @classmethod
    def at(cls, parameter: str, what: str, where: str = "", hint: str = "") -> ToolArgumentError:
        """Build the error about one parameter."""
        error = cls(what, where, hint)
        error.parameter = parameter
        return error


class UnknownVariable(ToolArgumentError):
    """A name that is no variable of the kernel."""

    @classmethod
    def named(cls, name: str, known: Iterable[str]) -> UnknownVariable:
        """Build the error; `known` are the variables that the tool may read."""
        names = sorted(k for k in known if not k.startswith("_"))
        error = cls(f"there is no variable {name!r}.{nearest(name, names)}", hint=listed("variables", names))
        error.parameter = "variable"
        return error


class UnknownColumn(ToolArgumentError):
    """A name that no column of the table has."""

    @classmethod
    def named(cls, name: str, known: Sequence[str], *, variable: str) -> UnknownColumn:
        """Build the error for column `name` of the table in `variable`."""
        error = cls(
            f"there is no column {name!r}.{nearest(name, known)}",
            where=f"variable {variable!r}",
            hint=listed("columns", known),
        )
        error.parameter = "column"
        return error


class NotTabular(ToolArgumentError):
    """A variable that cannot be read as rows and columns."""


class ExpressionError(ToolArgumentError):
    """A row condition that cannot be understood or does not fit the columns."""


class QueryError(ToolArgumentError):
    """An SQL query that the database does not accept."""


def listed(kind: str, names: Sequence[str]) -> str:
    """Return "columns: a, b, c, … (40 in all)" for a hint."""
    if not names:
        return f"there are no {kind}"
    shown = ", ".join(repr(name) for name in names[:LISTED_NAMES])
    return f"{kind}: {shown}" + (f", … ({len(names)} in all)" if len(names) > LISTED_NAMES else "")
