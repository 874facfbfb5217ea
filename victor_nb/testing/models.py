"""Models and tools for tests: a model that answers by script, and twins that must not be asked.

1. A script is followed by the conversation's place, not by a counter: a resumed run goes on where it was.
2. What must not happen is no `Exception`: those that a tool raises are told to the model, and the test would pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, NoReturn, Self

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel
from pydantic_core import to_jsonable_python

from victor_nb.tools import Tool

Calls = tuple[tuple[str, dict[str, Any]], ...]


class ForbiddenCall(BaseException):
    """A model or tool was asked that the test had forbidden; no `Exception`, so that nothing tells it to a model."""


@dataclass(frozen=True)
class Turn:
    """One answer of a scripted model.

    Attributes:
        text: what it says.
        calls: tools that it calls, as (name, arguments).
        data: the answer of an agent that has an `output` type; any value that JSON can carry.
        failure: raised once instead of an answer; the next turn is for the next attempt.
    """

    text: str = ""
    calls: Calls = ()
    data: object = None
    failure: Exception | None = None

    @classmethod
    def calling(cls, tool: str, /, **arguments: object) -> Self:
        """Return a turn that calls one tool."""
        return cls(calls=((tool, arguments),))


class ScriptedModel(FunctionModel):
    """A model that gives its turns one after the other, and remembers what it was asked. It can stream.

    Args:
        turns: answers in order; a text stands for a turn that only says it, an exception for one that fails.
        name: the model's name in the journal; recordings are found by it.

    Attributes:
        requests: the messages of each request so far.
    """

    def __init__(self, turns: Iterable[Turn | str | Exception], name: str = "scripted") -> None:
        self.requests: list[list[ModelMessage]] = []
        whole = [_turn(turn) for turn in turns]
        self._answers = [turn for turn in whole if turn.failure is None]
        self._failures = _before_answers(whole)
        super().__init__(self._answer, stream_function=self._stream, model_name=name)

    def _next(self, messages: list[ModelMessage]) -> tuple[int, Turn]:
        """The turn that the conversation has come to: a resumed run goes on where it was."""
        place = sum(isinstance(message, ModelResponse) for message in messages)
        self.requests.append(messages)
        if failures := self._failures.get(place):
            raise failures.pop(0)
        if place >= len(self._answers):
            raise AssertionError(f"the script has {len(self._answers)} turns, and the model was asked for another")
        return place, self._answers[place]

    def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        place, turn = self._next(messages)
        text, calls = _spoken(turn, info)
        parts = [ToolCallPart(name, dict(given), _call_id(place, n)) for n, (name, given) in enumerate(calls)]
        return ModelResponse(parts=[*([TextPart(text)] if text else []), *parts])

    async def _stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str | DeltaToolCalls]:
        place, turn = self._next(messages)
        text, calls = _spoken(turn, info)
        for piece in re.findall(r"\S+\s*|\s+", text):
            yield piece
        for n, (name, given) in enumerate(calls):
            yield {n: DeltaToolCall(name, json.dumps(given), tool_call_id=_call_id(place, n))}


def _turn(turn: Turn | str | Exception) -> Turn:
    if isinstance(turn, Turn):
        return turn
    return Turn(turn) if isinstance(turn, str) else Turn(failure=turn)


def _before_answers(turns: Iterable[Turn]) -> dict[int, list[Exception]]:
    """The failures that come before each answer, by the answer's number from 0."""
    failures: dict[int, list[Exception]] = {}
    answers = 0
    for turn in turns:
        if turn.failure is None:
            answers += 1
        else:
            failures.setdefault(answers, []).append(turn.failure)
    return failures


def _call_id(place: int, number: int) -> str:
    return f"call_{place}_{number}"


def _spoken(turn: Turn, info: AgentInfo) -> tuple[str, Calls]:
    """The words and calls of a turn; data becomes what the framework asked for: an output tool's call, or JSON."""
    if turn.data is None:
        return turn.text, turn.calls
    plain = to_jsonable_python(turn.data)
    if not info.output_tools:
        return json.dumps(plain), turn.calls
    output = info.output_tools[0]
    wrapped = {output.outer_typed_dict_key: plain} if output.outer_typed_dict_key else plain
    return turn.text, (*turn.calls, (output.name, wrapped))


class ForbiddenModel(FunctionModel):
    """A model that ends the test when it is asked: proof that a replay asks none.

    Args:
        name: the name of the scripted model whose recording is replayed.
    """

    def __init__(self, name: str = "scripted", system: str = "function") -> None:
        super().__init__(self._refuse, stream_function=self._refuse_to_stream, model_name=name)
        self._system = system

    @classmethod
    def like(cls, model: Model) -> ForbiddenModel:
        """Return one that a recording of `model` takes for it."""
        return cls(model.model_name, model.system)

    def _refuse(self, messages: list[ModelMessage], info: AgentInfo) -> NoReturn:
        raise ForbiddenCall(f"model {self.model_name!r} was asked, and it must not be")

    async def _refuse_to_stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        self._refuse(messages, info)
        yield ""


def forbidden(original: Tool) -> Tool:
    """Return a tool with the same name and parameters that ends the test when it is called."""

    @wraps(original.function)
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise ForbiddenCall(f"tool {original.name!r} was called, and it must not be")

    return replace(original, function=refuse)
