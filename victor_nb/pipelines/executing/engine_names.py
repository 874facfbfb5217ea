"""The names of papermill's engines, told without importing papermill, and what can be wrong with one."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

from victor_nb.errors import VictorError, nearest

GROUP = "papermill.engine"


class UnknownEngine(VictorError):
    """No engine of papermill's has that name."""


class EngineCannot(VictorError):
    """A notebook is asked for what the engine that executes it cannot do."""


def engine_names() -> tuple[str, ...]:
    """Return the names of all engines: papermill's own, those of packages, and those registered in this process."""
    if (engines := sys.modules.get("papermill.engines")) is not None:  # who registered one has imported it
        return tuple(sorted(name for name in engines.papermill_engines._engines if name))
    return tuple(sorted({"nbclient", *(found.name for found in entry_points(group=GROUP))}))


def unknown_engine(name: str, where: str = "") -> UnknownEngine | None:
    """Return the error for a name that no engine has; None if one has it."""
    known = engine_names()
    if name in known:
        return None
    return UnknownEngine(
        f"there is no papermill engine {name!r}.{nearest(name, known)}",
        where,
        f"registered are {', '.join(known)}; others come from packages, or from papermill_engines.register",
    )
