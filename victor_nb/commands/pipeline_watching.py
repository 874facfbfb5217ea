"""Running a pipeline under the face's display, or going on with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from victor_nb.commands.session import Session
from victor_nb.commands.watching import watched
from victor_nb.config import Settings
from victor_nb.pipelines import Pipeline, PipelineResult

_ONWARD: Final = ("journal", "workers", "executor", "kernels", "within")
"""What an execution that goes on does as the one before: not what that was asked to run, or to answer."""


async def watched_pipeline(
    session: Session, settings: Settings, pipeline: Pipeline, values: Any, options: Mapping[str, Any]
) -> PipelineResult:
    """Give the result of a run; `options` are those of `Pipeline.run`, and their journal is named."""
    onward: Any = {name: options[name] for name in _ONWARD if name in options}
    return await watched(
        session,
        settings,
        options["journal"],
        lambda show: pipeline.run(values, on_event=show, **options),
        lambda run_id, show: pipeline.run(values, run_id=run_id, on_event=show, **onward),
    )
