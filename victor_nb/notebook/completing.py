"""Completion of a victor line: verbs, flags and what flags take; a function of the text and of what is in memory.

1. No network, no file: IPython answers completion between two cells, and a slow answer blocks the notebook.
2. A source that fails offers nothing. Completion never raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

_START: Final = re.compile(r"^\s*(?:[\w, ]+=\s*)?(?P<magic>%{1,2})victor\s+(?P<rest>.*)$")
_OPEN_BRACES: Final = re.compile(r"\{\{\s*(?P<name>\w*)$")
_LAST_WORD: Final = re.compile(r"[^\s,=]*$")


class Completions(NamedTuple):
    """What may stand where the last `fragment` of the text stands."""

    fragment: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A flag of a verb, or (without flags) one of its positional values.

    Attributes:
        values: what it may be, as far as it is known.
        takes_value: False for a switch.
    """

    flags: tuple[str, ...]
    takes_value: bool
    values: Callable[[], Iterable[str]] = tuple


@dataclass(frozen=True, slots=True)
class Sources:
    """Where words come from; all of them look at memory only."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    runs: Iterable[str] = ()

    def verbs(self) -> Iterable[str]:
        """The names of all verbs."""
        from victor_nb.commands import VERBS

        return VERBS

    def parameters(self, verb: str, inner: str = "") -> list[Parameter]:
        """The flags and positional values of one verb; of a verb with verbs of its own, those, or one of them."""
        from victor_nb.commands.group import root

        command: Any = root.get_command(None, verb)  # type: ignore[arg-type]  # the context is not looked at
        own = getattr(command, "commands", {})
        command = own.get(inner, command)
        verbs = [Parameter((), False, lambda: list(own))] if own and inner not in own else []
        return [*verbs, *(self._parameter(param) for param in command.params)] if command is not None else []

    def public_variables(self) -> list[str]:
        """The user's own variables."""
        return [name for name in self.variables if not name.startswith("_")]

    def agents(self) -> list[str]:
        """The variables that hold an agent; told by the name of their type, because the class may not be loaded."""
        return [name for name in self.public_variables() if type(self.variables[name]).__name__ == "Agent"]

    def workflows(self) -> list[str]:
        """The variables that hold a workflow."""
        return [name for name in self.public_variables() if type(self.variables[name]).__name__ == "Workflow"]

    def pipelines(self) -> list[str]:
        """The variables that hold a pipeline."""
        return [name for name in self.public_variables() if type(self.variables[name]).__name__ == "Pipeline"]

    def _parameter(self, param: Any) -> Parameter:
        choices = getattr(param.type, "choices", None)
        values = (lambda: list(choices)) if choices else self._values_of(param.name)
        flags = (*param.opts, *param.secondary_opts) if param.param_type_name == "option" else ()
        return Parameter(tuple(flags), not getattr(param, "is_flag", False), values)

    def _values_of(self, name: str) -> Callable[[], Iterable[str]]:
        table: dict[str, Callable[[], Iterable[str]]] = {
            "variables": self.public_variables,
            "with": self.public_variables,
            "with_": self.public_variables,
            "out": self.public_variables,
            "model": _models,
            "tools": _tools,
            "run": lambda: ["last", *self.runs],
            "other": lambda: ["last", *self.runs],
            "workflow": self.workflows,
            "pipeline": self.pipelines,
            "agent": self.agents,
            "words": self.agents,
        }
        return table.get(name, tuple)


def _models() -> list[str]:
    from victor_nb.models import catalogue

    return [model.name for model in catalogue()]


def _tools() -> list[str]:
    from victor_nb.tools import registry

    return [*(toolset.name for toolset in registry.toolsets()), *(tool.name for tool in registry.list())]


def complete(text: str, sources: Sources) -> Completions | None:
    """Complete the end of a cell's text up to the cursor; None where the cursor is in no victor call."""
    first, _, _ = text.lstrip().partition("\n")
    in_cell = first.startswith("%%victor")
    if in_cell and "\n" in text.lstrip():
        return _in_prompt(text, sources)
    if (found := _START.match(text.rpartition("\n")[2])) is None:
        return None
    return _in_line(found["rest"], sources, is_cell=found["magic"] == "%%")


def _in_prompt(text: str, sources: Sources) -> Completions | None:
    found = _OPEN_BRACES.search(text)
    return _starting(found["name"], sources.public_variables()) if found else None


def _in_line(rest: str, sources: Sources, *, is_cell: bool) -> Completions:
    before = rest.split()
    if rest and not rest[-1].isspace():
        before.pop()
    fragment = _last_word(rest)
    verbs = list(sources.verbs())
    if not before and not is_cell:
        return _starting(fragment, verbs)
    verb = before[0] if before and before[0] in verbs else "ask"
    parameters = _safely(lambda: sources.parameters(verb, before[1] if len(before) > 1 else "")) or []
    expecting = [p for p in parameters if before and before[-1] in p.flags and p.takes_value]
    if expecting:
        return _starting(fragment, _safely(expecting[0].values))
    if fragment.startswith("-"):
        return _starting(fragment, [flag for p in parameters for flag in p.flags])
    positional = [word for p in parameters if not p.flags for word in _safely(p.values)]
    return _starting(fragment, [*positional, *([] if before else verbs)])


def _last_word(rest: str) -> str:
    """The word at the cursor; commas and equal signs part values, dashes do not part flags."""
    found = _LAST_WORD.search(rest)
    return found[0] if found else ""


def _starting(fragment: str, words: Iterable[str]) -> Completions:
    return Completions(fragment, tuple(dict.fromkeys(word for word in words if word.startswith(fragment))))


def _safely(source: Callable[[], Iterable[Any]]) -> list[Any]:
    try:
        return list(source())
    except Exception:  # a broken installation must not break the Tab key
        return []
