"""The question as text: for front ends whose buttons cannot reach a busy kernel, and for terminals.

1. The dialogue is a function of what the person types: no clock, no kernel.
2. Only a clear word approves; an empty line asks again, an ended input refuses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from victor_nb.agents.approvals import ApprovalRequest

Prompt = Callable[[str], str]
"""Reads one line. Raises `CannotPrompt` where nobody can type, EOFError when the input ended."""

YES: Final = "yes"
NO: Final = "no"
ALWAYS: Final = "always"
_LONG: Final = 2_000
_MENU: Final = "[y]es  [n]o (n because …)  [a]lways for this tool in this run  [e]dit arguments  [?] more > "


class CannotPrompt(Exception):
    """The front end takes no input; the next way of asking is tried."""


@dataclass(frozen=True, slots=True)
class Word:
    """What the person typed."""

    choice: Literal["yes", "no", "always"]
    arguments: dict[str, Any] | None = None
    message: str = ""

    @property
    def approved(self) -> bool:
        """Whether the call may happen."""
        return self.choice != NO


def ask_person(request: ApprovalRequest, prompt: Prompt) -> Word | None:
    """Ask until there is a clear word; None where nobody can be asked."""
    question = described(request)
    try:
        while True:
            typed = prompt(f"{question}\n{_MENU}").strip()
            first, _, rest = typed.partition(" ")
            match first.lower():
                case "y" | "yes":
                    return Word("yes")
                case "a" | "always":
                    return Word("always")
                case "n" | "no":
                    return Word("no", message=rest.strip())
                case "e" | "edit":
                    word, question = _edited(prompt)
                    if word is not None:
                        return word
                case "?":
                    question = explained(request)
                case _:
                    question = f"{first!r} is none of the choices." if first else "Please choose."
    except CannotPrompt:
        return None
    except EOFError:
        return Word("no", message="the input ended without an answer")


def _edited(prompt: Prompt) -> tuple[Word | None, str]:
    """Return the word, or what to say before asking again."""
    typed = prompt("arguments as JSON (empty: back) > ").strip()
    if not typed:
        return None, "Unchanged."
    try:
        arguments = json.loads(typed)
    except ValueError as error:
        return None, f"This is no JSON: {error}"
    if not isinstance(arguments, dict):
        return None, 'The arguments are one JSON object: {"name": value, …}'
    return Word("yes", arguments=arguments), ""


def described(request: ApprovalRequest) -> str:
    """The call in a few lines: tool, then one line (or one block) an argument."""
    head = f"The agent wants to call {request.tool}"
    if request.doubt:
        head = f"{request.tool} had started when its process died. Call it again?"
    return "\n".join([head, *_lines(request.arguments)])


def explained(request: ApprovalRequest) -> str:
    """Everything that is known of the call."""
    about = [request.description, f"effect: {request.effect}", f"run {request.run_id}, call {request.call_id}"]
    return "\n".join([*(line for line in about if line), json.dumps(dict(request.arguments), indent=2, default=str)])


def _lines(arguments: Mapping[str, Any]) -> list[str]:
    return [f"  {name} = {_shown(value)}" for name, value in arguments.items()]


def _shown(value: Any) -> str:
    if isinstance(value, str) and "\n" in value:
        return _cut("\n" + "\n".join(f"    {line}" for line in value.splitlines()))
    return _cut(json.dumps(value, default=str, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}… ({len(text)} characters, ? shows all)"
