"""Foreign exceptions of the agent loop, translated into ours: the one seam where that happens."""

from __future__ import annotations

from typing import Final

from pydantic_ai.exceptions import (
    FallbackExceptionGroup,
    ModelAPIError,
    ModelHTTPError,
    UnexpectedModelBehavior,
    UserError,
)

from victor_nb.agents.errors import (
    AnswerInvalid,
    ApprovalDenied,
    BudgetExceeded,
    ModelFailed,
    RunStopped,
    ToolSetupError,
)
from victor_nb.errors import Resumable, VictorError
from victor_nb.journal import StepInDoubt
from victor_nb.models import ModelError

_REASONS: Final[dict[type[Resumable], str]] = {
    BudgetExceeded: "budget",
    ApprovalDenied: "approval",
    StepInDoubt: "doubt",
    RunStopped: "stop",
    ModelFailed: "model",
    ModelError: "model",
}


def reason_of(failure: Resumable) -> str:
    """Return the word for why a run was stopped."""
    return next((word for kind, word in _REASONS.items() if isinstance(failure, kind)), "resumable")


def translated(error: Exception, run_id: str) -> Exception:
    """Return our error for a failure of the loop; a programmer's own exceptions stay what they are."""
    if isinstance(error, FallbackExceptionGroup):
        return _none_answered(error, run_id)
    if isinstance(error, BaseExceptionGroup):
        return translated(_first(error), run_id)
    if isinstance(error, VictorError):
        return error
    if isinstance(error, ModelHTTPError):
        said = _short(error.body or error.message)
        return ModelFailed(
            f"model {error.model_name!r} answered with status {error.status_code}: {said}",
            where=f"run {run_id}",
            hint=f"victor resume {run_id}",
        )
    if isinstance(error, ModelAPIError):
        return ModelFailed(_short(str(error)), where=f"run {run_id}", hint=f"victor resume {run_id}")
    if isinstance(error, UnexpectedModelBehavior):
        return AnswerInvalid(_short(str(error)), where=f"run {run_id}", hint="try another model, or ask for less")
    if isinstance(error, UserError):
        return ToolSetupError(_short(str(error)), where=f"run {run_id}")
    return error


def _none_answered(group: FallbackExceptionGroup, run_id: str) -> ModelFailed:
    """Return one error for models that were asked in turn, with what each of them said."""
    said = [translated(one, run_id) for one in _flat(group) if isinstance(one, Exception)]
    words = "; ".join(one.what if isinstance(one, VictorError) else _short(str(one)) for one in said)
    return ModelFailed(
        f"none of the {len(said)} models could answer: {words}",
        where=f"run {run_id}",
        hint=f"victor resume {run_id}",
    )


def _first(group: BaseExceptionGroup[BaseException]) -> Exception:
    """Return the failure that matters most: one that concerns the run before one of a single call."""
    flat = [one for one in _flat(group) if isinstance(one, Exception)]
    ours = [one for one in flat if isinstance(one, VictorError)]
    return (ours or flat or [RuntimeError(str(group))])[0]


def _flat(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    return [leaf for one in group.exceptions for leaf in (_flat(one) if isinstance(one, BaseExceptionGroup) else [one])]


def _short(text: object) -> str:
    words = str(text)
    return words if len(words) <= 600 else words[:600] + "…"
