"""From words to a running agent: what `ask`, `resume` and `replay` share.

1. `Work` is everything one execution needs, decided before anything runs; `answered` runs it.
2. Tools are given in the order of their names, so that the same flags in another order are the same request.
3. Nothing of the user's namespace is read but the names that were given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from victor_nb.agents import Agent, AgentResult, Approver, Budget, PolicyApprover
from victor_nb.commands.answer import Answer
from victor_nb.commands.session import EventSink, Session
from victor_nb.config import Settings
from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Event, Journal, OnDoubt, ReplayMode
from victor_nb.tools import Tool, Toolset, Workbench, registry

DEFAULT_AGENT = "analyst"
INSTRUCTIONS = (
    "You answer questions about the user's data. Look at it with the tools before you answer, and cite the numbers "
    "that they return. Say so when the data cannot answer the question."
)
KERNEL_VARIABLES = "kernel_variables"
"""The toolset that every agent gets with its variables; asking for it by name adds nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """One execution of one agent, ready to begin.

    Attributes:
        prompt: what is asked; None to use the prompt of the run that is gone on with.
        run_id: the run to go on with, or the recording to replay.
        out: the variable that the answer is bound to; empty for none.
    """

    agent: Agent[object]
    journal: Journal
    approver: Approver
    prompt: str | None = None
    run_id: str | None = None
    replay: ReplayMode = "record"
    on_doubt: OnDoubt = "ask"
    variables: Mapping[str, Any] | None = None
    out: str = ""

    async def begin(self, on_event: EventSink) -> AgentResult[object]:
        """Run the agent to its end."""
        return await self.agent.run(
            self.prompt,
            run_id=self.run_id,
            journal=self.journal,
            replay=self.replay,
            approver=self.approver,
            variables=self.variables,
            on_event=on_event,
            on_doubt=self.on_doubt,
        )


async def answered(session: Session, work: Work) -> Answer:
    """Run the work under the face's live display, and bind its answer if that was asked for."""
    cell = session.cell()
    with session.watch(work.journal) as show:
        result = await work.begin(show)
    return _kept(session, work, Answer.of(result, lambda: cell is not None and session.cell() == cell))


async def begun(session: Session, work: Work) -> str:
    """Start the work as a task of its own and return its run id once it has one.

    Raises: whatever the run raises before it has an id.
    """
    loop = asyncio.get_running_loop()
    run_id: asyncio.Future[str] = loop.create_future()

    def keep(found: str) -> None:
        if not run_id.done():
            run_id.set_result(found)

    def note(event: Event) -> None:
        loop.call_soon_threadsafe(keep, event.run_id)

    async def quietly() -> None:
        _kept(session, work, Answer.of(await work.begin(note)))

    task = asyncio.create_task(quietly())
    session.tasks.add(task)
    task.add_done_callback(lambda ended: _forget(session, ended))
    both: tuple[asyncio.Future[Any], ...] = (task, run_id)
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not run_id.done():
        await task
    return await run_id


def _kept(session: Session, work: Work, answer: Answer) -> Answer:
    session.run_ids.append(answer.run_id)
    if work.out:
        session.bind(work.out, answer)
    return answer


def _forget(session: Session, task: asyncio.Task[None]) -> None:
    session.tasks.discard(task)
    if not task.cancelled():
        task.exception()  # it is in the journal; unread it would be printed into some later cell


def approver_for(session: Session, settings: Settings) -> Approver:
    """Return who decides about tool calls: the policy, and behind it the person that the face offers."""
    policy: Any = settings.allowlist if settings.approve == "allowlist" else settings.approve
    return PolicyApprover(policy, person=session.person)


def budget_of(settings: Settings) -> Budget:
    """Return the limits of the settings, as an agent keeps them."""
    return Budget(**settings.budget.model_dump())


def built_in_agent(session: Session, settings: Settings, tools: Sequence[Any]) -> Agent[object]:
    """Return the agent that answers when no other was named."""
    return Agent(
        name=DEFAULT_AGENT,
        model=model_of(settings, settings.model),
        tools=tools,
        instructions=INSTRUCTIONS,
        budget=budget_of(settings),
        on_doubt=settings.on_doubt,
        tool_timeout_s=settings.tool_timeout_s,
    )


def model_of(settings: Settings, name: str) -> Any:
    """Return the model of that name with the settings' keys, followed by the fallback models if there are any."""
    from victor_nb.models import fallback, resolve

    names = [part.strip() for one in (name, *settings.fallback_models) for part in one.split("|")]
    return fallback([resolve(one, api_key=settings.key_for(one.partition(":")[0])) for one in names])


def named_agent(session: Session, name: str) -> Agent[object] | None:
    """Return the agent that the user keeps under `name`; None for the built-in one.

    Raises: UsageError if the name is neither.
    """
    namespace = session.namespace or {}
    found = namespace.get(name)
    if isinstance(found, Agent):
        return found
    if name == DEFAULT_AGENT and found is None:
        return None
    known = [DEFAULT_AGENT, *(key for key, value in namespace.items() if isinstance(value, Agent))]
    reason = (
        f"{name!r} is of type {type(found).__name__}, not an agent"
        if found is not None
        else f"there is no agent {name!r}"
    )
    raise UsageError(f"{reason}.{nearest(name, known)}", hint='an agent is a variable: analyst = Agent(name="analyst")')


def with_settings(
    agent: Agent[object], settings: Settings, overrides: Mapping[str, object], tools: Sequence[Any]
) -> Agent[object]:
    """Return the user's agent with what flags of this call change about it."""
    changed: dict[str, Any] = {}
    if overrides.get("model") is not None:
        changed["model"] = model_of(settings, settings.model)
    limits = {
        name.partition(".")[2] for name, value in overrides.items() if name.startswith("budget.") and value is not None
    }
    if limits:
        changed["budget"] = replace(agent.budget, **{limit: getattr(settings.budget, limit) for limit in limits})
    if tools:
        changed["tools"] = [*agent.tools, *tools]
    return replace(agent, **changed)


def chosen_tools(
    session: Session, settings: Settings, names: Iterable[str], variables: Mapping[str, object]
) -> list[Tool]:
    """Return the tools that were asked for by name, in the order of their names.

    A name is a tool's or a toolset's in the registry, or a variable that holds one. The tools see `variables`, those
    that were named for the model, and nothing else of the user's namespace.

    Raises: UnknownTool naming the nearest.
    """
    bench = Workbench(variables, settings.root, session.execute)
    found: dict[str, Tool] = {}
    for name in names:
        if name == KERNEL_VARIABLES:
            continue
        found |= {tool.name: tool for tool in _tools_named(session, name, bench)}
    return [found[name] for name in sorted(found)]


def _tools_named(session: Session, name: str, bench: Workbench) -> Iterable[Tool]:
    own = (session.namespace or {}).get(name)
    if isinstance(own, Tool):
        return (own,)
    if isinstance(own, Toolset):
        return own.tools
    return registry.select([name], bench)
