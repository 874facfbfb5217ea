"""Why a node would run if the pipeline were run now; nothing is run, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import Any

from victor_nb.errors import VictorError
from victor_nb.journal import Redactor
from victor_nb.pipelines.caching.cache import Cache
from victor_nb.pipelines.results import joined
from victor_nb.pipelines.running.given import given_to, is_due
from victor_nb.pipelines.running.matrix import Member, members
from victor_nb.pipelines.running.preparing import prepared
from victor_nb.pipelines.spec import Node, PipelineSpec


def whys(
    spec: PipelineSpec,
    needs: Mapping[str, Mapping[str, str]],
    parameters: Mapping[str, Any],
    cache: Cache,
    redactor: Redactor,
) -> dict[str, str]:
    """Return for every member why it would run; empty for one that would come from the cache, or be skipped.

    Of nodes that need something that would run first, it is told what that is: whether they run too depends on what
    comes of it.
    """
    explained = _Explained(spec, needs, parameters, cache, redactor)
    for name in TopologicalSorter({node: list(found) for node, found in needs.items()}).static_order():
        explained.look_at(name)
    order = {node.id: place for place, node in enumerate(spec.nodes)}
    return dict(sorted(explained.told.items(), key=lambda item: order[item[0].partition("[")[0]]))


class _Explained:
    def __init__(
        self,
        spec: PipelineSpec,
        needs: Mapping[str, Mapping[str, str]],
        parameters: Mapping[str, Any],
        cache: Cache,
        redactor: Redactor,
    ) -> None:
        self.told: dict[str, str] = {}
        self._nodes = {node.id: node for node in spec.nodes}
        self._base, self._needs, self._parameters = spec.folder.resolve(), needs, parameters
        self._cache, self._redactor = cache, redactor
        self._values: dict[str, Any] = {}
        self._runs: set[str] = set()
        self._restored: dict[str, str] = {}

    def look_at(self, name: str) -> None:
        """Find out about one node; those that it needs were looked at before."""
        node = self._nodes[name]
        if before := [one for one in self._needs[name] if one in self._runs]:
            self._runs.add(name)
            self.told[name] = f"it needs {before[0]}, which runs first"
            return
        scope = {**self._parameters, **{one: self._values[one] for one in self._needs[name]}}
        try:
            found = [(one, *self._member(node, one, scope)) for one in members(name, node.matrix, scope)]
        except VictorError as failure:
            self.told[name] = failure.what
            self._runs.add(name)
            return
        self.told |= {one.id: why for one, why, _ in found}
        if any(why for _, why, _ in found):
            self._runs.add(name)
        elif node.matrix:
            self._values[name] = [joined(one.values, value) for one, _, value in found]
        else:
            self._values[name] = found[0][2]

    def _member(self, node: Node, member: Member, scope: dict[str, Any]) -> tuple[str, Any]:
        if not is_due(node, {**scope, **member.values}):
            return "", None
        work = prepared(node, member, given_to(node, member, scope), self._base, self._redactor, self._restored)
        if not node.cache:
            return "its cache is off", None
        found = self._cache.find(member.id, work.fingerprint, work.name, self._restored)
        if found.entry is None:
            return found.why, None
        self._restored |= found.damaged
        return "", self._cache.value(found.entry)
