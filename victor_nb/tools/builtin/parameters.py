"""Types of parameters that several built-in tools share: each says its role, and its bounds where it has any."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from victor_nb.tools.roles import Role

Variable = Annotated[str, Role("variable")]
Column = Annotated[str, Role("column")]
NumericColumn = Annotated[str, Role("numeric_column")]
GroupColumn = Annotated[str, Role("group_column")]
Rows = Annotated[int, Role("count"), Ge(1), Le(200)]
Expression = Annotated[str, Role("expression")]
Statistic = Annotated[Literal["mean", "median", "sum", "min", "max", "std", "count", "nunique"], Role("statistic")]
Path = Annotated[str, Role("path")]
Sql = Annotated[str, Role("sql")]
Code = Annotated[str, Role("code")]
Text = Annotated[str, Role("text")]
