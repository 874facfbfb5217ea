"""The answer: what each tool found, under a heading, with the tool cited; nothing that no tool said."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from victor_nb.models.offline.planning import PlannedCall

LONGEST_PART: Final = 2_500
NOTICE: Final = (
    "This answer was composed by rules (the offline model), not by a language model. "
    'Set one with --model, for example "openai:…", "anthropic:…", "ollama:…" or an OpenAI-compatible URL.'
)
_ARTIFACT: Final = re.compile(r"^\[[^\n]*; shown to the user\]\n")
"""What stands before a picture's description, for a model; the person sees the picture itself."""
_CANNOT: Final = (
    "I could not work out what to do with this request, so I did nothing. I am the offline model: rules, not language."
)
_CAN: Final = (
    "About a table I can tell its columns, size, missing values, statistics, groups, correlations, outliers, top rows, "
    "rows that meet a condition, and plot columns."
)


@dataclass(frozen=True)
class Outcome:
    """What came of one planned call: a tool's text, or why there is none."""

    call: PlannedCall
    text: str
    has_failed: bool = False


def answer(outcomes: Sequence[Outcome]) -> str:
    """Compose the parts of an answer in Markdown, in the order in which they were asked for."""
    return "\n\n".join(_part(outcome) for outcome in outcomes)


def cannot_answer(tables: Sequence[str], tools: Sequence[str], has_kernel_tools: bool) -> str:
    """Say that the request was not understood, what would be, and how to get a language model."""
    lines = [_CANNOT]
    if has_kernel_tools:
        lines.append(_CAN + (f" Known here: {', '.join(tables)}." if tables else " Name one with --with."))
    own = [f"`{tool}`" for tool in tools]
    if own:
        lines.append(f"I can call {', '.join(own[:12])} when the request names it and every argument it needs.")
    return "\n\n".join([*lines, NOTICE])


def _part(outcome: Outcome) -> str:
    heading = f"**{outcome.call.title}** [{outcome.call.tool}]"
    if outcome.has_failed:
        return f"{heading}\n\nThis did not work: {outcome.text.strip()}"
    text = _ARTIFACT.sub("", outcome.text.strip())
    if len(text) > LONGEST_PART:
        text = f"{text[:LONGEST_PART].rsplit(chr(10), 1)[0]}\n… (shortened; the tool's whole result is in the run)"
    facts = _json(text)
    if isinstance(facts, dict):
        return f"{heading}\n\n{_sentences(facts)}"
    return f"{heading}\n\n{_fenced(text)}" if text else f"{heading}\n\nNothing was found."


def _fenced(text: str) -> str:
    """Keep the columns of a table in line wherever Markdown is shown; prose stays prose."""
    lines = text.splitlines()
    has_columns = any("  " in line.strip() for line in lines)
    return f"```text\n{text}\n```" if len(lines) > 1 and has_columns and "```" not in text else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _sentences(facts: dict[str, Any]) -> str:
    return "\n".join(f"- {key.replace('_', ' ')}: {_shown(value)}" for key, value in facts.items())


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, dict | list):
        return f"`{json.dumps(value, ensure_ascii=False)}`"
    return str(value)
