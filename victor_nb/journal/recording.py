"""Recordings: runs as a small text file to commit beside a notebook, one JSON value a line.

1. Recording the same thing again gives the same lines but for the run's own header: no times, no owners, keys
   in order, tool calls that ran side by side in the order of their ids.
2. What was redacted on the way into the journal stays so; reading a recording redacts once more.
3. A recording is text from somebody else: it is checked line by line, and reading it runs no code.
"""

from __future__ import annotations

import base64
import binascii
import io
import itertools
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from victor_nb.errors import VictorError
from victor_nb.journal.codec import digest, to_canonical_json, to_json
from victor_nb.journal.disposal import may_nest
from victor_nb.journal.events import Event, RunInfo, Status
from victor_nb.journal.journal import Journal
from victor_nb.journal.rows import Row

FORMAT = 1
# Only what a replay reads: the rest (who executed, when it was resumed) belongs to the one execution.
_KEPT_TYPES = (
    *("step.started", "step.finished", "step.failed", "step.resolved"),
    *("approval.requested", "approval.decided", "model.tools", "run.finished"),
)
_INTERRUPTIONS = ("run.failed", "run.stopped")
_LEFT_OUT = ("ms", "seconds")
_BLOB_NAME = re.compile(rb'"(?:blob|\$json)":"([0-9a-f]{32})"')
_LONGEST_RAW = 64 * 1024 * 1024
_MEND = "take the file from version control again, or export it again: victor replay export"


class RecordingError(VictorError):
    """A file is no recording, or is damaged; `where` names the line."""


def exported(journal: Journal, runs: Iterable[RunInfo]) -> str:
    """Return finished runs as the text of a recording.

    Raises: RecordingError for a run that has not finished, because nothing could be replayed from it.
    """
    lines = [{"victor_recording": FORMAT}]
    for info in runs:
        if not info.is_finished:
            raise RecordingError(
                f"run {info.run_id} has not finished, so there is nothing to replay",
                hint=f"victor resume {info.run_id}",
            )
        lines += _run_lines(journal, info)
    return "".join(f"{json.dumps(line, sort_keys=True, ensure_ascii=False)}\n" for line in lines)


def imported(journal: Journal, path: Path) -> list[tuple[RunInfo, bool]]:
    """Bring the runs of a recording into the journal; return each with whether it was new here.

    Raises: RecordingError naming the line that makes no sense; nothing of that run is written then.
    """
    return [(info, journal.restore(info, rows, blobs)) for info, rows, blobs in _read(path)]


# --- writing -----------------------------------------------------------------------------------------------------


def _run_lines(journal: Journal, info: RunInfo) -> Iterator[dict[str, Any]]:
    header = {"run": info.run_id, "kind": info.kind, "name": info.name, "created": info.created}
    yield {**header, "request": info.request}
    told: set[str] = set()
    yield from _blob_lines(journal, info.raw_request, told)
    for event in _in_stable_order(_what_lasted(journal.history(info.run_id, types=_KEPT_TYPES + _INTERRUPTIONS))):
        yield from _blob_lines(journal, event.raw, told)
        yield _event_line(event)


def _event_line(event: Event) -> dict[str, Any]:
    data = {key: value for key, value in event.data.items() if key not in _LEFT_OUT}
    if data.get("kind") == "model" and isinstance(data.get("result"), dict):
        data["result"] = {key: value for key, value in data["result"].items() if key != "timestamp"}
    line: dict[str, Any] = {"event": event.type, "data": data}
    if event.step_id:
        line["step"] = event.step_id
    if event.parent_id:
        line["parent"] = event.parent_id
    return line


def _what_lasted(events: Iterable[Event]) -> list[Event]:
    """Leave out failures that a later attempt made good, and the ends of earlier executions."""
    whole = list(events)
    made_good = {event.step_id for event in whole if event.type == "step.finished"}
    made_good |= {step for event in whole if event.type in _INTERRUPTIONS for step in event.data.get("steps", ())}

    def lasted(event: Event) -> bool:
        if event.type.startswith("run."):
            return event.type == "run.finished" and not event.replayed
        return event.type != "step.failed" or event.step_id not in made_good

    return [event for event in whole if lasted(event)]


def _in_stable_order(events: Iterable[Event]) -> Iterator[Event]:
    """Sort what happened side by side: neighbouring tool steps, by step and then by time."""

    def is_tool(event: Event) -> bool:
        return event.type.startswith("step.") and event.data.get("kind") == "tool"

    for together, group in itertools.groupby(events, key=is_tool):
        neighbours = list(group)
        yield from sorted(neighbours, key=lambda event: event.step_id) if together else neighbours


