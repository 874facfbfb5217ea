"""Where a pipeline keeps what it made.

`.victor/pipelines/<pipeline>/` holds `runs/<run id>/<node>.ipynb` (executed notebooks), `cache/<node>/…` (entries of
the cache) and `kept/…` (outputs and values, each once, by the hash of their content). Both have a folder `.drafts` for
files that are being written.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path
from typing import Final

from victor_nb.pipelines.spec import PipelineSpec

DRAFTS: Final = ".drafts"
PLACE: Final = Path(".victor") / "pipelines"
_LONGEST_NAME: Final = 100
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.,=\[\]-]")


class PipelineFolder:
    """The folder of one pipeline; nothing is made before something is kept there."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def cache(self) -> Path:
        """Entries of the cache, a folder for each member."""
        return self.root / "cache"

    @property
    def kept(self) -> Path:
        """Contents, by their hash."""
        return self.root / "kept"

    @property
    def runs(self) -> Path:
        """Executed notebooks, a folder for each run."""
        return self.root / "runs"

    def notebook(self, run_id: str, member: str) -> Path:
        """Where a run's executed notebook is."""
        return self.runs / run_id / f"{file_name(member)}.ipynb"


def folder_of(spec: PipelineSpec) -> PipelineFolder:
    """Return a pipeline's folder, below the one that its paths are relative to."""
    return PipelineFolder(spec.folder.resolve() / PLACE / file_name(spec.name))


def file_name(name: str) -> str:
    """Return a name as part of a path on any system; different names stay different."""
    safe = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), name)
    safe = re.sub(r"^\.|\.$", "%2E", safe) or "%"
    if len(safe) <= _LONGEST_NAME:
        return safe
    return f"{safe[: _LONGEST_NAME - 18]}~{blake2b(name.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"
