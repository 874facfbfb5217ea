"""Roles: what a parameter means, written into its JSON schema as `x-role`.

A model without language (the offline one) fills arguments by role; other models ignore it. This module must
not import pydantic: the marker answers pydantic's protocol by having the method that it looks for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

RoleName = Literal[
    "variable",
    "column",
    "numeric_column",
    "group_column",
    "count",
    "expression",
    "statistic",
    "path",
    "sql",
    "code",
    "text",
]
ROLE_NAMES: Final[tuple[str, ...]] = get_args(RoleName)


@dataclass(frozen=True, slots=True)
class Role:
    """Annotation for a tool's parameter: `column: Annotated[str, Role("column")]`."""

    name: RoleName

    def __post_init__(self) -> None:
        if self.name not in ROLE_NAMES:
            raise ValueError(f"unknown role {self.name!r}; roles: {', '.join(ROLE_NAMES)}")

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Callable[[Any], Any]) -> dict[str, Any]:
        return {**handler(core_schema), "x-role": self.name}