def _blob_lines(journal: Journal, raw: bytes, told: set[str]) -> Iterator[dict[str, Any]]:
    """Write the blobs that an event refers to, and those that they refer to, each once and before its use."""
    for name in map(bytes.decode, _BLOB_NAME.findall(raw)):
        content = None if name in told else journal.store.blob(name)
        if content is None:
            continue
        told.add(name)
        yield from _blob_lines(journal, content if may_nest(content) else b"", told)
        yield {"blob": name, "content": _packed(content)}


def _packed(content: bytes) -> str:
    # Level 9 and no time stamp: the same content always gives the same text.
    return base64.b64encode(zlib.compress(content, 9)).decode()


# --- reading -----------------------------------------------------------------------------------------------------


def _read(path: Path) -> Iterator[tuple[RunInfo, list[Row], dict[str, bytes]]]:
    lines = _lines(path)
    number, first = next(lines, (1, {}))
    if first.get("victor_recording") != FORMAT:
        raise RecordingError(
            f"the file does not begin as a recording of format {FORMAT}",
            f"{path}:{number}",
            "victor replay export",
        )
    header: tuple[int, dict[str, Any]] | None = None
    body: list[tuple[int, dict[str, Any]]] = []
    for number, line in lines:
        if "run" in line:
            if header is not None:
                yield _restored(path, header, body)
            header, body = (number, line), []
        elif header is None:
            raise RecordingError("a line stands before the first run", f"{path}:{number}", _MEND)
        else:
            body.append((number, line))
    if header is not None:
        yield _restored(path, header, body)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecordingError(f"cannot read the recording: {error.strerror}", str(path), "check its path") from error
    except UnicodeDecodeError as error:
        raise RecordingError("the recording is not UTF-8 text", f"{path}, byte {error.start}", _MEND) from error
    for number, line in enumerate(io.StringIO(text, newline="\n"), start=1):  # other line breaks stand in texts
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise RecordingError(f"the line is not JSON: {error.msg}", f"{path}:{number}", _MEND) from error
        if not isinstance(value, dict):
            raise RecordingError("the line is not a JSON object", f"{path}:{number}", _MEND)
        yield number, value


def _restored(
    path: Path, header: tuple[int, dict[str, Any]], body: list[tuple[int, dict[str, Any]]]
) -> tuple[RunInfo, list[Row], dict[str, bytes]]:
    info = _info(path, *header)
    started = {"kind": info.kind, "name": info.name, "request": info.request}
    rows = [_row(1, info.created, {"event": "run.started", "data": started})]
    blobs: dict[str, bytes] = {}
    for number, line in body:
        where = f"{path}:{number}"
        if "blob" in line:
            blobs[line["blob"]] = _unpacked(line, where)
        elif isinstance(line.get("event"), str) and isinstance(line.get("data"), dict):
            rows.append(_row(len(rows) + 1, info.created, line))
        else:
            raise RecordingError("the line is neither a run, an event nor a blob", where, _MEND)
    if rows[-1].type != "run.finished":
        raise RecordingError("the recording of the run stops before its end", f"{path}:{header[0]}", _MEND)
    return info, rows, blobs


def _info(path: Path, number: int, line: Mapping[str, Any]) -> RunInfo:
    try:
        created = float(line["created"])
        names = str(line["run"]), str(line["kind"]), str(line["name"])
        request = to_canonical_json(dict(line["request"]))
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"the run's header lacks or spoils {error}", f"{path}:{number}", _MEND) from error
    return RunInfo(*names, Status.FINISHED, created, created, raw_request=request)


def _row(seq: int, created: float, line: Mapping[str, Any]) -> Row:
    raw = to_json(line["data"])
    return Row(seq, created, line["event"], str(line.get("step", "")), str(line.get("parent", "")), raw)


def _unpacked(line: Mapping[str, Any], where: str) -> bytes:
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(line["content"], validate=True), _LONGEST_RAW)
    except (KeyError, TypeError, binascii.Error, zlib.error) as error:
        raise RecordingError(f"the blob cannot be unpacked: {error}", where, _MEND) from error
    if unpacker.unconsumed_tail:
        raise RecordingError(f"the blob is larger than {_LONGEST_RAW:,} bytes", where, _MEND)
    if digest(content) != line["blob"]:
        raise RecordingError("the blob is not what its name says", where, _MEND)
    return content
