"""Going on with a run of a pipeline: what `victor resume` does where the run is a pipeline's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from victor_nb.commands.pipeline_finding import of_run
from victor_nb.commands.pipeline_result import PipelineAnswer
from victor_nb.commands.pipeline_values import parameters
from victor_nb.commands.pipeline_watching import watched_pipeline
from victor_nb.commands.run_answers import answer_of
from victor_nb.commands.session import Session
from victor_nb.config import Settings
from victor_nb.journal import RunInfo
from victor_nb.pipelines.record import result_of


async def resumed(session: Session, settings: Settings, info: RunInfo, flags: Mapping[str, Any]) -> PipelineAnswer:
    """Run what is not finished; what is, answers from the journal.

    Raises:
        UsageError: the pipeline is not here, or it waits and no answer was given.
        PipelineFailed: nodes failed.
        PipelineChanged: what is finished is other nodes now.
    """
    journal = session.journal(settings)
    pipeline = of_run(session, journal, info, flags["workflow"])
    options: Any = {name: True for name in ("within", "accept_changes") if flags[name]}
    asked = result_of(journal, info.run_id).questions
    if (answer := answer_of(asked, info.run_id, flags["answer"])) is not None:
        options["answer"] = answer.resume
    values = parameters(session, pipeline.spec, flags["pairs"], None)
    options |= {"run_id": info.run_id, "journal": journal}
    return PipelineAnswer(await watched_pipeline(session, settings, pipeline, values, options))
