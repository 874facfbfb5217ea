"""Which run an agent's work belongs to: a new one, an unfinished one, or a recording that is replayed.

1. A run is resumed only with the request that it was started with: anything else would mix two conversations.
2. A recording is found by its request, or named by its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from victor_nb.agents.errors import RequestChanged
from victor_nb.journal import Journal, OnDoubt, ReplayMiss, ReplayMode, Run, RunInfo
from victor_nb.journal.codec import Writer, from_json
from victor_nb.journal.replay import changes

KIND = "agent"


def open_run(
    journal: Journal,
    name: str,
    request: Mapping[str, Any],
    *,
    run_id: str | None,
    replay: ReplayMode,
    on_doubt: OnDoubt,
) -> Run:
    """Start, resume or replay.

    Args:
        run_id: with "record" the unfinished run to go on with; else the recording to replay.

    Raises:
        RequestChanged: the run named was started with another request.
        ReplayMiss: in a strict replay, nothing recorded fits.
    """
    if replay == "record":
        if run_id is None:
            return journal.start(KIND, name, request)
        info = journal.find(run_id)
        _check_same(journal, info, request)
        return journal.resume(info.run_id, on_doubt)  # "last" may be another one by now
    if run_id is not None:
        return journal.replay(run_id, replay)
    try:
        recording = journal.recorded(KIND, name, request)
    except ReplayMiss:
        if replay == "strict":
            raise
        if "pipeline_node" in request and (left := journal.unfinished(KIND, name, request)) is not None:
            return journal.resume(left.run_id, on_doubt)  # of a notebook that was killed in the middle of it
        return journal.start(KIND, name, request)
    return journal.replay(recording.run_id, replay)


def explained(miss: ReplayMiss, journal: Journal, recording: RunInfo, request: Mapping[str, Any]) -> ReplayMiss:
    """Add to a miss in the middle of a run how the request as a whole differs: it names the tool that changed."""
    differences = _differences(journal, recording, request)
    if not differences:
        return miss
    return ReplayMiss(f"{miss.what}\nthe request differs from the recorded one\n  {differences}", miss.where, miss.hint)


def _check_same(journal: Journal, info: RunInfo, request: Mapping[str, Any]) -> None:
    if differences := _differences(journal, info, request):
        raise RequestChanged(
            f"run {info.run_id} was started with another request\n  {differences}",
            hint="ask as before to go on with it, or leave the run id out to start anew",
        )


def _differences(journal: Journal, info: RunInfo, request: Mapping[str, Any]) -> str:
    now = from_json(Writer(journal.redactor).canonical(dict(request)))
    return "\n  ".join(str(change) for change in changes(journal.request(info), now)[:5])


def prompt_of(journal: Journal, run_id: str) -> str:
    """Return the prompt that a run was started with."""
    return str(journal.request(journal.find(run_id)).get("prompt", ""))
