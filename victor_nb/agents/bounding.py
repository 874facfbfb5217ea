"""What a model sees of the results of tools that are not ours: as much as of ours, and no more.

1. A coordinator, because here results pass after they were recorded: the journal keeps the whole value.
2. Pictures and other files pass as they are; a value that is short enough passes unchanged, in its own form.
3. The same value is cut in the same way in every execution, or a replay would ask something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ToolCallPart, ToolReturn, is_multi_modal_content
from pydantic_ai.tools import RunContext, ToolDefinition
from pydantic_core import to_json, to_jsonable_python

from victor_nb.tools.values import MODEL_TEXT_LIMIT_CHARS, cut, to_model_text


class Bounds(AbstractCapability[None]):
    """Cuts results for the model. It must be the first coordinator: the first sees a result last."""

    async def after_tool_execute(
        self,
        ctx: RunContext[None],
        *,
        call: ToolCallPart,
        tool_def: ToolDefinition,
        args: dict[str, Any],
        result: Any,
    ) -> Any:
        """Return the result as the model gets it."""
        return bounded(result)


def bounded(value: Any, limit_chars: int = MODEL_TEXT_LIMIT_CHARS) -> Any:
    """Return `value`, or if it is longer than `limit_chars` its beginning and end, or its first items, as text."""
    if isinstance(value, str):
        return cut(value, limit_chars)
    if isinstance(value, ToolReturn):
        content = None if value.content is None else bounded(value.content, limit_chars)
        return replace(value, return_value=bounded(value.return_value, limit_chars), content=content)
    if _holds_files(value):
        return _around_files(value, limit_chars)
    # Written once more although the framework will do so too: only this says how long the value is for the model.
    if len(to_json(value, serialize_unknown=True)) <= limit_chars:
        return value
    return to_model_text(to_jsonable_python(value, serialize_unknown=True), limit_chars)


def _holds_files(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_files(one) for one in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return any(_holds_files(one) for one in value)
    return is_multi_modal_content(value)


def _around_files(value: Any, limit_chars: int) -> Any:
    """Cut what stands beside files, each part for itself."""
    if is_multi_modal_content(value):
        return value
    if isinstance(value, Mapping):
        return {name: _around_files(one, limit_chars) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_around_files(one, limit_chars) for one in value]
    return bounded(value, limit_chars)
