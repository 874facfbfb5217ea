"""From a `Workflow` to YAML: what was loaded from a file comes back as it was written, but for comments and layout.

1. Nodes of a file bring their own words. Functions that were added in Python are written as `module:function`, whose
   answer is an update of the state (`output: "*"`).
2. What a file cannot say (routes, cycles, functions without a name) is an error that names it; nothing is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from victor_nb.workflows.graph import Workflow
from victor_nb.workflows.nodes import NodeSpec
from victor_nb.workflows.policies import CachePolicy, RetryPolicy
from victor_nb.workflows.reducers import name_of
from victor_nb.workflows.shape import END, START
from victor_nb.workflows.yaml_file.arguments import call_of
from victor_nb.workflows.yaml_file.emitting import emitted
from victor_nb.workflows.yaml_file.errors import NotWritable
from victor_nb.workflows.yaml_file.handlers import importable
from victor_nb.workflows.yaml_file.node_types.compute import ComputeFields
from victor_nb.workflows.yaml_file.ordering import dependencies
from victor_nb.workflows.yaml_file.state_types import FileInput
from victor_nb.workflows.yaml_file.templated import SKIPPED, WHOLE, TemplatedNode
from victor_nb.workflows.yaml_file.type_names import name_of_type

Written = dict[str, Any]


def workflow_to_yaml(workflow: Workflow) -> str:
    """Return the workflow as a YAML file has it.

    Raises:
        NotWritable: it has something that a file cannot say.
    """
    given = workflow.schemas[1].type
    file = given._words if isinstance(given, type) and issubclass(given, FileInput) else None
    before = _before(workflow)
    nodes = {name: _node(workflow, spec) for name, spec in workflow.nodes.items()}
    if file is None or before != _implied(workflow):
        for name, node in nodes.items():
            node["depends_on"] = list(before[name])
    whole: Written = {"workflow": workflow.name, "description": workflow.about}
    if file is not None:
        whole |= file.model_dump(exclude_unset=True, include={"handlers", "state"})
    else:
        whole["state"] = _state(workflow)
    whole["nodes"] = [_in_order(node) for node in nodes.values()]
    return emitted({key: value for key, value in whole.items() if value not in ("", {}, [])})


def _in_order(node: Written) -> Written:
    return {key: node[key] for key in ("id", "type", *node) if key in node}


def _refuse(workflow: Workflow, what: str, hint: str = "") -> NotWritable:
    return NotWritable(what, f"workflow {workflow.name!r}", hint)


# -- order -------------------------------------------------------------------------------------------------------------


def _before(workflow: Workflow) -> dict[str, tuple[str, ...]]:
    """Return what each node waits for."""
    if workflow.routes:
        source = next(iter(workflow.routes))
        raise _refuse(workflow, f"after {source!r} a function decides", "say it with `when:` on the nodes it leads to")
    found: dict[str, list[tuple[str, ...]]] = {name: [] for name in workflow.nodes}
    for source, target in workflow.edges:
        if target != END:
            found[target].append(() if source == START else (source,))
    order = list(workflow.nodes)
    for join in workflow.joins:
        if join.target != END:
            found[join.target].append(tuple(sorted(join.sources, key=order.index)))
    for name, ways in found.items():
        if len(ways) != 1:
            what = f"node {name!r} begins in {len(ways)} ways; in a file it waits for all that is before it"
            raise _refuse(workflow, what, f"add_edge([…], {name!r})")
    return {name: ways[0] for name, ways in found.items()}


def _implied(workflow: Workflow) -> dict[str, tuple[str, ...]]:
    """Return what each node would wait for if the file said no more than the nodes do."""
    calls: dict[str, Any] = {name: spec.call for name, spec in workflow.nodes.items()}
    nodes: dict[str, TemplatedNode] = {name: one for name, one in calls.items() if isinstance(one, TemplatedNode)}
    if len(nodes) < len(workflow.nodes):
        return {}
    writers = {key: name for name, node in nodes.items() for key in node.writes}
    said, reads = {}, {}
    for name, node in nodes.items():
        depends_on = node.fields.depends_on
        if depends_on is not None:
            said[name] = (depends_on,) if isinstance(depends_on, str) else tuple(depends_on)
        declared = node.declared
        reads[name] = {writers[key] for key in node.reads() if key in writers and key not in declared}
    return dependencies(list(nodes), said, reads)


# -- nodes -------------------------------------------------------------------------------------------------------------


def _node(workflow: Workflow, spec: NodeSpec) -> Written:
    if isinstance(spec.call, TemplatedNode):
        return {key: _plain(value) for key, value in spec.call.fields.model_dump(exclude_unset=True).items()}
    if spec.kind != "function" or spec.inside is not None:
        what = f"node {spec.name!r} is a Python object of kind {spec.kind!r}"
        raise _refuse(workflow, what, f"in a file it is a node of `type: {spec.kind}`")
    for name, value in (("defer", spec.defer), ("on_error", spec.on_error), ("input", spec.input), ("ends", spec.ends)):
        if value or (name == "ends" and value is None):
            raise _refuse(workflow, f"node {spec.name!r} has {name}, which a file cannot say")
    return {"id": spec.name, "handler": _handler(workflow, spec), "output": WHOLE, **_options(workflow, spec)}


def _plain(value: Any) -> Any:
    """Write 300 for 300.0 seconds."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _handler(workflow: Workflow, spec: NodeSpec) -> str:
    name = importable(spec.call)
    if name is None:
        what = f"the function of node {spec.name!r} cannot be found by a name: {spec.call!r}"
        raise _refuse(workflow, what, "define it in a module, outside of other functions")
    values = frozenset({*workflow.schemas[0].keys, *workflow.nodes})
    call = call_of(spec.call, values, None)
    if not call.whole and (call.by_place or call.by_name):
        first = (call.by_place or call.by_name)[0]
        what = f"the function of node {spec.name!r} calls the whole state {first!r}, which is one of its values"
        raise _refuse(workflow, what, "call the parameter `state`")
    return name


