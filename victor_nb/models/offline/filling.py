"""Arguments of a user's own tool, from the words of the request: names, enums, quoted texts, numbers, places.

Nothing is invented: a required parameter for which the request has no word leaves the tool uncalled.
"""

from __future__ import annotations

import re
from typing import Any, Final

from victor_nb.models.offline.tools import OfferedTool, Parameter
from victor_nb.models.offline.words import folded, stems

_NUMBER: Final = re.compile(r"(?<![\w.])[-+]?\d[\d_]*(?:\.\d+)?(?![\w])")
_QUOTED: Final = re.compile(r"'([^']+)'|\"([^\"]+)\"|`([^`]+)`|“([^”]+)”")
_FENCED: Final = re.compile(r"```[\w-]*\n(.*?)```", re.DOTALL)
_DATE: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_NAMES: Final = re.compile(r"(?:[^\W\d_a-z][\w'\u2019-]*)(?:\s+[^\W\d_a-z][\w'\u2019-]*)*")
_AFTER: Final = re.compile(
    r"\b(?:in|of|for|at|to|from|about|on|called|named)\s+([\w'\u2019./-]+(?:\s+[A-Z][\w'\u2019-]*)*)"
)
_SELECT: Final = re.compile(r"\b(?:select|with)\b.*", re.IGNORECASE | re.DOTALL)
_PATH: Final = re.compile(r"(?<!\w)(?:[\w.-]+/)*[\w-]+\.\w{1,8}\b|(?<!\w)(?:[\w.-]+/)+[\w.-]*")
_YES: Final = re.compile(r"\b(yes|true|on|enable[ds]?|with)\b", re.IGNORECASE)
_NO: Final = re.compile(r"\b(no|false|off|disable[ds]?|without)\b", re.IGNORECASE)

NOTHING: Final = object()


def arguments_for(tool: OfferedTool, request: str, variables: list[str]) -> dict[str, Any] | None:
    """Return arguments for every required parameter and for the others that the request speaks of; or None."""
    filled: dict[str, Any] = {}
    used: set[str] = set()
    for parameter in tool.parameters:
        value = _value(parameter, tool, request, variables, used)
        if value is not NOTHING:
            filled[parameter.name] = value
            used.add(str(value))
        elif parameter.is_required:
            return None
    return filled


def _value(parameter: Parameter, tool: OfferedTool, request: str, variables: list[str], used: set[str]) -> Any:
    """The first value that the parameter's schema accepts, tried alternative by alternative."""
    if parameter.role == "variable":
        return next((name for name in variables if re.search(rf"\b{re.escape(name)}\b", request)), NOTHING)
    for schema in parameter.schema["anyOf"]:
        value = _by_type(schema, parameter, tool, request, used)
        if value is not NOTHING:
            return value
    return NOTHING


def _by_type(schema: dict[str, Any], parameter: Parameter, tool: OfferedTool, request: str, used: set[str]) -> Any:
    if "const" in schema:
        return schema["const"] if parameter.is_required else NOTHING
    if "enum" in schema:
        said = stems(request)
        return next((one for one in schema["enum"] if stems(str(one)) and set(stems(str(one))) <= set(said)), NOTHING)
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return _number(schema, parameter, request, used)
    if kind == "boolean":
        return _boolean(parameter, request)
    if kind == "string":
        return _text(schema, parameter, tool, request, used)
    if kind == "array" and schema.get("items", {}).get("type") in ("integer", "number"):
        return [_cast(text, schema["items"]["type"]) for text in _NUMBER.findall(request)] or NOTHING
    return NOTHING


def _number(schema: dict[str, Any], parameter: Parameter, request: str, used: set[str]) -> Any:
    named = re.search(
        rf"\b{_spelt(parameter.name)}\W{{0,3}}(?:is|of|to)?\s*({_NUMBER.pattern})", request, re.IGNORECASE
    )
    candidates = [named[1]] if named else [text for text in _NUMBER.findall(request) if text not in used]
    if not named and not parameter.is_required and parameter.role != "count":
        return NOTHING
    return next((v for text in candidates if _fits(v := _cast(text, schema["type"]), schema)), NOTHING)


def _cast(text: str, kind: str) -> int | float:
    number = float(text.replace("_", ""))
    return int(number) if kind == "integer" else number


def _fits(number: float, schema: dict[str, Any]) -> bool:
    return (
        schema.get("minimum", number) <= number <= schema.get("maximum", number)
        and not number <= schema.get("exclusiveMinimum", float("-inf"))
        and not number >= schema.get("exclusiveMaximum", float("inf"))
        and not (schema.get("multipleOf") and number % schema["multipleOf"])
    )


def _boolean(parameter: Parameter, request: str) -> Any:
    near = re.search(rf"(\w+\s+)?{_spelt(parameter.name)}(\W+\w+)?", request, re.IGNORECASE)
    if near is None:
        return NOTHING
    return False if _NO.search(near[0]) else True if _YES.search(near[0]) or parameter.is_required else NOTHING


def _text(schema: dict[str, Any], parameter: Parameter, tool: OfferedTool, request: str, used: set[str]) -> Any:
    text = _some_text(schema, parameter, tool, request, used)
    if text is None or not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return NOTHING
    if schema.get("pattern") and not re.search(schema["pattern"], text):
        return NOTHING
    return text


def _some_text(
    schema: dict[str, Any], parameter: Parameter, tool: OfferedTool, request: str, used: set[str]
) -> str | None:
    """A text by what the parameter means, else by its name, else a quoted one, else a name in the request."""
    fenced = _FENCED.search(request)
    quoted = [text for groups in _QUOTED.findall(request) for text in groups if text and text not in used]
    if schema.get("format") in ("date", "date-time"):
        found = _DATE.search(request)
        return found[0] if found else None
    if parameter.role == "code":
        return fenced[1].strip() if fenced else (quoted[0] if quoted else None)
    if parameter.role == "sql":
        found = _SELECT.search(fenced[1] if fenced else request)
        return str(found[0]).strip(" `'\"") if found else None
    if parameter.role == "path":
        found = _PATH.search(request)
        return found[0] if found else None
    named = re.search(
        rf"\b{_spelt(parameter.name)}\s*(?:=|:|is|called|named)\s*([\w'\u2019./@-]+)", request, re.IGNORECASE
    )
    if named and not quoted:
        return str(named[1])
    if quoted:
        return str(quoted[0])
    if schema.get("format") in (None, "") and parameter.is_required:
        return _a_name(tool, request, used)
    return None


def _a_name(tool: OfferedTool, request: str, used: set[str]) -> str | None:
    """A name in the request that is not a word of the tool itself: "the weather in New York" -> "New York"."""
    own = {*stems(tool.name), *(stem for word in tool.keywords for stem in stems(word))}
    first = re.match(r"\W*\w+", request)
    candidates = [m[0] for m in _NAMES.finditer(request) if first is None or m.start() >= first.end()]
    candidates += [m[1] for m in _AFTER.finditer(request)]
    free = [c for c in candidates if c not in used and not own & set(stems(c)) and folded(c) not in ("the", "a", "i")]
    return str(free[0]).strip(" .,?!") if free else None


def _spelt(name: str) -> str:
    return r"[\s_-]*".join(map(re.escape, name.split("_")))
