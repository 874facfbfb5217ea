"""What can go wrong with a pipeline before it runs.

InvalidWorkflow
 └── InvalidPipeline     the pipeline makes no sense; carries every problem that was found
"""

from __future__ import annotations

from collections.abc import Sequence

from victor_nb.workflows.errors import InvalidWorkflow, Problem


class InvalidPipeline(InvalidWorkflow):
    """The pipeline cannot run.

    Attributes:
        problems: all of them, in the order of the pipeline.
    """

    @classmethod
    def of(cls, name: str, problems: Sequence[Problem]) -> InvalidPipeline:
        """Build the error for everything that was found."""
        where = f"pipeline {name!r}"
        if len(problems) == 1:
            error = cls(problems[0].what, problems[0].where or where, problems[0].hint)
        else:
            told = "".join(f"\n  {number}. {problem}" for number, problem in enumerate(problems, 1))
            error = cls(f"the pipeline has {len(problems)} problems:{told}", where)
        error.problems = tuple(problems)
        return error
