"""Help for testing agents and tools: models that answer by script, and assertions about what a run did.

For tests only: nothing else in the package imports this room, and nothing here is a fallback for anything real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .assertions import RunAssertions, assert_run
from .killing import Killed, run_and_kill

if TYPE_CHECKING:
    from .models import ForbiddenModel, ScriptedModel, Turn, forbidden

__all__ = [
    "ForbiddenModel",
    "Killed",
    "RunAssertions",
    "ScriptedModel",
    "Turn",
    "assert_run",
    "forbidden",
    "run_and_kill",
]

_OF_MODELS = frozenset({"ForbiddenModel", "ScriptedModel", "Turn", "forbidden"})


def __getattr__(name: str) -> object:
    if name not in _OF_MODELS:
        raise AttributeError(f"module 'victor_nb.testing' has no attribute {name!r}")
    from . import models  # brings the agent framework, which a test of the journal alone does not need

    return getattr(models, name)
