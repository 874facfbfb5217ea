"""Kernels made ready ahead: what notebooks import is imported while the first of them is still prepared.

1. The notebook that is about to run comes first. What others import is imported when its kernel has started, so that it
   has not to share the processors with imports that nobody waits for.
2. Only what this run may still execute is imported; a run from the cache costs nothing.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Final

from victor_nb.errors import VictorError
from victor_nb.pipelines.spec import NotebookWork, PipelineSpec

Prepare = Callable[[NotebookWork, Mapping[str, object]], None]

PATIENCE_S: Final = 30.0
"""Others are not kept waiting for a first kernel that takes longer."""


class Warmer:
    """Has zygotes import what notebooks import; nobody waits for it.

    Args:
        nodes: those that may run.
        prepare: begins the imports of a notebook, and does not wait for them.
    """

    def __init__(self, spec: PipelineSpec, nodes: Collection[str], prepare: Prepare | None = None) -> None:
        works = {node.id: node.work for node in spec.nodes if node.id in nodes}
        self._base, self._prepare = spec.folder.resolve(), prepare or _prepared
        self._due = {node: work for node, work in works.items() if isinstance(work, NotebookWork) and _is_ours(work)}
        self._asked: deque[str] = deque()
        self._changed = threading.Condition()
        self._has_begun = self._has_started = False

    def begin(self, node: str) -> None:
        """Begin with what a node imports, which is about to run."""
        with self._changed:
            self._asked.append(node)
            self._changed.notify()
            if self._has_begun:
                return
            self._has_begun = True
        threading.Thread(target=self._warm, name="victor-warming", daemon=True).start()

    def first_has_started(self) -> None:
        """Go on with what the others import: a kernel runs."""
        with self._changed:
            self._has_started = True
            self._changed.notify()

    def end(self) -> None:
        """Make no more imports: nothing runs any more."""
        with self._changed:
            self._due.clear()
            self._has_started = True
            self._changed.notify()

    def _warm(self) -> None:
        while (work := self._next()) is not None:
            from victor_nb.pipelines.running.notebook_work import read_notebook

            try:
                notebook = read_notebook(work.path, self._base)
            except VictorError:  # whoever runs it will say so
                continue
            self._prepare(work, notebook)

    def _next(self) -> NotebookWork | None:
        """Wait for a notebook whose imports are to be made now, and return it; None when there are no more."""
        with self._changed:
            while self._due:
                while self._asked:
                    if (work := self._due.pop(self._asked.popleft(), None)) is not None:
                        return work
                if self._has_started and self._due:
                    return self._due.pop(next(iter(self._due)))
                if not self._changed.wait_for(lambda: self._asked or self._has_started, PATIENCE_S):
                    self._has_started = True
            return None


def _prepared(work: NotebookWork, notebook: Mapping[str, object]) -> None:
    from victor_nb.pipelines.kernels import notebook_imports, prepare

    prepare([notebook_imports(notebook)], {**os.environ, **work.environment})


def _is_ours(work: NotebookWork) -> bool:
    """Whether its kernel may come from a zygote; one that is fetched is fetched once, by whoever runs it."""
    return work.kernel in ("", "python3") and "://" not in work.path
