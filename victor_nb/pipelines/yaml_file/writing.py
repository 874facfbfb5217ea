"""From a spec to YAML: what was read from a file comes back as it means, but for comments, layout and shorter words.

What a file cannot say (functions without a name, workflows made in Python, rules for retries) is an error that names
it; nothing is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from victor_nb.pipelines.retrying import FailedWith
from victor_nb.pipelines.spec import (
    UNSET,
    AgentWork,
    ComputeWork,
    Node,
    NotebookWork,
    PipelineParameter,
    PipelineSpec,
    WorkflowWork,
)
from victor_nb.workflows.policies import RetryPolicy
from victor_nb.workflows.yaml_file.emitting import emitted
from victor_nb.workflows.yaml_file.errors import NotWritable
from victor_nb.workflows.yaml_file.handlers import importable
from victor_nb.workflows.yaml_file.type_names import name_of_type

Written = dict[str, Any]
_NOTHING: Final[tuple[object, ...]] = (None, "", [], {})
_RETRY: Final = {"wait": "wait_s", "factor": "factor", "max_wait": "max_wait_s", "jitter": "jitter"}


def pipeline_to_yaml(spec: PipelineSpec) -> str:
    """Return a pipeline as a YAML file has it.

    Raises:
        NotWritable: it has something that a file cannot say.
    """
    whole = {
        "pipeline": spec.name,
        "description": spec.about,
        "parameters": {one.name: _parameter(one) for one in spec.parameters},
        "notebooks": [_node(node) for node in spec.nodes],
    }
    return emitted({key: value for key, value in whole.items() if value not in _NOTHING})


def _parameter(one: PipelineParameter) -> Written:
    where = f"parameter {one.name!r}"
    said: Written = {"type": one.type}
    if one.default is not UNSET:
        said["default"] = _plain(one.default, where)
    if one.choices:
        said["choices"] = _plain(one.choices, where)
    if one.about:
        said["description"] = one.about
    return said


def _node(node: Node) -> Written:
    where = f"node {node.id!r}"
    said: Written = {"id": node.id, **_work(node, where)}
    optional = {
        "description": node.about,
        "parameters": _plain(node.parameters, where),
        "inputs": list(node.inputs),
        "outputs": list(node.outputs),
        "matrix": _plain(node.matrix, where),
        "when": node.when,
        "retry": _retry(node.retry, where),
        "timeout": _number(node.timeout_s),
    }
    said |= {key: value for key, value in optional.items() if value not in _NOTHING}
    if node.after is not None:
        said["after"] = list(node.after)
    if node.cache != (node.kind != "workflow"):
        said["cache"] = node.cache
    return said


def _work(node: Node, where: str) -> Written:
    work = node.work
    if isinstance(work, NotebookWork):
        said: Written = {
            "notebook": work.path,
            "kernel": work.kernel,
            "environment": dict(work.environment),
            "cell_timeout": _number(work.cell_timeout_s),
            "folder": work.folder,
            "engine": work.engine,
            "engine_options": _plain(work.engine_options, where),
        }
        return {key: value for key, value in said.items() if value not in _NOTHING}
    if isinstance(work, ComputeWork):
        return {"compute": work.function if isinstance(work.function, str) else _named(work.function, where)}
    if isinstance(work, WorkflowWork):
        return {"workflow": work.workflow if isinstance(work.workflow, str) else _origin(work.workflow, where)}
    return _agent(work, where)


def _origin(workflow: Any, where: str) -> str:
    origin: Mapping[str, str] = workflow.origin
    found = origin.get("file") or origin.get("import")
    if found is None:
        raise NotWritable(f"the workflow {workflow.name!r} was made in Python", where, "name it as module:name")
    return found


def _agent(work: AgentWork, where: str) -> Written:
    if isinstance(work.agent, str):
        return {"agent": work.agent, "goal": work.goal}
    agent = work.agent
    if not isinstance(agent.model, str):
        raise NotWritable(f"the model of the agent {agent.name!r} has no name: {agent.model!r}", where, "give its name")
    answer = name_of_type(agent.output)
    if answer == "any":
        raise NotWritable(f"the answer of the agent {agent.name!r} is a {agent.output!r}, which no file can say", where)
    said: Written = {"agent": agent.model, "goal": work.goal, "instructions": agent.instructions}
    said["tools"] = [_tool(tool, where) for tool in agent.tools]
    return {key: value for key, value in said.items() if value not in _NOTHING} | {"answer": answer}


def _tool(tool: Any, where: str) -> str:
    from victor_nb.tools import registry

    known = {one.name for one in (*registry, *registry.toolsets())}
    name = getattr(tool, "name", "")
    return name if name in known else _named(tool, where)


def _named(found: object, where: str) -> str:
    name = importable(found)
    if name is None:
        raise NotWritable(
            f"{found!r} cannot be found by a name", where, "define it in a module, outside of other functions"
        )
    return name


def _retry(policy: RetryPolicy | None, where: str) -> int | Written | None:
    if policy is None:
        return None
    on = list(policy.retry_on.names) if isinstance(policy.retry_on, FailedWith) else []
    if policy.stop_on or (not on and policy.retry_on is not Exception):
        raise NotWritable("it is tried again by rules that a file cannot say", where, "FailedWith((names, …))")
    defaults = RetryPolicy()
    said = {key: _number(getattr(policy, name)) for key, name in _RETRY.items()}
    changed = {key: value for key, value in said.items() if value != getattr(defaults, _RETRY[key])}
    if not changed and not on:
        return policy.attempts
    return {"attempts": policy.attempts, **changed, **({"on": on} if on else {})}


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and float(value).is_integer() else value


def _plain(value: object, where: str) -> Any:
    """Return a value as YAML has it; of Python's own, paths and dates become texts."""
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(one, where) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, where) for one in value]
    if isinstance(value, Path):
        return str(value)
    raise NotWritable(f"{value!r} is a {type(value).__name__}, which a file cannot say", where)
