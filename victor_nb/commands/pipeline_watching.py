"""Running a pipeline under the face's display: agents in it ask the face's person, and questions are answered there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from victor_nb.commands.session import EventSink, Session
from victor_nb.commands.workflow_watching import asking_the_person_of, ended_with
from victor_nb.pipelines import Pipeline, PipelineResult

_ONWARD: Final = ("journal", "workers", "executor", "kernels", "within")
"""What an execution that goes on does as the one before: not what that was asked to run, or to answer."""


async def watched(session: Session, pipeline: Pipeline, values: Any, options: Mapping[str, Any]) -> PipelineResult:
    """Run a pipeline, or go on with it; `options` are those of `Pipeline.run`.

    If it waits for an answer in the end, the display stays as long as somebody can give one there.
    """
    settings = session.settings()
    with session.watch() as watch:
        with asking_the_person_of(session, settings):
            result: PipelineResult = await pipeline.run(values, on_event=watch, **options)
        if result.status == "waiting":

            async def go_on(watch: EventSink) -> bool:
                onward: Any = {name: options[name] for name in _ONWARD if name in options}
                onward |= {"run_id": result.run_id, "on_event": watch}
                with ended_with(session), asking_the_person_of(session, settings):
                    return bool((await pipeline.run(values, **onward)).status == "waiting")

            await session.keep_open(go_on)
    session.run_ids.append(result.run_id)
    return result
