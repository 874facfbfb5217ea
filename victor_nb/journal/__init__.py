"""What happened: an append-only journal of runs, events and durable steps."""

from victor_nb.journal.effects import Effect, OnDoubt, ReplayMode
from victor_nb.journal.errors import (
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
from victor_nb.journal.events import Event, RunInfo, Status
from victor_nb.journal.journal import Journal
from victor_nb.journal.opening import open_journal
from victor_nb.journal.redaction import Redactor
from victor_nb.journal.run import Run
from victor_nb.journal.steps import Step, current_step
from victor_nb.journal.subscription import Subscription

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
