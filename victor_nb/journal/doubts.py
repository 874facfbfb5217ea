"""Steps in doubt: who decides what becomes of a step that had started when its process died.

1. Only what may have had an effect is in doubt; the rest is done again.
2. A decision that is on record holds; then the run's policy; then whoever can be asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from victor_nb.journal.effects import Effect, OnDoubt
from victor_nb.journal.errors import StepInDoubt
from victor_nb.journal.steps import Past, Step

Doubt = Callable[[Step], Any]
"""Asked what to do with a step in doubt; returns "retry" or "skip", or an awaitable of one of them."""


def who_decides(step: Step, past: Past, on_doubt: OnDoubt, handler: Doubt | None) -> Doubt | None:
    """Return whom to ask about a step, or None if it may simply be done."""
    doubted = past.doubtful.get(step.id)
    if doubted is None:
        return None
    step.begun_in = doubted.run_id
    if doubted.data["effect"] != Effect.EFFECT:
        return None
    if (decided := past.resolved.get(step.id)) is not None:
        return lambda _: decided
    if on_doubt != "ask":
        return lambda _: on_doubt
    return handler or _nobody_to_ask


def _nobody_to_ask(step: Step) -> str:
    raise StepInDoubt(
        f"{step.kind} {step.name!r} had started when its process died; whether it had its effect is not known",
        where=f"run {step.run_id}, step {step.id}",
        hint=f"look, then: victor resume {step.run_id} --on-doubt retry (do it again) or --on-doubt skip (leave it)",
    )
