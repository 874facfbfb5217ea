"""How the engine is to treat a node: what `retry`, `timeout`, `cache`, `effect` and their like say."""

from __future__ import annotations

import builtins
from typing import Any

from victor_nb.journal import Effect, OnDoubt
from victor_nb.workflows.policies import CachePolicy, RetryPolicy
from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.fields import CacheFields, NodeFields, RetryFields
from victor_nb.workflows.yaml_file.handlers import NotFound
from victor_nb.workflows.yaml_file.state_types import part_type
from victor_nb.workflows.yaml_file.templated import TemplatedNode, Work


def options(fields: NodeFields, node: TemplatedNode, building: Building) -> dict[str, Any]:
    """Return what `Workflow.add_node` is given besides the node; mistakes are noted."""
    effect, on_doubt = _doubt(fields, node.work, building)
    return {
        "retry": _retry(fields, building),
        "timeout_s": fields.timeout,
        "cache": _cache(fields, node),
        "effect": effect,
        "on_doubt": on_doubt,
        "input": None if node.sees is None else part_type(node.sees),
        "kind": node.work.kind,
        "about": fields.description or node.work.about,
        "shape": node.work.inside.shape() if node.work.inside else None,
        "metadata": {"checkpoint": True} if fields.checkpoint else {},
        "ends": () if not node.work.source.commands else None,
    }


def _retry(fields: NodeFields, building: Building) -> RetryPolicy | None:
    if fields.retry is None:
        return None
    said = fields.retry
    if not isinstance(said, RetryFields):
        said = RetryFields.model_validate({"attempts": said})
    kinds = tuple(kind for name in said.on if (kind := _exception(name, building)) is not None)
    return RetryPolicy(said.attempts, said.wait, said.factor, said.max_wait, said.jitter, kinds or Exception)


def _exception(name: str, building: Building) -> type[Exception] | None:
    try:
        found = getattr(builtins, name, None) or building.handlers.named(name)
    except NotFound as nothing:
        building.note("retry", f"there is no exception {name!r}", nothing.hint)
        return None
    if isinstance(found, type) and issubclass(found, Exception):
        return found
    building.note("retry", f"{name!r} is no kind of exception", "such as ConnectionError, or module:Class")
    return None


def _cache(fields: NodeFields, node: TemplatedNode) -> CachePolicy | None:
    if fields.cache is None or fields.cache is False:
        return None
    ttl_s = fields.cache.ttl if isinstance(fields.cache, CacheFields) else None
    return CachePolicy(node.cache_key, ttl_s)


def _doubt(fields: NodeFields, work: Work, building: Building) -> tuple[Effect, OnDoubt | None]:
    """Return what is known of a node's effect, and what to do about it when nobody knows whether it happened."""
    effect = Effect(fields.effect) if fields.effect else work.effect or Effect.PURE
    if fields.resume_on_failure:
        return effect, fields.on_doubt
    for key, value in (("effect", fields.effect), ("on_doubt", fields.on_doubt)):
        if value is not None and value not in ("effect", "ask"):
            what = f"resume_on_failure: false has a person asked, and {key}: {value} does not"
            building.note(key, what, "keep one of them")
    return Effect.EFFECT, "ask"
