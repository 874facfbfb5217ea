"""Agents: a name, a model, tools and a budget; running one gives a durable run and a result.

1. An agent is plain data and may be shared; what belongs to one run lives in `execution`.
2. Importing this module imports no agent framework; the first run does (or `warm()`, in a thread).
3. `run` is the one way to run; `run_sync` and `stream` are faces of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypedDict, Unpack

from victor_nb.agents.approvals import Approver
from victor_nb.agents.background import run_blocking
from victor_nb.agents.budget import Budget
from victor_nb.agents.checking import check_agent, check_ask
from victor_nb.agents.errors import FrameworkChanged
from victor_nb.agents.inside import inside
from victor_nb.agents.results import AgentResult, Output_co
from victor_nb.agents.selecting import ToolSelection
from victor_nb.agents.stream import AgentStream
from victor_nb.journal import Event, Journal, OnDoubt, ReplayMode, Run
from victor_nb.journal.following import open_followed
from victor_nb.journal.joined import current_run
from victor_nb.tools.caching.rules import CachedTools

if TYPE_CHECKING:
    from pydantic_ai.capabilities import AbstractCapability
    from pydantic_ai.models import Model
    from typing_extensions import TypeForm


EventSink = Callable[[Event], None]

_TEXT: Final[Any] = str  # the default of `Output_co` says so to type checkers, who could not know it from this


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to an agent, with everything that is not part of the agent itself.

    Attributes:
        outer: the run that the work is a part of, if it is no run of its own.
    """

    prompt: str | None
    journal: Journal
    run_id: str | None = None
    replay: ReplayMode = "record"
    approver: Approver | None = None
    variables: Mapping[str, object] | None = None
    on_event: EventSink | None = None
    on_doubt: OnDoubt | None = None
    outer: Run | None = None


class AskOptions(TypedDict, total=False):
    """What one request may say beside its prompt; see `Agent.run`."""

    run_id: str | None
    approver: Approver | None
    variables: Mapping[str, object] | None
    on_doubt: OnDoubt | None


class StreamOptions(AskOptions, total=False):
    """What a request may say that comes with its own place."""

    journal: Journal | str | None
    replay: ReplayMode | None


class RunOptions(StreamOptions, total=False):
    """Everything that a request may say."""

    on_event: EventSink | None


