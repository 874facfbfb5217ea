"""Models for tests: one that answers by script, one that must not be asked."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, NoReturn

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from ..tools import Tool


@dataclass(frozen=True)
class Turn:
    """One answer of a scripted model.

    Attributes:
        text: what it says.
        calls: tools that it calls, as (name, arguments).
        failure: raise this instead of answering.
    """

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    failure: Exception | None = None


class ScriptedModel(FunctionModel):
    """A model that gives its turns one after the other, and remembers what it was asked.

    Args:
        turns: answers in order; a text stands for a turn that only says it.

    Attributes:
        requests: the messages of each request so far.
    """

    def __init__(self, turns: Iterable[Turn | str], name: str = "scripted") -> None:
        self.requests: list[list[ModelMessage]] = []
        self._turns = [Turn(turn) if isinstance(turn, str) else turn for turn in turns]
        super().__init__(self._answer, stream_function=self._stream, model_name=name)

    def _next(self, messages: list[ModelMessage]) -> tuple[int, Turn]:
        """The turn that the conversation has come to: a resumed run goes on where it was."""
        place = sum(isinstance(message, ModelResponse) for message in messages)
        self.requests.append(messages)
        if place >= len(self._turns):
            raise AssertionError(f"the script has {len(self._turns)} turns, and the model was asked for another")
        turn = self._turns[place]
        if turn.failure is not None:
            raise turn.failure
        return place, turn

    def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        place, turn = self._next(messages)
        calls = [ToolCallPart(name, dict(given), f"call_{place}_{n}") for n, (name, given) in enumerate(turn.calls)]
        return ModelResponse(parts=[*([TextPart(turn.text)] if turn.text else []), *calls])

    async def _stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str | DeltaToolCalls]:
        place, turn = self._next(messages)
        for piece in re.findall(r"\S+\s*|\s+", turn.text):
            yield piece
        for n, (name, given) in enumerate(turn.calls):
            yield {n: DeltaToolCall(name, json.dumps(given), tool_call_id=f"call_{place}_{n}")}


class ForbiddenModel(ScriptedModel):
    """A model that fails the test when it is asked: proof that a replay asks none."""

    def __init__(self, name: str = "scripted") -> None:
        super().__init__([Turn(failure=AssertionError("the model was asked, and it must not be"))] * 1000, name)


def forbidden(original: Tool) -> Tool:
    """Return a tool with the same name and parameters that fails the test when it is called."""

    @wraps(original.function)
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError(f"tool {original.name!r} was called, and it must not be")

    return replace(original, function=refuse)
