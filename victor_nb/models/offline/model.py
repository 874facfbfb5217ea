"""The offline model as a model of the agent framework: it plans once from the request, calls, then answers.

1. Deterministic: the same messages and tools give the same response, call ids included.
2. It uses no tokens and costs nothing, and says in every response that it is no language model.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from victor_nb.models.errors import OfflineLimit
from victor_nb.models.offline.answering import NOTICE, Outcome, answer, cannot_answer
from victor_nb.models.offline.planning import PlannedCall, plan
from victor_nb.models.offline.structure import fill
from victor_nb.models.offline.tools import OfferedTool, offered
from victor_nb.models.offline.variables import Variable, variables_in, without_blocks

MODEL_NAME: Final = "offline"
SYSTEM: Final = "victor"
LONGEST_REQUEST: Final = 20_000
"""Characters of a request that are read: rules look at each word many times, and questions are not longer."""
DETAILS: Final = {"is_language_model": False, "notice": NOTICE}


class OfflineModel(Model):
    """Answers by rules: chooses tools by name, keyword and likeness, fills arguments, and cites what they said."""

    def __init__(self) -> None:
        super().__init__(profile=ModelProfile(supports_json_schema_output=False))

    @property
    def model_name(self) -> str:
        return MODEL_NAME

    @property
    def system(self) -> str:
        return SYSTEM

    @property
    def provider(self) -> None:
        return None

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Plan the request, or answer it once every planned call has come back."""
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        return ModelResponse(
            parts=_next_parts(messages, parameters),
            usage=RequestUsage(),
            model_name=MODEL_NAME,
            provider_name=SYSTEM,
            provider_details=dict(DETAILS),
            finish_reason="stop",
        )

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """`request`, word by word."""
        response = await self.request(messages, model_settings, model_request_parameters)
        yield _Words(model_request_parameters=model_request_parameters, response=response)


@dataclass
class _Words(StreamedResponse):
    response: ModelResponse = field(kw_only=True)

    def __post_init__(self) -> None:
        self.provider_details = dict(DETAILS)
        self.finish_reason = "stop"

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        for place, part in enumerate(self.response.parts):
            if isinstance(part, TextPart):
                for word in re.findall(r"\S+\s*|\s+", part.content):
                    for event in self._parts_manager.handle_text_delta(vendor_part_id=place, content=word):
                        yield event
            elif isinstance(part, ToolCallPart):
                yield self._parts_manager.handle_tool_call_part(
                    vendor_part_id=place,
                    tool_name=part.tool_name,
                    args=part.args if isinstance(part.args, str) else dict(part.args or {}),
                    tool_call_id=part.tool_call_id,
                )

    @property
    def model_name(self) -> str:
        return MODEL_NAME

    @property
    def provider_name(self) -> str:
        return SYSTEM

    @property
    def provider_url(self) -> None:
        return None

    async def close_stream(self) -> None:
        """There is no connection to close: the whole response is here already."""

    @property
    def timestamp(self) -> datetime:
        return datetime.now(UTC)


def _next_parts(messages: list[ModelMessage], parameters: ModelRequestParameters) -> list[Any]:
    prompt, since = _latest_prompt(messages)
    request = without_blocks(prompt)[:LONGEST_REQUEST]
    variables = _variables(messages)
    tools = [offered(t.name, t.description, t.parameters_json_schema, t.metadata) for t in parameters.function_tools]
    calls = plan(request, variables, tools)
    answers = _answers(since)
    ids = [_call_id(len(messages) - len(since), place, call) for place, call in enumerate(calls)]
    if waiting := [(call_id, call) for call_id, call in zip(ids, calls, strict=True) if call_id not in answers]:
        return [ToolCallPart(call.tool, call.arguments, call_id) for call_id, call in waiting]
    outcomes = [Outcome(call, *answers[call_id]) for call_id, call in zip(ids, calls, strict=True)]
    text = answer(outcomes) if outcomes else _not_understood(variables, tools)
    if parameters.output_tools:
        return _structured(parameters, outcomes, text, len(messages))
    return [TextPart(text)]


def _latest_prompt(messages: list[ModelMessage]) -> tuple[str, list[ModelMessage]]:
    """The newest request of the person, and the messages from it on."""
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if isinstance(message, ModelRequest):
            prompts = [_text(part.content) for part in message.parts if isinstance(part, UserPromptPart)]
            if prompts:
                return "\n".join(prompts), messages[place:]
    return "", messages


def _text(content: Any) -> str:
    return content if isinstance(content, str) else " ".join(part for part in content if isinstance(part, str))


def _variables(messages: list[ModelMessage]) -> list[Variable]:
    """Every variable that any message describes; a later description replaces an earlier one."""
    texts = [
        text
        for message in messages
        if isinstance(message, ModelRequest)
        for text in (message.instructions or "", *(_part_text(part) for part in message.parts))
    ]
    return list({variable.name: variable for text in texts for variable in variables_in(text)}.values())


def _part_text(part: Any) -> str:
    content = getattr(part, "content", "")
    return (
        _text(content) if isinstance(part, UserPromptPart) or part.part_kind == "system-prompt" else str(content or "")
    )


def _answers(since: list[ModelMessage]) -> dict[str, tuple[str, bool]]:
    """What came back for each call: the text, and whether it is a refusal."""
    found: dict[str, tuple[str, bool]] = {}
    for message in since:
        for part in message.parts:
            if isinstance(part, ToolReturnPart):
                found[part.tool_call_id] = (part.model_response_str(), getattr(part, "outcome", "success") != "success")
            elif isinstance(part, RetryPromptPart) and part.tool_name:
                text = part.content if isinstance(part.content, str) else json.dumps(part.content, default=str)
                found[part.tool_call_id] = (text, True)
    return found


def _call_id(turn: int, place: int, call: PlannedCall) -> str:
    written = json.dumps([turn, place, call.tool, call.arguments], sort_keys=True, default=str)
    return f"call_{blake2b(written.encode(), digest_size=8).hexdigest()}"


def _not_understood(variables: list[Variable], tools: list[OfferedTool]) -> str:
    tables = [variable.name for variable in variables if variable.is_table]
    own = [tool.name for tool in tools if tool.parameter("variable") is None]
    return cannot_answer(tables, own, any(tool.parameter("variable") is not None for tool in tools))


def _structured(parameters: ModelRequestParameters, outcomes: list[Outcome], text: str, turn: int) -> list[Any]:
    texts = [outcome.text for outcome in outcomes if not outcome.has_failed]
    for tool in parameters.output_tools:
        if (value := fill(tool.parameters_json_schema, texts, text)) is not None:
            call = PlannedCall(tool.name, value, tool.name)
            return [ToolCallPart(tool.name, value, _call_id(turn, 0, call))]
    if parameters.allow_text_output:
        return [TextPart(text)]
    raise OfflineLimit(
        "the offline model found no source for every field of the structured output that was asked for",
        hint="name the fields as the tools name their results, or set a language model with --model",
    )
