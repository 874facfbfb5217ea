"""What can go wrong with a pipeline that makes sense, as errors that say what to do.

VictorError
 ├── InvalidState
 │    └── WrongValue        a parameter of the pipeline has a value that it cannot have
 ├── PipelineFailed         nodes failed; carries what every node came to
 ├── NodeKilled             the kernel of a notebook died, or its time had run out
 ├── OutputMissing          a node ended well and did not write a file that it declares
 ├── NotRestored            an output that the cache holds cannot be put back where it was
 ├── NothingToTake          a run is about some nodes only, and one that they need was never run
 └── Resumable
      ├── NodeStopped       a node was ended because its run was
      └── PipelineChanged   what is finished was made by other nodes than there are now
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from victor_nb.errors import Resumable, VictorError
from victor_nb.workflows.errors import InvalidState

if TYPE_CHECKING:
    from victor_nb.pipelines.results import PipelineResult


class WrongValue(InvalidState):
    """A parameter of a pipeline was given a value that is not of its type or none of its choices."""


class PipelineFailed(VictorError):
    """Nodes failed; all that did not need them ran. Resuming runs only what is not finished.

    Attributes:
        result: what every node came to.
    """

    result: PipelineResult

    @classmethod
    def of(cls, result: PipelineResult) -> PipelineFailed:
        """Build the error; it tells every failure, and how much was skipped because of it."""
        failed = [one for one in result.nodes if one.error is not None]
        told = "".join(f"\n  {one.id}: {_said(one.error)}" for one in failed if one.error is not None)
        skipped = sum(one.because == "failed" for one in result.nodes)
        also = f"; {skipped} that need what failed were skipped" if skipped else ""
        word = "node" if len(failed) == 1 else "nodes"
        error = cls(
            f"{len(failed)} {word} of pipeline {result.name!r} failed{also}:{told}",
            f"run {result.run_id}",
            f"what is finished is kept; mend the cause, then: victor resume {result.run_id}",
        )
        error.result = result
        return error


def _said(error: VictorError) -> str:
    told = f"{error.what} ({error.where})" if error.where else error.what
    return f"{told}; {error.hint}" if error.hint else told


class NodeKilled(VictorError):
    """A notebook's kernel died, or was ended because time had run out."""


class OutputMissing(VictorError):
    """A node ended well and did not write a file that it says it writes."""


class NotRestored(VictorError):
    """An output that the cache holds cannot be put back where it was."""

    @classmethod
    def because(cls, problem: OSError, path: str, member: str, base: Path) -> NotRestored:
        """Build the error for what the system said."""
        return cls(
            f"{member} is cached, and its output {path} cannot be put back: {problem.strerror or problem}",
            str(base / path),
            "let it be written there, or move what is in its way, and run or resume again",
        )


class NothingToTake(VictorError):
    """A run is about some nodes only, and one that they need was never run."""


class NodeStopped(Resumable):
    """A node was ended because its run was."""


class PipelineChanged(Resumable):
    """A run that is to go on has finished nodes that are other ones now."""
