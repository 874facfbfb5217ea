"""What the nodes of one execution of a pipeline have around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from victor_nb.journal import ReplayMode, Run, Step
from victor_nb.pipelines.caching.cache import Cache
from victor_nb.pipelines.folders import PipelineFolder
from victor_nb.pipelines.running.choosing import Choice
from victor_nb.pipelines.running.scheduling import Workers
from victor_nb.pipelines.running.warming import Warmer
from victor_nb.pipelines.spec import PipelineSpec

if TYPE_CHECKING:
    from victor_nb.workflows import Runtime
    from victor_nb.workflows.executors import NodeExecutor

Kernels = Literal["warm", "cold"]


@dataclass(frozen=True, slots=True)
class Around:
    """What an execution shares with all of its nodes.

    Attributes:
        base: what paths of the pipeline are relative to; found once, because a node may change the working directory.
        inside: the step that the steps of nodes are below.
        parameters: those of the pipeline.
        needs: by node, the nodes that it needs, with the reasons.
        priority: by node; higher ones go first where workers are rare.
        executor: where work is done, if not here.
        replay: how agents inside notebooks get their answers.
        within: whether a notebook that was killed goes on where it was.
        accept_changes: whether finished nodes may have been other ones than they are now.
    """

    spec: PipelineSpec
    base: Path
    run: Run
    runtime: Runtime
    inside: Step
    folder: PipelineFolder
    cache: Cache
    choice: Choice
    workers: Workers
    warmer: Warmer
    parameters: Mapping[str, Any]
    needs: Mapping[str, Mapping[str, str]]
    priority: Mapping[str, float] = field(default_factory=dict)
    executor: NodeExecutor | None = None
    kernels: Kernels = "warm"
    replay: ReplayMode = "auto"
    within: bool = False
    accept_changes: bool = False

    def note(self, type_: str, data: dict[str, Any], member: str = "") -> None:
        """Record an event about a member, or about the run."""
        self.run.record(type_, data, member)
