"""From a request to calls: each sentence is read as a kind of question, a tool is found for it, its arguments filled.

Pure and deterministic: the same request, variables and tools give the same calls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from victor_nb.models.offline.conditions import expression_in
from victor_nb.models.offline.filling import arguments_for
from victor_nb.models.offline.intents import BY_NAME, GROUPED_BY, INTENTS, SMALLEST_FIRST, Intent, statistic_in
from victor_nb.models.offline.tools import OfferedTool, Parameter, best, meaningful
from victor_nb.models.offline.variables import Variable
from victor_nb.models.offline.words import folded, mentions, stems

MOST_CALLS: Final = 8
GOOD_ENOUGH: Final = 1.0
_SENTENCE: Final = re.compile(
    r"(?<=[.?!;])\s+|\n+|\s*(?:,\s*)?\b(?:and then|then|and also|also)\b\s+|,\s+and\s+(?=wh|how|plot|show)"
)
_LIST_MARK: Final = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


@dataclass(frozen=True)
class PlannedCall:
    """A tool call with a heading for its part of the answer."""

    tool: str
    arguments: dict[str, Any]
    title: str


@dataclass(frozen=True)
class _Sentence:
    """A sentence together with what it speaks of."""

    text: str
    table: Variable
    columns: tuple[str, ...]
    expression: str | None

    @property
    def question(self) -> str:
        return folded(self.text)


def plan(request: str, variables: Sequence[Variable], tools: Sequence[OfferedTool]) -> list[PlannedCall]:
    """Return the calls that answer a request, at most MOST_CALLS; none if it is not understood."""
    calls: list[PlannedCall] = []
    for sentence in _sentences(request):
        for call in _calls_for(sentence, request, variables, tools):
            if all((call.tool, call.arguments) != (one.tool, one.arguments) for one in calls):
                calls.append(call)
    return calls[:MOST_CALLS]


def _sentences(request: str) -> list[str]:
    if "```" in request:  # a block of code belongs to the sentence that it stands in
        return [request]
    return [clean for part in _SENTENCE.split(request) if (clean := _LIST_MARK.sub("", part).strip())]


def _calls_for(
    text: str, request: str, variables: Sequence[Variable], tools: Sequence[OfferedTool]
) -> list[PlannedCall]:
    own = _own_tool(text, variables, tools)
    tables = _tables_of(text, request, variables)
    calls = [call for table in tables for call in _about_table(text, table, tools)]
    if own is not None and (not calls or own[0] > GOOD_ENOUGH * 2):
        return [own[1]]
    return calls


def _own_tool(
    text: str, variables: Sequence[Variable], tools: Sequence[OfferedTool]
) -> tuple[float, PlannedCall] | None:
    """A tool that the sentence names or speaks of, if every required argument can be filled."""
    sought = meaningful(text)
    names = [variable.name for variable in variables]
    candidates = [tool for tool in tools if tool.parameter("variable") is None]
    for tool in sorted(candidates, key=lambda one: (-one.score(sought), one.name)):
        score = tool.score(sought)
        if score < GOOD_ENOUGH:
            return None
        if (arguments := arguments_for(tool, text, names)) is not None:
            return score, PlannedCall(tool.name, arguments, tool.name.replace("_", " ").capitalize())
    return None


def _tables_of(text: str, request: str, variables: Sequence[Variable]) -> list[Variable]:
    """The tables that a sentence is about: those it names, else the one whose columns it names, else the first."""
    tables = [variable for variable in variables if variable.is_table]
    by_name = {table.name: table for table in tables}
    for scope in (text, request):
        named = [name for name in by_name if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", scope)]
        if named and (scope == text or len(named) == 1):
            return [by_name[name] for name in sorted(named, key=scope.index)]
    scored = sorted(tables, key=lambda table: -len(mentions(table.columns, text)))
    return scored[:1]


def _about_table(text: str, table: Variable, tools: Sequence[OfferedTool]) -> list[PlannedCall]:
    columns = tuple(mention.name for mention in mentions(table.columns, _without(text, table.name)))
    sentence = _Sentence(text, table, columns, expression_in(_condition_of(text), table))
    for intent in INTENTS:
        if not intent.is_said_in(sentence.question) or not _is_met(intent, sentence):
            continue
        calls = [_call(each, sentence, tools) for each in (intent, *(BY_NAME[name] for name in intent.also))]
        if found := [call for call in calls if call is not None]:
            return found
    return []


def _condition_of(text: str) -> str:
    """What follows "where" and its like; the whole sentence where there is no such word."""
    parts = re.split(
        r"\b(?:where|whose|with|such that|for which|that have|having)\b", text, maxsplit=1, flags=re.IGNORECASE
    )
    return parts[-1]


def _without(text: str, name: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text)


def _is_met(intent: Intent, sentence: _Sentence) -> bool:
    numbers = [column for column in sentence.columns if sentence.table.is_numeric(column)]
    met = {
        "column": bool(sentence.columns),
        "number": bool(numbers),
        "group": _group_of(sentence) is not None,
        "condition": sentence.expression is not None,
    }
    return all(met[need] for need in intent.needs)


def _group_of(sentence: _Sentence) -> str | None:
    """The column that makes groups: the one after "by" and its like, else one that holds no numbers."""
    parts = re.split(GROUPED_BY, sentence.question)
    for part in parts[1:]:
        if found := mentions(sentence.columns, part):
            return found[0].name
    return next((column for column in sentence.columns if not sentence.table.is_numeric(column)), None)


def _call(intent: Intent, sentence: _Sentence, tools: Sequence[OfferedTool]) -> PlannedCall | None:
    fitting = [tool for tool in tools if tool.parameter("variable") is not None]
    tool = best(fitting, stems(intent.seeks), GOOD_ENOUGH)
    if tool is None:
        return None
    filled: dict[str, Any] = {}
    for parameter in tool.parameters:
        value = _argument(parameter, intent, sentence, filled)
        if value is not None:
            filled[parameter.name] = value
        elif parameter.is_required:
            return None
    return PlannedCall(tool.name, filled, _title(intent, sentence, filled))


def _argument(parameter: Parameter, intent: Intent, sentence: _Sentence, filled: dict[str, Any]) -> Any:
    match parameter.role:
        case "variable":
            return sentence.table.name
        case "column" | "numeric_column":
            return _next_column(parameter, intent, sentence, filled)
        case "group_column":
            return _group_of(sentence)
        case "expression":
            return sentence.expression if "condition" in intent.needs else None
        case "statistic":
            return statistic_in(re.split(GROUPED_BY, sentence.question)[0]) or statistic_in(sentence.question) or "mean"
        case "count":
            return _count(parameter, sentence)
    return _choice(parameter, sentence)


def _next_column(parameter: Parameter, intent: Intent, sentence: _Sentence, filled: dict[str, Any]) -> str | None:
    """The next named column that fits and was not used; "y by x" puts the column after "by" on the x axis."""
    free = [column for column in sentence.columns if column not in filled.values()]
    if parameter.role == "numeric_column":
        free = [column for column in free if sentence.table.is_numeric(column)]
    group = _group_of(sentence)
    if "group" in intent.needs:
        return next((column for column in free if column != group), None)
    after_by = re.search(r"\b(?:by|over|against|versus|vs)\b", sentence.question) is not None
    if intent.name == "plot" and after_by and len(sentence.columns) > 1 and parameter.name == "x":
        return sentence.columns[-1]
    return free[0] if free else None


def _count(parameter: Parameter, sentence: _Sentence) -> int | None:
    found = re.search(
        r"\b(?:top|bottom|first|largest|highest|smallest|lowest|head|best|worst)\s+(\d+)|\b(\d+)\s+"
        r"(?:\w+\s+)?(?:rows?|largest|highest|smallest|lowest|biggest|most|best|worst|first)",
        sentence.question,
    )
    if found is None:
        return None
    number = int(found[1] or found[2])
    bounds = parameter.schema["anyOf"][0]
    return max(int(bounds.get("minimum", number)), min(number, int(bounds.get("maximum", number))))


def _choice(parameter: Parameter, sentence: _Sentence) -> str | None:
    """A value of an enum that the sentence speaks of; for orders, which end comes first."""
    choices = [one for schema in parameter.schema["anyOf"] for one in schema.get("enum", ())]
    if {"largest", "smallest"} <= set(choices):
        return "smallest" if re.search(SMALLEST_FIRST, sentence.question) else "largest"
    said = set(stems(sentence.question))
    return next((one for one in choices if isinstance(one, str) and stems(one) and set(stems(one)) <= said), None)


def _title(intent: Intent, sentence: _Sentence, filled: dict[str, Any]) -> str:
    facts = {"n": 5, "order": "largest", "column": "all columns", "by": "group", "statistic": "mean", **filled}
    title = intent.title.format_map(_Facts(facts))
    if intent.name in ("correlation", "plot"):
        named = [str(filled[key]) for key in ("y", "x") if key in filled] or ["all columns"]
        joined = " and ".join(reversed(named)) if intent.name == "correlation" else " by ".join(named)
        title = f"{title} of {joined}"
    if intent.name == "statistic by group" and "column" not in filled:
        title = f"{facts['statistic']} of rows by {facts['by']}"
    return f"{title[0].upper()}{title[1:]} in {sentence.table.name}"


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return key
