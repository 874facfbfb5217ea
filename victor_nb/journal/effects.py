"""What a step may do to the world, and what follows for recovery.

A step that had started and not finished when its process died is *in doubt*. Its effect class, declared by
whoever wrote the body, decides what a resumed run does with it; nothing else does.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

OnDoubt = Literal["ask", "retry", "skip"]
ReplayMode = Literal["record", "strict", "auto"]


class Effect(StrEnum):
    """The effect class of a step's body, from harmless to irrevocable."""

    PURE = "pure"
    """Computes a value from its inputs; journaled only when finished; redone when in doubt."""
    READ = "read"
    """Looks at the world (a model request, a file, a query); redone when in doubt."""
    IDEMPOTENT = "idempotent"
    """Changes the world, but doing it twice with the same idempotency key is doing it once; redone."""
    EFFECT = "effect"
    """Changes the world; in doubt it is *uncertain*, and a person or a policy decides."""
