"""Scripted models: what a model answers is written down before the test, and every request is counted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

Call = tuple[str, dict[str, Any]]
Turn = str | Sequence[Call]
"""One answer: a text, or the calls of one turn."""


class Script:
    """Answers the n-th request of a conversation with the n-th turn.

    Attributes:
        requests: the conversations that were sent, one a request.
    """

    def __init__(self, *turns: Turn) -> None:
        self.turns = turns
        self.requests: list[list[ModelMessage]] = []

    def model(self) -> FunctionModel:
        """A model that answers at once, without a stream."""
        return FunctionModel(self._answer, model_name="scripted")

    def streaming(self) -> FunctionModel:
        """The same model with a stream: texts word by word."""
        return FunctionModel(self._answer, stream_function=self._stream, model_name="scripted")

    def _turn(self, messages: list[ModelMessage]) -> tuple[int, Turn]:
        self.requests.append(list(messages))
        number = sum(isinstance(message, ModelResponse) for message in messages)
        return number, self.turns[number]

    def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        number, turn = self._turn(messages)
        if isinstance(turn, str):
            return ModelResponse(parts=[TextPart(turn)])
        return ModelResponse(
            parts=[
                ToolCallPart(name, arguments, tool_call_id=f"call-{number}-{place}")
                for place, (name, arguments) in enumerate(turn)
            ]
        )

    async def _stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str | DeltaToolCalls]:
        number, turn = self._turn(messages)
        if isinstance(turn, str):
            for word in turn.split(" "):
                yield f"{word} "
            return
        for place, (name, arguments) in enumerate(turn):
            yield {place: DeltaToolCall(name, json.dumps(arguments), tool_call_id=f"call-{number}-{place}")}


def told_by_tools(script: Script) -> list[str]:
    """What the last request told the model about its calls."""
    return [
        str(part.content)
        for message in script.requests[-1]
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    ]


class Never:
    """A model that must not be asked."""

    @staticmethod
    def model(name: str = "scripted") -> FunctionModel:
        def refuse(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
            raise AssertionError("the model was asked")

        return FunctionModel(refuse, model_name=name)
