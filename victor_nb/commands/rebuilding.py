"""A run's agent, built again from what the journal knows of its request.

1. The journal keeps names, not objects: tools and variables are looked up again, and the agent room checks that
   they are the same by their digests.
2. What cannot be built again is an error that says which flag or cell brings it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from victor_nb.agents import Agent
from victor_nb.commands import asking
from victor_nb.commands.flags import read_variables
from victor_nb.commands.session import Session
from victor_nb.config import Settings
from victor_nb.errors import UsageError, VictorError
from victor_nb.journal import ReplayMode, RunInfo
from victor_nb.tools import kernel_variables


def rebuilt(
    session: Session,
    settings: Settings,
    info: RunInfo,
    arguments: Mapping[str, object],
    flags: Mapping[str, Any],
    replay: ReplayMode = "record",
) -> asking.Work:
    """Return the work that goes on with, or replays, an agent's run.

    Raises: UsageError if the run was no agent's, or needs a variable, tool or agent that is not here.
    """
    if info.kind != "agent":
        raise UsageError(f"run {info.run_id} is a {info.kind}, not an agent's run", hint=f"victor show {info.run_id}")
    journal = session.journal(settings)
    request = journal.request(info)
    variables = _variables(session, info, request, flags)
    return asking.Work(
        _agent(session, settings, info, request, arguments, variables),
        journal,
        asking.approver_for(session, settings),
        run_id=info.run_id,
        replay=replay,
        on_doubt=settings.on_doubt,
        variables=variables,
        out=flags.get("out", ""),
    )


def _variables(session: Session, info: RunInfo, request: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    given = read_variables(session, flags["variables"], flags["data"])
    missing = [name for name in request.get("variables", {}) if name not in given]
    if missing and session.namespace is None:
        files = " ".join(f"--data {name}=FILE" for name in missing)
        raise UsageError(
            f"the agent looked at {', '.join(missing)}, which is not here", f"run {info.run_id}", f"add {files}"
        )
    return given | session.variables(missing)


def _agent(
    session: Session,
    settings: Settings,
    info: RunInfo,
    request: Mapping[str, Any],
    arguments: Mapping[str, object],
    variables: Mapping[str, object],
) -> Agent[object]:
    own = _users_agent(session, info.name)
    if own is not None:
        return asking.with_settings(own, settings, arguments, _extra_tools(session, settings, request, own, variables))
    if request.get("output", "text") != "text":
        raise UsageError(
            f"the agent {info.name!r} gives a structured answer and is not here",
            f"run {info.run_id}",
            "run the cell that defines it, then resume",
        )
    tools = asking.chosen_tools(session, settings, _tool_names(request, bool(variables)), variables)
    return Agent(
        name=info.name,
        model=_model(settings, info, str(request.get("model", "")), arguments),
        tools=tools,
        instructions=str(request.get("instructions", "")),
        budget=asking.budget_of(settings),
        on_doubt=settings.on_doubt,
        tool_timeout_s=settings.tool_timeout_s,
    )


def _model(settings: Settings, info: RunInfo, recorded: str, arguments: Mapping[str, object]) -> Any:
    """Return the model that the run was answered by: the one in the settings if it is that, else by its own id."""
    try:
        usual = asking.model_of(settings, settings.model)
    except VictorError:
        if arguments.get("model"):
            raise
        usual = None
    if usual is not None and (arguments.get("model") or usual.model_id == recorded):
        return usual
    try:
        return asking.model_of(Settings(secrets=settings.secrets, root=settings.root), recorded)
    except VictorError as error:
        raise UsageError(
            f"the run was answered by {recorded!r}, which cannot be used here: {error.what}",
            f"run {info.run_id}",
            error.hint or "say which model that was: --model MODEL",
        ) from error


def _users_agent(session: Session, name: str) -> Agent[object] | None:
    """Return the agent object of that name that the user has defined, if there is one."""
    found = [value for value in (session.namespace or {}).values() if isinstance(value, Agent)]
    return next((agent for agent in found if agent.name == name), None)


def _extra_tools(
    session: Session,
    settings: Settings,
    request: Mapping[str, Any],
    agent: Agent[object],
    variables: Mapping[str, object],
) -> list[Any]:
    """Return the tools that the run had and the agent itself does not: those of `--tools`."""
    from victor_nb.agents.tooling import tools_in

    own = tools_in(agent.tools)
    return asking.chosen_tools(
        session, settings, [name for name in _tool_names(request, bool(variables)) if name not in own], variables
    )


def _tool_names(request: Mapping[str, Any], has_variables: bool) -> list[str]:
    """Return the run's tools but for those that come with the variables by themselves."""
    automatic = {tool.name for tool in kernel_variables({})} if has_variables else set()
    return [name for name in request.get("tools", {}) if name not in automatic]
