"""The tools on offer, as the planner sees them: words to be found by, and parameters to be filled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from victor_nb.models.offline.words import STOP_WORDS, likeness, stems

NAME_WEIGHT: Final = 3.0
KEYWORD_WEIGHT: Final = 2.0
DESCRIPTION_WEIGHT: Final = 0.5
_ROLE_BY_NAME: Final = {
    "variable": "variable",
    "table": "variable",
    "dataframe": "variable",
    "column": "column",
    "by": "group_column",
    "n": "count",
    "expression": "expression",
    "condition": "expression",
    "statistic": "statistic",
    "sql": "sql",
    "code": "code",
    "path": "path",
}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool: what it means (`role`), what it accepts (`schema`), and whether it must be given."""

    name: str
    role: str
    schema: dict[str, Any]
    is_required: bool


@dataclass(frozen=True)
class OfferedTool:
    """A tool that may be called."""

    name: str
    description: str
    keywords: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    def parameter(self, *roles: str) -> Parameter | None:
        """The first parameter with one of these roles."""
        return next((one for one in self.parameters if one.role in roles), None)

    def score(self, sought: Sequence[str]) -> float:
        """How well the tool answers to these stems."""
        return (
            NAME_WEIGHT * likeness(sought, stems(self.name))
            + KEYWORD_WEIGHT * likeness(sought, [stem for word in self.keywords for stem in stems(word)])
            + DESCRIPTION_WEIGHT * likeness(sought, stems(self.description))
        )


def offered(name: str, description: str | None, schema: dict[str, Any], metadata: dict[str, Any] | None) -> OfferedTool:
    """Build an OfferedTool from what a tool definition says."""
    required = set(schema.get("required", ()))
    definitions = schema.get("$defs", {})
    parameters = tuple(
        _parameter(parameter, _resolved(facts, definitions), parameter in required)
        for parameter, facts in schema.get("properties", {}).items()
    )
    return OfferedTool(name, description or "", tuple((metadata or {}).get("keywords", ())), parameters)


def _parameter(name: str, facts: dict[str, Any], is_required: bool) -> Parameter:
    role = facts.get("x-role") or next((one.get("x-role") for one in facts["anyOf"] if one.get("x-role")), "") or ""
    return Parameter(name, role or _ROLE_BY_NAME.get(name.lower(), ""), facts, is_required)


def _resolved(facts: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter with references followed and its alternatives always listed."""
    if "$ref" in facts:
        facts = {**definitions.get(facts["$ref"].rpartition("/")[2], {}), **facts}
    choices = [_resolved(one, definitions) for one in facts.get("anyOf", ())]
    return {**facts, "anyOf": choices or [{k: v for k, v in facts.items() if k != "anyOf"}]}


def best(tools: Iterable[OfferedTool], sought: Sequence[str], at_least: float = 0.0) -> OfferedTool | None:
    """The tool that answers best to these stems; of equals the first by name; None below `at_least`."""
    ranked = sorted(((-tool.score(sought), tool.name, tool) for tool in tools), key=lambda one: one[:2])
    return ranked[0][2] if ranked and -ranked[0][0] > at_least else None


def meaningful(text: str) -> list[str]:
    """The stems of a text that say something."""
    return [stem for stem in stems(text) if stem not in STOP_WORDS]
