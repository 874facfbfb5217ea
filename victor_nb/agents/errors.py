"""What can end an agent's run, as errors that say what to do.

VictorError
 ├── RequestChanged        a run was to be resumed, or a recording replayed, with another request
 ├── ToolSetupError        the agent's list of tools makes no sense
 ├── AnswerInvalid         the model never gave an answer of the asked type
 ├── FrameworkChanged      the installed pydantic-ai is not the one that the adapter was written for
 └── Resumable
      ├── BudgetExceeded   steps, tokens, cost or seconds are used up
      ├── PriceUnknown     a cost limit was set for a model without a known price
      ├── ApprovalDenied   a policy, not a person, said no; or nobody was there to ask
      ├── RunStopped       a person asked for it
      └── ModelFailed      the provider answered with an error, or not at all
"""

from __future__ import annotations

from victor_nb.errors import Resumable, VictorError


class RequestChanged(VictorError):
    """The record at hand was made for another request, and the error names what differs."""


class ToolSetupError(VictorError):
    """The tools of an agent cannot be used together, or something in the list is no tool."""


class AnswerInvalid(VictorError):
    """The model did not produce an answer of the type that was asked for."""


class FrameworkChanged(VictorError):
    """The installed pydantic-ai differs from what the adapter module was written for."""


class BudgetExceeded(Resumable):
    """A limit of the budget was reached before the next call; a larger budget lets the run go on."""

    @classmethod
    def of(cls, flag: str, unit: str, *, spent: float, allowed: float, run_id: str) -> BudgetExceeded:
        """Build the error for one limit of `Budget`, with what was spent and what was allowed, in `unit`."""
        return cls(
            f"the budget is used up: {round(spent, 4):,} of {allowed:,} {unit}",
            where=f"run {run_id}",
            hint=f"go on with more: victor resume {run_id} {flag} {2 * allowed}",
        )


class PriceUnknown(Resumable):
    """A cost limit was set, and nobody knows what the model costs."""


class ApprovalDenied(Resumable):
    """A call needs approval, and the policy in force does not give it."""


class RunStopped(Resumable):
    """Somebody stopped the run; its finished steps are kept."""


class ModelFailed(Resumable):
    """The provider answered with an error, or could not be reached; nothing done so far is lost."""
