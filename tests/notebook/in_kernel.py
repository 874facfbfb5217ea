"""What the tests bring into a kernel: an agent whose model follows a script, and tools that a test can watch.

Imported inside the kernel under test, so it uses nothing that a kernel's environment may lack.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from victor_nb import Agent, Effect, tool
from victor_nb.views import live


def stand_in_for_the_bundle() -> None:
    """Let the widget work where its front end is not built: the scripted front end needs no JavaScript."""
    if (live.STATIC / "run_view.js").is_file():
        return
    folder = Path(tempfile.mkdtemp())
    (folder / "run_view.js").write_text("export default {}")
    (folder / "run_view.css").write_text("")
    live.STATIC = folder  # type: ignore[misc]


@tool(approval=True, effect=Effect.EFFECT)
async def save(text: str) -> str:
    """Save a text to saved.txt.

    Args:
        text: what to save.
    """
    path = Path("saved.txt")
    path.write_text((path.read_text() if path.exists() else "") + text + "\n")
    return f"saved {text}"


@tool(effect=Effect.PURE)
async def note(text: str) -> str:
    """Say that a text was noted.

    Args:
        text: what to note.
    """
    return f"noted {text}"


@tool(effect=Effect.READ)
async def hang() -> str:
    """Wait for ever, unless a file says that it is enough."""
    if Path("go_on.txt").exists():
        return "went on"
    try:
        Path("hanging.txt").write_text("yes")
        await asyncio.sleep(3600)
    finally:
        Path("cancelled.txt").write_text("yes")
    return "never"


def scripted(*calls: tuple[str, dict[str, Any]], answer: str = "all done", tools: tuple[Any, ...] = ()) -> Agent:
    """An agent that makes these tool calls, one in each turn, and then answers."""
    from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import AgentInfo, FunctionModel

    def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        turn = sum(isinstance(message, ModelResponse) for message in messages)
        if turn < len(calls):
            name, arguments = calls[turn]
            return ModelResponse(parts=[ToolCallPart(name, arguments, tool_call_id=f"call-{turn}")])
        return ModelResponse(parts=[TextPart(answer)])

    return Agent(name="scripted", model=FunctionModel(respond, model_name="scripted"), tools=[save, note, hang, *tools])