def _options(workflow: Workflow, spec: NodeSpec) -> Written:
    said: Written = {}
    if spec.retry:
        said["retry"] = _retry(workflow, spec)
    if spec.timeout is not None:
        if spec.timeout.idle_s is not None:
            raise _refuse(workflow, f"node {spec.name!r} has idle_s, which a file cannot say")
        said["timeout"] = spec.timeout.run_s
    if spec.cache is not None:
        if spec.cache != CachePolicy(ttl_s=spec.cache.ttl_s):
            raise _refuse(workflow, f"node {spec.name!r} has a cache with a key or version of its own")
        said["cache"] = {"ttl": spec.cache.ttl_s} if spec.cache.ttl_s is not None else True
    if spec.effect != "pure":
        said["effect"] = str(spec.effect)
    if spec.on_doubt is not None:
        said["on_doubt"] = spec.on_doubt
    if spec.metadata.get("checkpoint"):
        said["checkpoint"] = True
    ComputeFields.model_validate({"id": spec.name, "handler": "checked", **said})
    return said


def _retry(workflow: Workflow, spec: NodeSpec) -> Written:
    policy = spec.retry[0]
    kinds = policy.retry_on if isinstance(policy.retry_on, tuple) else (policy.retry_on,)
    names = [_exception(kind) for kind in kinds]
    if len(spec.retry) > 1 or policy.stop_on or None in names:
        what = f"node {spec.name!r} is tried again by rules that a file cannot say"
        raise _refuse(workflow, what, "one RetryPolicy, with exception classes that can be imported")
    defaults = RetryPolicy()
    said: Written = {"attempts": policy.attempts}
    for name, value in (("wait", "wait_s"), ("factor", "factor"), ("max_wait", "max_wait_s"), ("jitter", "jitter")):
        if getattr(policy, value) != getattr(defaults, value):
            said[name] = getattr(policy, value)
    return {**said, **({"on": names} if names != ["Exception"] else {})}


def _exception(kind: object) -> str | None:
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    return kind.__name__ if kind.__module__ == "builtins" else importable(kind)


# -- state -------------------------------------------------------------------------------------------------------------


def _state(workflow: Workflow) -> Written:
    schema = workflow.schemas[0]
    initial = schema.initial()
    found: Written = {}
    for name, channel in schema.channels.items():
        said: Written = {"type": name_of_type(channel.type)}
        if channel.is_ephemeral:
            raise _refuse(workflow, f"{name!r} is ephemeral, which a file cannot say")
        if channel.reducer is not None:
            said["reducer"] = name_of(channel.reducer) or importable(channel.reducer)
            if said["reducer"] is None:
                raise _refuse(workflow, f"the reducer of {name!r} cannot be found by a name")
        if name in initial and not (channel.reducer is not None and not initial[name]):
            said["default"] = _value(workflow, name, initial[name])
        found[name] = said if len(said) > 1 else said["type"]
    return {name: said for name, said in found.items() if name != SKIPPED}


def _value(workflow: Workflow, name: str, value: Any) -> Any:
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, list):
        return [_value(workflow, name, one) for one in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _value(workflow, name, one) for key, one in value.items()}
    raise _refuse(workflow, f"the default of {name!r} is a {type(value).__name__}, which a file cannot say")
