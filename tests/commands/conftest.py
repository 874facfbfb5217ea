"""A session in a project of its own, agents that follow a script, and a shorthand for calling verbs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from tests.support.environment import without_settings
from victor_nb.agents import Agent
from victor_nb.commands import Session, invoke
from victor_nb.journal import Event, Journal
from victor_nb.tools import tool

Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_settings(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def seen() -> list[Event]:
    """The events that the session's display was shown."""
    return []


@pytest.fixture
def session(tmp_path: Path, seen: list[Event]) -> Iterator[Session]:
    """A session with a namespace, as a kernel has one."""

    @contextmanager
    def watch(journal: Journal) -> Iterator[Callable[[Event], None]]:
        yield seen.append

    made = Session(namespace={}, watch=watch, start=tmp_path)
    yield made
    made.close()


@pytest.fixture
def call(session: Session) -> Call:
    """`call("runs", "--limit", "3")` calls a verb and waits for its view."""

    def run(*argv: str, body: str | None = None, within: Session | None = None) -> Any:
        result = invoke(argv, within or session, body)
        return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result

    return run


async def _awaited(result: Any) -> Any:
    return await result


def saying(text: str) -> FunctionModel:
    """A model that answers everything with `text`, and counts how often it was asked in `.asked`."""

    def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse(parts=[TextPart(text)])

    return FunctionModel(respond, model_name="scripted")


def calling(name: str, arguments: dict[str, Any]) -> FunctionModel:
    """A model that calls one tool, then tells what it returned."""

    def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        returned = [part for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]
        if not returned:
            return ModelResponse(parts=[ToolCallPart(name, arguments, tool_call_id="call-1")])
        return ModelResponse(parts=[TextPart(f"{name} said: {returned[-1].content}")])

    return FunctionModel(respond, model_name="scripted")


def careful_agent(sent: list[str]) -> Agent:
    """An agent whose one tool needs approval and notes what it did in `sent`."""

    @tool(approval=True)
    def send_mail(to: str) -> str:
        """Send a mail.

        Args:
            to: the address.
        """
        sent.append(to)
        return f"sent to {to}"

    return Agent(name="postman", model=calling("send_mail", {"to": "ada@example.org"}), tools=[send_mail])
