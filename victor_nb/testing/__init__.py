"""Help for testing agents and tools: scripted models, assertions about runs, recordings, kills, and a clock.

For tests only: nothing else in the package imports this room, and nothing here is a fallback for anything real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.testing.assertions import RunAssertions, assert_run, timeline
    from victor_nb.testing.clock import FrozenClock
    from victor_nb.testing.killing import Comeback, Killed, KillPoint, kill_and_resume, leave_mark, run_and_kill
    from victor_nb.testing.models import ForbiddenCall, ForbiddenModel, ScriptedModel, Turn, forbidden
    from victor_nb.testing.recordings import Recording, RecordingMissing

# `models` brings the agent framework, which a test of the journal alone does not need.
_HOME = {
    "Comeback": "killing",
    "ForbiddenCall": "models",
    "ForbiddenModel": "models",
    "FrozenClock": "clock",
    "KillPoint": "killing",
    "Killed": "killing",
    "Recording": "recordings",
    "RecordingMissing": "recordings",
    "RunAssertions": "assertions",
    "ScriptedModel": "models",
    "Turn": "models",
    "assert_run": "assertions",
    "forbidden": "models",
    "kill_and_resume": "killing",
    "leave_mark": "killing",
    "run_and_kill": "killing",
    "timeline": "assertions",
}

__all__ = [
    "Comeback",
    "ForbiddenCall",
    "ForbiddenModel",
    "FrozenClock",
    "KillPoint",
    "Killed",
    "Recording",
    "RecordingMissing",
    "RunAssertions",
    "ScriptedModel",
    "Turn",
    "assert_run",
    "forbidden",
    "kill_and_resume",
    "leave_mark",
    "run_and_kill",
    "timeline",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.testing' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
