"""One retry policy for every provider, and the one place where their errors become ours.

1. The providers' own clients do not retry (they are made so), or attempts would multiply.
2. Only what can pass by itself is tried again: too many requests, overload, server errors, lost connections.
3. A stream is tried again only while nothing of it was passed on.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from pydantic_ai import RunContext
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from victor_nb.models.errors import ModelBusy, ModelError, ModelRefused, ModelUnreachable

ATTEMPTS: Final = 4
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 60.0
_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_BUSY: Final = frozenset({429, 503, 529})


@dataclass(slots=True)
class Retries:
    """What is tried again, how often and when, and what failures become.

    Attributes:
        name: the model's, for errors.
        place: the provider's address, for errors.
        attempts: how often a request is tried in all.
    """

    name: str
    place: str
    attempts: int = ATTEMPTS
    first_wait_s: float = FIRST_WAIT_S

    async def wait_or_raise(self, failure: Exception, attempt: int) -> None:
        """Wait if the attempt may be made again, else raise our error."""
        may_pass = (isinstance(failure, ModelHTTPError) and failure.status_code in _PASSING) or _is_lost(failure)
        if not may_pass or attempt == self.attempts:
            raise self.translated(failure) from failure
        asked = _retry_after(failure)
        if asked is not None and asked > LONGEST_WAIT_S:
            raise self.translated(failure) from failure
        jittered = self.first_wait_s * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)
        await asyncio.sleep(asked if asked is not None else jittered)

    def translated(self, failure: Exception) -> Exception:
        """Our error for a provider's; anything that is not the provider's is passed on as it is."""
        name, where = self.name, self.place
        if isinstance(failure, ModelError):
            return failure
        if isinstance(failure, ModelHTTPError):
            said = _said(failure)
            if failure.status_code in _BUSY:
                return ModelBusy(
                    f"the model {name!r} has no room for us now: {said}", where, "wait, then resume the run"
                )
            if failure.status_code in (401, 403):
                return ModelRefused(
                    f"the provider refused the key for {name!r}: {said}", where, "check the key, then resume"
                )
            if failure.status_code == 404:
                return ModelRefused(f"the provider knows no model {name!r}: {said}", where, "victor models lists names")
            kind = ModelUnreachable if failure.status_code >= 500 else ModelRefused
            return kind(f"the provider answered {name!r} with an error: {said}", where, "see the message, then resume")
        if _is_lost(failure):
            return ModelUnreachable(
                f"no answer from the model {name!r}: {_root(failure)}",
                where,
                "check that the address is right and the server runs, then resume the run",
            )
        if isinstance(failure, UnexpectedModelBehavior) or type(failure).__name__ in (
            "JSONDecodeError",
            "ValidationError",
        ):
            return ModelUnreachable(
                f"the provider's answer for {name!r} cannot be read: {_root(failure)}", where, "resume to try again"
            )
        return failure


class RetryingModel(WrapperModel):
    """Tries again what may pass, waits as long as the provider asks, and raises our errors.

    Args:
        attempts: how often a request is tried in all.
        place: the provider's address, for errors.
    """

    def __init__(
        self, wrapped: Model, *, place: str, attempts: int = ATTEMPTS, first_wait_s: float = FIRST_WAIT_S
    ) -> None:
        super().__init__(wrapped)
        self.retries = Retries(wrapped.model_name, place, attempts, first_wait_s)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the model."""
        for attempt in range(1, self.retries.attempts + 1):
            try:
                return await self.wrapped.request(messages, model_settings, model_request_parameters)
            except Exception as failure:
                await self.retries.wait_or_raise(failure, attempt)
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Open a stream; what breaks while it is read is an error of ours, and is not tried again."""
        async with AsyncExitStack() as stack:
            for attempt in range(1, self.retries.attempts + 1):
                opening = self.wrapped.request_stream(messages, model_settings, model_request_parameters, run_context)
                try:
                    stream = await stack.enter_async_context(opening)
                    break
                except Exception as failure:
                    await self.retries.wait_or_raise(failure, attempt)
            try:
                yield stream
            except Exception as failure:
                raise self.retries.translated(failure) from failure


def _is_lost(failure: BaseException) -> bool:
    """Whether a connection failed, timed out or was cut, whichever library says so."""
    names = {cls.__name__ for one in _causes(failure) for cls in type(one).__mro__}
    lost = {"APIConnectionError", "APITimeoutError", "TransportError", "ConnectionError", "TimeoutError"}
    return (bool(names & lost) and not isinstance(failure, ModelHTTPError)) or type(failure) is ModelAPIError


def _causes(failure: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = failure
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def _root(failure: BaseException) -> str:
    last = _causes(failure)[-1]
    return str(last) or type(last).__name__


def _retry_after(failure: BaseException) -> float | None:
    """The seconds that the provider asks us to wait, from its Retry-After header (RFC 9110, 10.2.3)."""
    for one in _causes(failure):
        headers = getattr(getattr(one, "response", None), "headers", None) or {}
        text = headers.get("retry-after")
        if text is not None:
            try:
                return max(0.0, float(text))
            except ValueError:
                return None
    return None


def _said(failure: ModelHTTPError) -> str:
    body = failure.body
    message = body.get("message") or body.get("error") if isinstance(body, dict) else body
    message = message.get("message") if isinstance(message, dict) else message
    return f"HTTP {failure.status_code}{f', {message}' if message else ''}"
