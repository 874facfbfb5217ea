"""Agents as nodes: what of the state an agent is asked, and which key its answer is written to.

1. An agent inside a workflow is a part of the workflow's run: its requests and tool calls are steps below its node.
2. The agent's room is imported where an agent runs, and no earlier.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from victor_nb.workflows.errors import InvalidState
from victor_nb.workflows.state import Schema

if TYPE_CHECKING:
    from victor_nb.agents import Agent
    from victor_nb.workflows.runtime import Runtime

Prompt = str | Callable[[Any], str] | None

ASKED: Final = ("prompt", "question", "task", "topic", "input")
"""Keys of a state that hold what an agent is asked, where its node does not say."""
ANSWERED: Final = ("answer", "result", "output")
MESSAGES: Final = "messages"


def agent_call(
    name: str, agent: Agent[object], schema: Schema, prompt: Prompt, output: str | None
) -> Callable[..., Any]:
    """Return the function that a node calls to have an agent answer.

    Args:
        prompt: a text with {keys} of the state, or a function of the state; by default what the first key of ASKED
            holds, else the last message, else the whole state.
        output: the key for the answer; by default the node's name, a key of ANSWERED, or a message.

    Raises:
        ValueError: the state has no key for the answer.
    """
    key = output or _key_of(name, schema)

    async def ask(state: Any, runtime: Runtime) -> dict[str, Any]:
        values = _values(schema, state)
        result = await agent.run(_asked(name, values, state, prompt))
        if key == MESSAGES:
            return {key: [{"role": "assistant", "name": name, "content": result.text}]}
        return {key: result.data}

    return ask


def _key_of(name: str, schema: Schema) -> str:
    found = next((one for one in (name, *ANSWERED, MESSAGES) if one in schema.keys), None)
    if found is None:
        raise ValueError(
            f"agent node {name!r} has no key of the state to write to; say which: add_node({name!r}, agent, output=…)"
        )
    return found


def _values(schema: Schema, state: Any) -> Mapping[str, Any]:
    if isinstance(state, Mapping):
        return state
    return {key: getattr(state, key) for key in schema.keys if hasattr(state, key)}


def _asked(name: str, values: Mapping[str, Any], state: Any, prompt: Prompt) -> str:
    if callable(prompt):
        return prompt(state)
    if prompt is not None:
        try:
            return prompt.format_map(values)
        except KeyError as failure:
            raise InvalidState(
                f"the prompt of node {name!r} needs {failure.args[0]!r}, which has no value yet",
                hint=f"the state has: {', '.join(values) or 'nothing'}",
            ) from failure
    for key in ASKED:
        if isinstance(values.get(key), str):
            return str(values[key])
    if values.get(MESSAGES):
        return _text_of(values[MESSAGES][-1])
    return json.dumps(dict(values), default=str, ensure_ascii=False)


def _text_of(message: Any) -> str:
    if isinstance(message, Mapping):
        return str(message.get("content", message))
    return str(getattr(message, "content", message))
