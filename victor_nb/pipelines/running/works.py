"""What each kind of node does besides running notebooks: functions, agents, workflows; and what identifies it.

A work knows nothing of caches, retries and other nodes: it is given values and returns one.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Redactor, ReplayMiss
from victor_nb.pipelines.caching.fingerprint import Part
from victor_nb.pipelines.caching.parts import code_part, text_part, value_part
from victor_nb.pipelines.running.around import Around
from victor_nb.pipelines.running.given import Given
from victor_nb.pipelines.running.uses import used_by
from victor_nb.pipelines.spec import AgentWork, ComputeWork, WorkflowWork
from victor_nb.workflows.sources import read
from victor_nb.workflows.yaml_file.handlers import Handlers, NotFound, Reference

if TYPE_CHECKING:
    from victor_nb.agents import Agent
    from victor_nb.workflows import Workflow

_MODULE_AND_NAME: Final = re.compile(r"[\w.]+:[\w.]+")


def function_of(work: ComputeWork, base: Path) -> Callable[..., Any]:
    """Return the function of a node, imported where only its place is said: from beside the pipeline first.

    Raises:
        UsageError: there is no such function.
    """
    if not isinstance(work.function, str):
        return work.function
    if (beside := _beside(work, base)) is not None:
        try:
            return beside.load()
        except NotFound as nothing:
            raise UsageError(f"there is no function {work.function!r}: {nothing.what}", hint=nothing.hint) from nothing
    module_name, _, name = work.function.partition(":")
    try:
        module = import_module(module_name)
        found: Any = functools.reduce(getattr, name.split("."), module)
    except ImportError as failure:
        raise UsageError(f"the function {work.function!r} cannot be imported: {failure}", str(base)) from failure
    except AttributeError as failure:
        known = nearest(name, [one for one in vars(module) if not one.startswith("_")])
        raise UsageError(f"module {module_name!r} has no function {name!r}.{known}") from failure
    if not callable(found):
        raise UsageError(f"{work.function!r} is {type(found).__name__}, which cannot be called")
    return cast(Callable[..., Any], found)


def _beside(work: ComputeWork, base: Path) -> Reference | None:
    """Return where a function is if its module is a file of the pipeline's folder; it is imported anew when changed."""
    if not isinstance(work.function, str):
        return None
    module, _, name = work.function.partition(":")
    file = base / (module if module.endswith(".py") else f"{module.replace('.', '/')}.py")
    return Reference(str(file.resolve()), name) if file.is_file() else None


def _called(function: Reference, parameters: Mapping[str, object]) -> Any:
    """Call a function of a file where that is: another process does not know the module that was made of it here."""
    return function.load()(**parameters)


def compute_parts(work: ComputeWork, given: Given, base: Path, redactor: Redactor) -> dict[str, Part]:
    """What a function's result depends on."""
    function, name = function_of(work, base), given.member.node
    parts = {f"the code of {name}": code_part(read(function).hash), f"what {name} uses": code_part(used_by(function))}
    return parts | {f"parameter {one}": value_part(value, redactor) for one, value in given.parameters.items()}


async def computed(work: ComputeWork, given: Given, around: Around) -> Any:
    """Call a function; one that is no coroutine runs in a thread, or where the executor has it run."""
    call = functools.partial(function_of(work, around.base), **given.parameters)
    if inspect.iscoroutinefunction(call.func):
        return await call()
    if around.executor is not None:
        beside = _beside(work, around.base)
        return await around.executor.submit(functools.partial(_called, beside, given.parameters) if beside else call)
    context = copy_context()
    said = await around.runtime.threads.run(functools.partial(context.run, call))
    return await said if isinstance(said, Awaitable) else said


def agent_of(work: AgentWork) -> Agent[object]:
    """Return the agent of a node: it, or one with no tools for the model that is named."""
    if not isinstance(work.agent, str):
        return work.agent
    from victor_nb.agents import Agent

    return Agent(model=work.agent)


def agent_parts(work: AgentWork, given: Given, redactor: Redactor) -> dict[str, Part]:
    """What an agent's answer depends on, as far as it can be known before it is asked."""
    from victor_nb.agents.output import schema_of
    from victor_nb.agents.tooling import tools_in

    agent = agent_of(work)
    tools = tools_in(agent.tools)
    return {
        "model": text_part(agent.model if isinstance(agent.model, str) else repr(agent.model), redactor),
        "instructions": text_part(agent.instructions, redactor),
        "goal": text_part(given.goal, redactor),
        "tools": code_part(" ".join(f"{name} {read(tool).hash}" for name, tool in tools.items())),
        "output": code_part(json.dumps(schema_of(agent.output))),
    }


async def asked(work: AgentWork, given: Given, around: Around) -> Any:
    """Ask an agent; its steps are a part of this run, so that what it was told is never paid for twice.

    Raises:
        ReplayMiss: the run may ask no model.
    """
    if around.replay == "strict":
        raise ReplayMiss(
            f"{given.member.id} has no answer in the cache, and a strict run asks no model",
            f"run {around.run.id}",
            "run it once with --replay auto; if its goal has changed, that is why",
        )
    result = await agent_of(work).run(given.goal)
    return result.data if result.data is not None else result.text


def workflow_of(work: WorkflowWork, base: Path) -> Workflow:
    """Return the workflow of a node, read from its file, or imported from its module, where only that is said.

    Raises:
        UsageError: there is no workflow of that name in a module.
    """
    if not isinstance(work.workflow, str):
        return work.workflow
    from victor_nb.workflows import Workflow, load_workflow

    if _MODULE_AND_NAME.fullmatch(work.workflow) is None:
        return load_workflow(base / work.workflow)
    try:
        found = Handlers({}, (), base / "pipeline.yaml").named(work.workflow)
    except NotFound as nothing:
        raise UsageError(f"there is no workflow {work.workflow!r}: {nothing.what}", hint=nothing.hint) from nothing
    if not isinstance(found, Workflow):
        raise UsageError(f"{work.workflow!r} is a {type(found).__name__}, not a workflow")
    return found


def workflow_parts(work: WorkflowWork, given: Given, base: Path, redactor: Redactor) -> dict[str, Part]:
    """What a workflow's output depends on."""
    plan = workflow_of(work, base).plan()
    parts = {f"node {name} of the workflow": code_part(source) for name, source in sorted(plan.sources().items())}
    return parts | {f"parameter {name}": value_part(value, redactor) for name, value in given.parameters.items()}


async def worked(work: WorkflowWork, given: Given, around: Around) -> Any:
    """Run a workflow as a part of this run."""
    result = await workflow_of(work, around.base).run(dict(given.parameters))
    return result.state if isinstance(result.state, dict) else vars(result.state)
