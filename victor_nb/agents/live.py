"""Answers while they arrive: a model that passes requests on as streams and tells each piece of text.

1. The agent loop asks for whole answers and never sees the stream, so there is one code path for models that
   can stream and models that cannot.
2. What was told is not kept: the journal holds the whole answer, and a replay tells that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings


def can_stream(model: Model) -> bool:
    """Whether a model has a stream to offer, seen through wrappers and fallbacks."""
    if isinstance(model, WrapperModel):
        return can_stream(model.wrapped)
    if (chain := getattr(model, "models", None)) is not None:
        return all(can_stream(one) for one in chain)
    if getattr(model, "stream_function", True) is None:  # a FunctionModel without its streaming half
        return False
    return type(model).request_stream is not Model.request_stream


class LiveModel(WrapperModel):
    """Streams every request to the wrapped model.

    Args:
        tell: called with each new piece of text.
    """

    def __init__(self, wrapped: Model, tell: Callable[[str], None]) -> None:
        super().__init__(wrapped)
        self._tell = tell

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the wrapped model, as a stream if it has one."""
        if not can_stream(self.wrapped):
            answer = await self.wrapped.request(messages, model_settings, model_request_parameters)
            if answer.text:
                self._tell(answer.text)
            return answer
        async with self.wrapped.request_stream(messages, model_settings, model_request_parameters) as stream:
            async for event in stream:
                if text := _new_text(event):
                    self._tell(text)
        return stream.get()


def _new_text(event: Any) -> str:
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta
    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return event.part.content
    return ""