@dataclass(frozen=True)
class Agent(Generic[Output_co]):
    """Something that answers requests with a model and tools.

    Attributes:
        name: names the agent's runs; recordings are found by it.
        model: a name such as "openai:gpt-5", any pydantic-ai model, or None for the offline model.
        tools: functions, `@tool` functions and toolsets.
        instructions: what the model is told before every request.
        output: the type of the answer: `str`, a pydantic model, a dataclass, `list[int]`, …
        budget: what one run may spend.
        on_doubt: what a resumed run does about a tool that may or may not have had its effect.
        coordinators: pydantic-ai capabilities that watch or change the run, outermost first.
        tool_timeout_s: how long one tool call may take; None for no limit.
        tool_retries: how many failing calls of a tool in a row the model is asked to correct.
        select_tools: of many tools, how many a model is shown that fit the request, or a `ToolSelection` that also
            names pinned ones; 0 shows all. By default as the settings say, for agents with more than 20 tools.
        cache_tools: whose results are kept and given again: of tools that say so ("declared"), also of all "pure" or
            all "read" ones, or of none ("off"); None for as the settings say.

    Example:
        >>> from victor_nb import Agent, open_journal, tool
        >>> @tool(effect="pure")
        ... def double(number: int) -> int:
        ...     '''Double a number.'''
        ...     return 2 * number
        >>> agent, journal = Agent("counter", tools=[double]), open_journal("memory:")
        >>> result = agent.run_sync("double the number 21", journal=journal)
        >>> result.usage.tool_calls, "42" in result.text
        (1, True)
        >>> agent.run_sync("double the number 21", journal=journal, replay="strict").replayed
        True
    """

    name: str = "analyst"
    model: str | Model | None = None
    tools: Sequence[object] = ()
    instructions: str = ""
    output: TypeForm[Output_co] = _TEXT
    budget: Budget = field(default_factory=Budget)
    on_doubt: OnDoubt = "ask"
    coordinators: Sequence[AbstractCapability[None]] = ()
    tool_timeout_s: float | None = 300.0
    tool_retries: int = 2
    select_tools: ToolSelection | int | None = None
    cache_tools: CachedTools | None = None

    def __post_init__(self) -> None:
        check_agent(self)

    async def run(
        self,
        prompt: str | None = None,
        *,
        run_id: str | None = None,
        journal: Journal | str | None = None,
        replay: ReplayMode | None = None,
        approver: Approver | None = None,
        variables: Mapping[str, object] | None = None,
        on_event: EventSink | None = None,
        on_doubt: OnDoubt | None = None,
    ) -> AgentResult[Output_co]:
        """Answer one request.

        Args:
            prompt: the request; may be left out with `run_id`, whose prompt is then used again.
            run_id: an unfinished run to go on with; in a replay, the recording.
            journal: where the run is recorded, or the URL of that place. By default that of the run inside which this
                is called; else the one that the settings name, `.victor/victor.db` in the project's root, without the
                secrets that they know.
            replay: "record" does the work; "strict" answers from a recording of the same request and does
                nothing; "auto" answers from it and does what it lacks. By default "record"; in a notebook that a
                pipeline runs, what the pipeline says, which is "auto" unless it was told otherwise.
            approver: who is asked about calls that need approval; without one they stop the run.
            variables: what the model may look at, by name; nothing else of the caller's is shown to it.
            on_event: receives the run's events, live ones too, on the thread that writes them; must not block.
            on_doubt: overrides the agent's own for this attempt.

        Raises:
            UsageError: an argument that cannot be meant.
            BudgetExceeded, ApprovalDenied, StepInDoubt, RunStopped, ModelFailed: the run stopped and can be resumed.
            ReplayMiss: a strict replay came to something that is not recorded.
            RequestChanged: `run_id` was started with another request.
            RunNotFound, RunFinished, RunInUse: `run_id` is none that can be gone on with.
            UnknownModel, MissingKey, MissingExtra: there is no such model, or it lacks a key or a library.
        """
        if replay is None:
            place = inside() if run_id is None else None
            replay = place.replay if place is not None else "record"
        given = {"prompt": prompt, "run_id": run_id, "journal": journal, "replay": replay, "approver": approver}
        check_ask({**given, "variables": variables, "on_doubt": on_doubt})
        try:
            from victor_nb.agents.execution import execute
        except ImportError as error:
            raise FrameworkChanged(
                f"the installed agent framework does not fit: {error}", hint='pip install "pydantic-ai-slim>=2.62,<3"'
            ) from error
        outer = current_run() if journal is None and run_id is None else None
        ask = Ask(
            prompt,
            journal if isinstance(journal, Journal) else outer.journal if outer else default_journal(journal),
            run_id,
            replay,
            approver,
            variables,
            on_event,
            on_doubt,
            outer,
        )
        return await execute(self, ask)

    def run_sync(self, prompt: str | None = None, **options: Unpack[RunOptions]) -> AgentResult[Output_co]:
        """`run` for callers that do not await, also inside a running event loop (a notebook cell).

        The run lives on a background thread. A KeyboardInterrupt cancels it, waits until what it had started
        was ended, and leaves the run stopped and resumable.
        """
        return run_blocking(self.run(prompt, **options))

    def stream(self, prompt: str | None = None, **options: Unpack[StreamOptions]) -> AgentStream[Output_co]:
        """`run` as an async iterator of events, live text included; `.result` afterwards."""
        return AgentStream(lambda on_event: self.run(prompt, **options, on_event=on_event))


_journals: dict[tuple[object, ...], Journal] = {}


def default_journal(url: str | None = None) -> Journal:
    """Return the journal at `url`, or the one that the settings name; secrets that they know of never get into it.

    Settings are read anew, so that a key that was set meanwhile is known. One object a process, place and secrets,
    but a new one each time for "memory:".

    Raises:
        ConfigError: a settings file or variable is wrong.
        UsageError, JournalError: there can be no journal at that URL.
    """
    from victor_nb.config import Settings

    settings = Settings.load()
    secrets = settings.values_to_hide()
    if url == "memory:":
        return open_followed(url, settings)
    place = (os.getpid(), os.getcwd() if url else "", url or settings.journal_url, frozenset(secrets.items()))
    if place not in _journals:
        _journals[place] = open_followed(url or settings.journal_url, settings)
    return _journals[place]
