"""What can go wrong with a workflow, as errors that say what to do.

VictorError
 ├── InvalidWorkflow     the graph makes no sense; carries every problem that was found
 ├── InvalidState        an input, or the state after an update, does not fit its schema
 ├── InvalidUpdate       a node returned something that is no update, or names unknown keys or nodes
 ├── ConcurrentWrites    two nodes of one superstep wrote a key that has no reducer
 ├── NodeFailed          a node's own exception, with the node and the run
 ├── NodeTimeout         a node took longer than it may
 ├── CannotMove          a node, or what it is given, cannot be sent to another process
 ├── ResumeMismatch      a value to resume with, and no question (or more than one) that it answers
 ├── GraphChanged        the run was started with another graph
 └── Resumable
      ├── StepLimitReached   more supersteps than `max_steps`
      ├── ExecutorLost       where the nodes ran is gone
      └── WorkflowStopped    somebody asked for it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from victor_nb.errors import Resumable, VictorError
from victor_nb.journal.errors import OutcomeUnknown


class Problem(NamedTuple):
    """One thing that is wrong with a graph: what, where in it, and what to do about it."""

    what: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.what}{place}" + (f"; {self.hint}" if self.hint else "")


class InvalidWorkflow(VictorError):
    """The graph cannot run.

    Attributes:
        problems: all of them, in the order of the graph.
    """

    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, name: str, problems: Sequence[Problem]) -> InvalidWorkflow:
        """Build the error for everything that `Workflow.validate` found."""
        if len(problems) == 1:
            error = cls(problems[0].what, problems[0].where or f"workflow {name!r}", problems[0].hint)
        else:
            told = "".join(f"\n  {number}. {problem}" for number, problem in enumerate(problems, 1))
            error = cls(f"the graph has {len(problems)} problems:{told}", f"workflow {name!r}", "")
        error.problems = tuple(problems)
        return error


class InvalidState(VictorError):
    """An input, or a state after an update, does not fit the schema."""


class InvalidUpdate(VictorError):
    """What a node returned is no update of the state and no command."""


class ConcurrentWrites(VictorError):
    """Two nodes that ran together wrote the same key, and nothing says how to join the values."""


class NodeFailed(VictorError):
    """A node raised; the cause is its own exception. The run can be resumed and does only what is left."""


class CannotMove(VictorError):
    """A node, or what it is given, cannot be sent to where nodes run."""


class NodeTimeout(VictorError):
    """A node did not end within its time."""


class ResumeMismatch(VictorError):
    """A value was given to resume with, and it cannot be told which question it answers."""


class GraphChanged(VictorError):
    """The run to be resumed was started with another graph; the error names what differs."""


class StepLimitReached(Resumable):
    """The run took as many supersteps as it may; a larger `max_steps` lets it go on."""


class WorkflowStopped(Resumable):
    """Somebody stopped the run; its finished nodes are kept."""


class ExecutorLost(OutcomeUnknown):
    """Where the nodes ran is gone; what was finished is kept, and the run can be resumed."""
