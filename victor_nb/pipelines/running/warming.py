"""Kernels made ready ahead: what notebooks import is imported while the first of them is still prepared."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

from ...errors import VictorError
from ..spec import NotebookWork, PipelineSpec


class Warmer:
    """Begins to warm up once, when it is first known that a notebook has to run: a run from the cache costs nothing."""

    def __init__(self, spec: PipelineSpec) -> None:
        self._spec, self._has_begun = spec, False

    def begin(self) -> None:
        """Have zygotes import what all notebooks import; nothing is waited for."""
        if self._has_begun:
            return
        self._has_begun = True
        threading.Thread(target=self._warm, name="victor-warming", daemon=True).start()

    def _warm(self) -> None:
        from ..kernels import notebook_imports, prepare
        from .notebook_work import read_notebook

        base = self._spec.folder.resolve()
        for node in self._spec.nodes:
            if not isinstance(node.work, NotebookWork) or node.work.kernel not in ("", "python3"):
                continue
            if "://" in node.work.path:  # fetched once, by whoever runs it
                continue
            try:
                notebook = read_notebook(node.work.path, base)
            except VictorError:  # whoever runs it will say so
                continue
            prepare([notebook_imports(notebook)], _environment(node.work.environment))


def _environment(more: Mapping[str, str]) -> Mapping[str, str]:
    return {**os.environ, **more}
