"""What a caller gives an agent, looked at before anything runs: a slip is told by name, not by an AttributeError.

A misspelt `replay="strct"` must not turn a replay into a run that asks a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from victor_nb.agents.selecting import ToolSelection
from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Journal, OnDoubt, ReplayMode
from victor_nb.tools.caching.rules import CACHED_TOOLS

if TYPE_CHECKING:
    from victor_nb.agents.agent import Agent


def check_agent(agent: Agent[object]) -> None:
    """Raise UsageError for a field of an agent that cannot be meant."""
    where = f"agent {agent.name!r}"
    if not isinstance(agent.name, str) or not agent.name.strip():
        raise UsageError("an agent needs a name, by which its runs are found", where, 'Agent("analyst")')
    if callable(agent.tools) or isinstance(agent.tools, str):
        raise UsageError(f"tools is one {type(agent.tools).__name__}, not a list of them", where, "tools=[…]")
    if agent.model is not None and not isinstance(agent.model, str) and not hasattr(agent.model, "request"):
        raise UsageError(
            f"{agent.model!r} is neither the name of a model nor a model",
            where,
            'model="openai:gpt-5"; see victor models',
        )
    check_word("on_doubt", agent.on_doubt, get_args(OnDoubt))
    if agent.cache_tools is not None:
        check_word("cache_tools", agent.cache_tools, CACHED_TOOLS)
    if isinstance(agent.select_tools, int):
        ToolSelection(agent.select_tools)  # says what is wrong with it
    elif agent.select_tools is not None and not isinstance(agent.select_tools, ToolSelection):
        raise UsageError(
            f"select_tools={agent.select_tools!r}", where, "a number of tools, or ToolSelection(k, pinned)"
        )


def check_ask(options: Mapping[str, Any]) -> None:
    """Raise UsageError for an argument of `Agent.run` that cannot be meant."""
    prompt, journal, variables = options["prompt"], options["journal"], options["variables"]
    if (prompt is None and options["run_id"] is None) or (isinstance(prompt, str) and not prompt.strip()):
        raise UsageError("there is nothing to ask", hint="give a prompt, or the id of a run to go on with")
    if prompt is not None and not isinstance(prompt, str):
        raise UsageError(f"the prompt is of type {type(prompt).__name__}, not text", hint="data belongs into variables")
    if journal is not None and not isinstance(journal, str | Journal):
        raise UsageError(f"the journal is of type {type(journal).__name__}", hint="give a URL or open_journal(…)")
    if variables is not None and not isinstance(variables, Mapping):
        raise UsageError("the variables have no names", hint='variables={"df": df}')
    if options["approver"] is not None and not hasattr(options["approver"], "decide"):
        raise UsageError("the approver cannot be asked", hint="it needs: async def decide(self, request) -> Decision")
    check_word("replay", options["replay"], get_args(ReplayMode))
    if options["on_doubt"] is not None:
        check_word("on_doubt", options["on_doubt"], get_args(OnDoubt))


def check_word(name: str, given: object, known: tuple[str, ...]) -> None:
    """Raise UsageError, with the nearest one, for a word that is none of those that are known."""
    if given not in known:
        raise UsageError(f"{name}={given!r} is unknown.{nearest(str(given), known)}", hint=f"one of {', '.join(known)}")
