"""Notebooks that run in a kernel under the observer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from nbclient import NotebookClient
from nbformat import from_dict

from tests.pipelines.made import notebook
from victor_nb.pipelines.kernels import kernel_manager_class
from victor_nb.pipelines.observing.observed import Observed, Watch


class _Client(NotebookClient):
    first = ""

    async def async_start_new_kernel_client(self) -> Any:
        client = await super().async_start_new_kernel_client()
        reply = await self._async_reply(client.execute(self.first, silent=True, store_history=False))
        assert reply["content"]["status"] == "ok", reply
        return client

    async def _async_reply(self, request: str) -> dict[str, Any]:
        assert self.kc is not None
        while True:
            reply: dict[str, Any] = await self.kc.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == request:
                return reply


def watched(
    folder: Path,
    *cells: str,
    values: dict[str, object] | None = None,
    kernels: str = "warm",
    allow_errors: bool = False,
) -> Observed:
    """Run cells in a kernel of their own, in `folder`, and return what was seen (but files of measured coverage)."""
    made = from_dict(notebook(*cells))
    watch = Watch(made, values or {}, folder, folder, folder / ".victor" / "seen.jsonl")
    client = _Client(
        made,
        kernel_manager_class=kernel_manager_class(made, kernels=kernels),
        resources={"metadata": {"path": str(folder)}},
        allow_errors=allow_errors,
    )
    client.first = watch.code
    try:
        client.execute()
    except Exception:
        if not allow_errors:
            raise
    seen = watch.finish()
    return msgspec.structs.replace(seen, written=[path for path in seen.written if ".coverage." not in path])
