"""What happened: an append-only journal of runs, events and durable steps."""

from .effects import Effect, OnDoubt, ReplayMode
from .errors import (
    JournalBusy,
    JournalCorrupt,
    JournalError,
    JournalFull,
    JournalReadOnly,
    JournalSetBack,
    JournalTooNew,
    JournalUnavailable,
    JournalUnreachable,
    LeaseLost,
    OutcomeUnknown,
    RecordedFailure,
    ReplayMiss,
    RunFinished,
    RunInUse,
    RunNotFound,
    StepInDoubt,
    Unstorable,
)
from .events import Event, RunInfo, Status
from .journal import Journal
from .opening import open_journal
from .redaction import Redactor
from .run import Run
from .steps import Step, current_step
from .subscription import Subscription

__all__ = [
    "Effect",
    "Event",
    "Journal",
    "JournalBusy",
    "JournalCorrupt",
    "JournalError",
    "JournalFull",
    "JournalReadOnly",
    "JournalSetBack",
    "JournalTooNew",
    "JournalUnavailable",
    "JournalUnreachable",
    "LeaseLost",
    "OnDoubt",
    "OutcomeUnknown",
    "RecordedFailure",
    "Redactor",
    "ReplayMiss",
    "ReplayMode",
    "Run",
    "RunFinished",
    "RunInUse",
    "RunInfo",
    "RunNotFound",
    "Status",
    "Step",
    "StepInDoubt",
    "Subscription",
    "Unstorable",
    "current_step",
    "open_journal",
]
