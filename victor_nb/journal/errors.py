"""What can go wrong with a journal, as errors that say what to do.

VictorError
 ├── JournalError
 │    ├── JournalUnavailable   cannot be opened
 │    ├── JournalReadOnly      can be read, not written
 │    ├── JournalBusy          others held the write lock for too long
 │    ├── JournalFull          no room on the disk
 │    ├── JournalCorrupt       not a journal, or damaged
 │    ├── JournalTooNew        written by a later version
 │    ├── JournalUnreachable   the connection to its server was lost; also Resumable
 │    └── JournalSetBack       its server came back without the last events; also Resumable
 ├── RunNotFound, RunFinished
 ├── Unstorable                a value that has no place in a journal
 ├── ReplayMiss                the recording holds no answer for this step
 └── Resumable
      ├── RunInUse, LeaseLost  somebody else executes the run
      ├── OutcomeUnknown       whoever did a step is gone, in the middle of it
      └── StepInDoubt          a step may or may not have had its effect
"""

from __future__ import annotations

from victor_nb.errors import Resumable, VictorError


class JournalError(VictorError):
    """The journal as a whole cannot do what was asked."""


class JournalUnavailable(JournalError):
    """The journal cannot be opened."""


class JournalReadOnly(JournalError):
    """The journal can be read but not written."""


class JournalBusy(JournalError):
    """Other processes held the write lock for longer than we wait."""


class JournalFull(JournalError):
    """There is no room left where the journal lives."""


class JournalCorrupt(JournalError):
    """The file is no journal, or is damaged."""


class JournalTooNew(JournalError):
    """The journal was written by a later version of Victor NB."""


class JournalUnreachable(JournalUnavailable, Resumable):
    """The connection to the journal's server was lost; whether what was on its way arrived is not known."""


class JournalSetBack(JournalError, Resumable):
    """The journal's server went down and came back without the last events."""

    @classmethod
    def of(cls, run_id: str, newest_seq: int) -> JournalSetBack:
        """The server knows a run up to event `newest_seq` (0: not at all), and nobody here has the events after it."""
        if not newest_seq:
            return cls(f"the journal's server came back without run {run_id}", hint="start it again")
        return cls(
            f"the journal's server came back without the events of run {run_id} after number {newest_seq}",
            hint=f"what it still has is whole; do the rest again: victor resume {run_id}",
        )


class RunNotFound(VictorError):
    """No run, or more than one, has the given id."""

    @classmethod
    def removed(cls, run_id: str, where: str) -> RunNotFound:
        """The run was there a moment ago, and something was to be built on it."""
        return cls(f"run {run_id} was removed meanwhile", where, "begin anew; victor runs lists what is there")


class RunFinished(VictorError):
    """A finished run was to be resumed."""


class RunInUse(Resumable):
    """Another process executes the run."""


class LeaseLost(Resumable):
    """Another process has taken over the run that this one was executing."""

    @classmethod
    def to_another(cls, run_id: str) -> LeaseLost:
        """Somebody else wrote the event number that we wanted to write."""
        return cls(
            f"run {run_id} was taken over by another process, so this one must stop",
            hint=f"see what it is doing: victor show {run_id}",
        )

    @classmethod
    def to_parent(cls, run_id: str) -> LeaseLost:
        """A forked child tried to write to the run that its parent executes."""
        return cls(
            f"run {run_id} belongs to the process that this one was forked from",
            hint="return the value to the parent, or start a run of its own in the child",
        )


class Paused(BaseException):
    """Work that waits for a person's answer; no error, and no `except Exception` may stop it on its way out."""


class OutcomeUnknown(Resumable):
    """Whoever did a step is gone, and whether it was done is not known: one with an effect stays in doubt."""


class StepInDoubt(Resumable):
    """A step with an effect had started and not finished when its process died."""


class RecordedFailure(VictorError):
    """A replayed step had failed with an error whose class is not known here."""


class ReplayMiss(VictorError):
    """A replay reached something that the recording does not hold."""


class Unstorable(VictorError):
    """A value cannot be written to the journal without losing what it is."""
