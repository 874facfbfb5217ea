"""Going on with a run of a pipeline: what `victor resume` does where the run is a pipeline's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from victor_nb.commands.pipeline_finding import of_run
from victor_nb.commands.pipeline_result import PipelineAnswer
from victor_nb.commands.session import Session
from victor_nb.config import Settings
from victor_nb.journal import RunInfo


async def resumed(session: Session, settings: Settings, info: RunInfo, flags: Mapping[str, Any]) -> PipelineAnswer:
    """Run what is not finished; what is, answers from the journal.

    Raises:
        UsageError: the pipeline is not here.
        PipelineFailed: nodes failed.
        PipelineChanged: what is finished is other nodes now.
    """
    journal = session.journal(settings)
    pipeline = of_run(session, journal, info, flags["workflow"])
    with session.watch() as watch:
        result = await pipeline.run(
            run_id=info.run_id,
            journal=journal,
            within=flags["within"],
            accept_changes=flags["accept_changes"],
            on_event=watch,
        )
    session.run_ids.append(result.run_id)
    return PipelineAnswer(result)
