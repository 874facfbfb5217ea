"""What is wrong with a pipeline, collected while it is looked at: each thing with its node and where in the node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from victor_nb.pipelines.spec import PipelineSpec
from victor_nb.workflows.errors import Problem

Keys: TypeAlias = tuple[str | int, ...]
"""Where in a node (or, without a node, in the pipeline) something stands, by the keys of pipeline files."""

Locate: TypeAlias = Callable[[int | None, Keys, int], str]
"""From the number of a node, None for the pipeline itself, the keys and the line of a text to a place for people."""

MOST_LISTED: Final = 12


class Findings:
    """Problems of one pipeline, in the order in which they were found."""

    def __init__(self, spec: PipelineSpec, locate: Locate | None) -> None:
        self._problems: dict[Problem, None] = {}
        self._spec = spec
        self._locate = locate or self._of_spec

    def note(self, node: int | None, keys: Keys, what: str, hint: str = "", line: int = 1) -> None:
        """Note one thing; the same thing is told once."""
        self._problems[Problem(what, self._locate(node, keys, line), hint)] = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them."""
        return tuple(self._problems)

    def _of_spec(self, node: int | None, keys: Keys, line: int) -> str:
        if node is not None:
            return self._spec.nodes[node].where or f"node {self._spec.nodes[node].id!r}"
        named = [one for one in self._spec.parameters if keys[:2] == ("parameters", one.name)]
        return (named[0].where if named else "") or f"pipeline {self._spec.name!r}"


def listed(names: Sequence[str]) -> str:
    """Return names in a row, the first few of many."""
    return ", ".join([*names[:MOST_LISTED], *(["…"] if len(names) > MOST_LISTED else [])])
