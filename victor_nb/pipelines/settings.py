"""What one execution of a pipeline is asked for, besides the pipeline's parameters."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from victor_nb.journal import Event, Journal, ReplayMode
    from victor_nb.pipelines.running.around import Kernels
    from victor_nb.workflows.executors import AnyExecutor

WITH_EXECUTOR = 64
"""So many nodes are given to an executor at once, which has them wait for its own workers."""


class PipelineOptions(TypedDict, total=False):
    """What `Pipeline.run` and `run_sync` take by name.

    Attributes:
        only: run these nodes alone; what they need is taken as it was last made.
        from_: run these anew, and look at all that come after them again.
        force: run these whatever the cache says; True for all.
        workers: how many nodes run at the same time; by default, one for each processor.
        executor: where notebooks and functions run, see `Workflow.run`; "dask://host:8786". Workers have to see the
            pipeline's folder.
        kernels: "warm" forks kernels with their imports done; "cold" starts each from nothing.
        replay: how agents inside notebooks get their answers: "auto" takes recorded ones and asks for what is missing,
            "strict" never asks, "record" always asks.
        within: keep snapshots of notebooks' variables at the ends of their cells, and have a notebook that failed or
            was killed go on at the cell where it was, if its cells so far are the same.
        run_id: an unfinished run to go on with.
        answer: to what the run waits for, with `run_id`: a value, or a mapping from the ids of questions to values.
        journal: where the run is recorded, or its URL; by default the journal below the working directory.
        accept_changes: go on although nodes that are finished have been changed since.
        on_event: receives the run's events; must not block.
    """

    only: str | Iterable[str] | None
    from_: str | Iterable[str] | None
    force: bool | str | Iterable[str]
    workers: int | None
    executor: AnyExecutor | None
    kernels: Kernels
    replay: ReplayMode
    within: bool
    run_id: str | None
    answer: object
    journal: Journal | str | None
    accept_changes: bool
    on_event: Callable[[Event], None] | None


def workers_of(options: PipelineOptions) -> int:
    """Return how many nodes may run at the same time.

    Raises:
        ValueError: the number is not above 0.
    """
    asked = options.get("workers")
    if asked is not None:
        if not asked > 0:
            raise ValueError(f"workers must be a number above 0, not {asked!r}")
        return asked
    if options.get("executor") is not None:
        return WITH_EXECUTOR
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_options(options: PipelineOptions) -> None:
    """Refuse an option that there is not.

    Raises:
        TypeError: of the first such option.
    """
    known = PipelineOptions.__annotations__
    if unknown := sorted(options.keys() - known.keys()):
        raise TypeError(f"run() has no option {unknown[0]!r}; it takes parameters, {', '.join(known)}")
