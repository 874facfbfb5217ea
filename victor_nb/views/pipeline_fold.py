"""From the events of a pipeline's run to what is known of it.

1. Plain data in, plain data out; nothing here draws, sends or waits.
2. Steps of nodes are named by their member; steps inside of them, such as an agent's requests, are told as its events.
3. What is kept is bounded: of a cell's output its end, of a member's events the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from victor_nb.journal.events import Event
from victor_nb.pipelines.record import KINDS, MEMBERS, PIPELINE_GRAPH, SKIPPED, WHY
from victor_nb.pipelines.usual import USUAL
from victor_nb.views.graph_fold import EVENTS, is_news, loaded, said_of
from victor_nb.views.pipeline_asks import (
    begun_inside,
    call_asked,
    call_decided,
    member_at,
    question_answered,
    question_asked,
)
from victor_nb.views.pipeline_members import draw_members
from victor_nb.views.pipeline_state import MemberState, Notebook, PipelineState, slower, state_of
from victor_nb.views.wire import Load
from victor_nb.views.wording import duration
from victor_nb.workflows.shape import GraphShape

_TEXT: Final = 2_400
"""Characters kept of a cell's output."""
_ENDED: Final = {"run.finished": "finished", "run.failed": "failed", "run.stopped": "stopped"}
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def pipeline_folded(events: Iterable[Event], load: Load | None = None) -> PipelineState:
    """Return what the events of a run tell, oldest first."""
    known = PipelineState()
    for event in events:
        advance(known, event, load)
    return known


def advance(known: PipelineState, event: Event, load: Load | None = None) -> None:
    """Take one more event in; one that was seen before changes nothing."""
    if not is_news(known, event):
        return
    if take := _TAKES.get(event.type):
        take(known, event, load)


# --- the run ---------------------------------------------------------------------------------------------------------


def _run_began(known: PipelineState, event: Event, load: Load | None) -> None:
    if event.step_id:
        return
    known.run_id, known.state, known.error = event.run_id, "running", None
    known.name = str(event.data.get("name") or known.name)
    for member in known.all_members:  # what is not finished is tried again
        if member.state not in ("done", "cached", "idle"):
            member.error, member.notebook, member.why = None, None, ""
            _become(known, member, "idle")


def _run_ended(known: PipelineState, event: Event, load: Load | None) -> None:
    if event.run_id != known.run_id:
        return
    known.state, known.error = _ENDED[event.type], event.data.get("error")
    if event.data.get("reason") == "waiting":
        known.state = "waiting"
    for member in known.all_members:
        if member.state in ("running", "retrying"):
            _rest(member)
            _become(known, member, "unfinished")


def _graph(known: PipelineState, event: Event, load: Load | None) -> None:
    data = loaded(event.data, load)
    shape = data.get("shape")
    if not isinstance(shape, Mapping) or "nodes" not in shape:
        return
    known.plain = GraphShape.from_json(dict(shape))
    known.parameters = dict(data.get("parameters") or {})
    known.needs = {node: list(needs) for node, needs in (data.get("needs") or {}).items()}
    known.workers = int(data.get("workers") or 1)
    kinds = {one["id"]: str(one["kind"]) for one in data.get("nodes") or ()}
    known.members = {node: known.members.get(node) or [node] for node in kinds}
    for node, kind in kinds.items():
        for member in known.members[node]:
            _member(known, member, node, kind)
    draw_members(known)


def _expanded(known: PipelineState, event: Event, load: Load | None) -> None:
    data = loaded(event.data, load)
    node = str(data["node"])
    template = known.nodes.get(node)
    kind = template.kind if isinstance(template, MemberState) else "notebook"
    known.members[node] = [str(one["id"]) for one in data["members"]] or [node]
    for one in data["members"]:
        _member(known, str(one["id"]), node, kind).matrix = dict(one["values"])
    if node not in known.members[node]:
        known.nodes.pop(node, None)
    draw_members(known)


def _usual(known: PipelineState, event: Event, load: Load | None) -> None:
    known.usual = event.data
    for member in known.all_members:
        _take_usual(known, member)


# --- members ---------------------------------------------------------------------------------------------------------


def _started(known: PipelineState, event: Event, load: Load | None) -> None:
    member = _of_step(known, event)
    if member is None:
        begun_inside(known, event)
        return
    member.began, member.error, member.replayed = event.time, None, event.replayed
    if member.kind == "notebook":
        member.notebook = Notebook(file=f"{member.node}.ipynb")
        _take_usual(known, member)
    _become(known, member, "running")
    _tell(known, member, event, f"began: {member.why}" if member.why else "began")


def _finished(known: PipelineState, event: Event, load: Load | None) -> None:
    member = _of_step(known, event)
    if member is None:
        _inner(known, event, load)
        return
    data = event.data
    member.runs, member.ms = 1, float(data.get("seconds") or 0.0) * 1000
    member.attempts = max(member.attempts, int(data.get("attempts") or 1))
    member.asks = []
    member.result, member.error, member.why = said_of(data.get("result"), load), None, str(data.get("why") or "")
    if data.get("notebook"):
        member.notebook = member.notebook or Notebook(file=f"{member.node}.ipynb")
        member.notebook.output = str(data["notebook"])
    _rest(member)
    _become(known, member, state_of(str(data.get("status") or "finished")))
    _tell(known, member, event, member.why if member.state == "cached" else f"finished in {duration(member.ms / 1000)}")


def _failed(known: PipelineState, event: Event, load: Load | None) -> None:
    member = _of_step(known, event)
    if member is None:
        _inner(known, event, load)
        return
    error = event.data.get("error")
    member.error = error if isinstance(error, dict) else {"what": str(error or "")}
    kind = _kind_of(member.error)
    member.ms = float(event.data.get("ms") or 0.0)
    _rest(member)
    if kind == "Waiting":  # it stopped to ask; the question comes next
        member.error = None
        _become(known, member, "waiting")
        return
    _become(known, member, "killed" if kind == "KernelDied" else "unfinished" if kind == "NodeStopped" else "failed")
    _tell(known, member, event, f"failed: {member.error.get('what') or ''}")


def _skipped(known: PipelineState, event: Event, load: Load | None) -> None:
    member = _named(known, event.data.get("name"))
    if member is not None:
        member.why = str(event.data.get("why") or "")
        _become(known, member, "skipped")
        _tell(known, member, event, f"skipped: {member.why}")


def _why(known: PipelineState, event: Event, load: Load | None) -> None:
    member = _named(known, event.data.get("name"))
    if member is not None:
        member.why = str(event.data.get("why") or "")
        known.changed[member.path] = None


def _retried(known: PipelineState, event: Event, load: Load | None) -> None:
    member = _named(known, event.step_id or event.data.get("name"))
    if member is None:
        return
    data = event.data
    member.attempts = max(member.attempts, int(data.get("attempt") or 1) + 1)
    _become(known, member, "retrying")
    _tell(
        known, member, event, f"attempt {data.get('attempt')} failed, again after {duration(data.get('wait_s') or 0)}"
    )


def _asked(known: PipelineState, event: Event, load: Load | None) -> None:
    is_call = event.type == "approval.requested"
    if said := call_asked(known, event) if is_call else question_asked(known, event, load):
        _tell(known, said[0], event, said[1])


def _answered(known: PipelineState, event: Event, load: Load | None) -> None:
    is_call = event.type == "approval.decided"
    if said := call_decided(known, event) if is_call else question_answered(known, event):
        _tell(known, said[0], event, said[1])


# --- cells -----------------------------------------------------------------------------------------------------------


def _cell_started(known: PipelineState, event: Event, load: Load | None) -> None:
    member, notebook, data = *_notebook(known, event), event.data
    if member is None or notebook is None:
        return
    notebook.position, notebook.cells = int(data["position"]), int(data["cells"])
    notebook.code, notebook.text, notebook.began = str(data.get("code") or ""), "", event.time
    _take_usual(known, member)


def _cell_ended(known: PipelineState, event: Event, load: Load | None) -> None:
    member, notebook, data = *_notebook(known, event), event.data
    if member is None or notebook is None:
        return
    notebook.position, notebook.began = int(data["position"]), 0.0
    seconds = float(data.get("seconds") or 0.0)
    if words := slower(notebook.file, notebook.position, seconds, notebook.usual_cell_s):
        notebook.slow.append(f"{words} ({duration(seconds)} instead of {duration(notebook.usual_cell_s)})")
        _tell(known, member, event, notebook.slow[-1])
    if event.type == "cell.failed":
        error = data.get("error") or {}
        _tell(known, member, event, f"cell {notebook.position}: {error.get('type')}: {error.get('message')}")
    if event.type == "cell.killed":
        _tell(known, member, event, f"cell {notebook.position} was killed: {data.get('text') or data.get('reason')}")


def _cell_output(known: PipelineState, event: Event, load: Load | None) -> None:
    _, notebook = _notebook(known, event)
    if notebook is not None:
        notebook.text = (notebook.text + _text_of(event.data.get("output") or {}))[-_TEXT:]


def _cell_cleared(known: PipelineState, event: Event, load: Load | None) -> None:
    _, notebook = _notebook(known, event)
    if notebook is not None:
        notebook.text = ""


def _cell_quiet(known: PipelineState, event: Event, load: Load | None) -> None:
    member, notebook = _notebook(known, event)
    if member is not None and notebook is not None:
        quiet = duration(float(event.data.get("seconds") or 0.0))
        _tell(known, member, event, f"cell {notebook.position} has said nothing for {quiet}")


def _sampled(known: PipelineState, event: Event, load: Load | None) -> None:
    _, notebook = _notebook(known, event)
    if notebook is not None:
        notebook.cpu_percent = float(event.data.get("cpu_percent") or 0.0)
        notebook.memory_bytes = int(event.data.get("memory_bytes") or 0)


_TAKES: Final[dict[str, Callable[[PipelineState, Event, Load | None], None]]] = {
    PIPELINE_GRAPH: _graph,
    MEMBERS: _expanded,
    SKIPPED: _skipped,
    WHY: _why,
    USUAL: _usual,
    "run.started": _run_began,
    "run.resumed": _run_began,
    "run.finished": _run_ended,
    "run.failed": _run_ended,
    "run.stopped": _run_ended,
    "step.started": _started,
    "step.finished": _finished,
    "step.failed": _failed,
    "node.retried": _retried,
    "interrupt.requested": _asked,
    "interrupt.answered": _answered,
    "approval.requested": _asked,
    "approval.decided": _answered,
    "cell.started": _cell_started,
    "cell.finished": _cell_ended,
    "cell.failed": _cell_ended,
    "cell.killed": _cell_ended,
    "cell.output": _cell_output,
    "cell.cleared": _cell_cleared,
    "cell.quiet": _cell_quiet,
    "kernel.sample": _sampled,
}


# --- parts -----------------------------------------------------------------------------------------------------------


def _member(known: PipelineState, path: str, node: str, kind: str) -> MemberState:
    made = known.nodes.setdefault(path, MemberState(path, node=node, kind=kind))
    assert isinstance(made, MemberState)  # nobody else fills this dict
    return made


def _named(known: PipelineState, name: object) -> MemberState | None:
    """The member of a name; one that is told before its matrix belongs to its node."""
    found = known.nodes.get(str(name))
    return found if isinstance(found, MemberState) else None


def _of_step(known: PipelineState, event: Event) -> MemberState | None:
    if event.data.get("kind") not in KINDS:
        return None
    return _named(known, event.step_id)


def _notebook(known: PipelineState, event: Event) -> tuple[MemberState | None, Notebook | None]:
    member = _named(known, event.step_id)
    if member is None:
        return None, None
    known.changed[member.path] = None
    return member, member.notebook


def _inner(known: PipelineState, event: Event, load: Load | None) -> None:
    """A step inside a node: a model request, a tool call, a node of a workflow."""
    member, data = member_at(known, event.parent_id), event.data
    has_failed = event.type == "step.failed"
    if not has_failed:  # one that failed may have stopped to ask: the question comes next
        known.inside.pop(event.step_id, None)
    if member is not None and not (has_failed and _kind_of(data.get("error")) == "Waiting"):
        ended = "failed" if has_failed else duration(float(data.get("ms") or 0.0) / 1000)
        _tell(known, member, event, f"{data.get('kind', 'step')} {data.get('name', '')}: {ended}")


def _kind_of(error: Any) -> str:
    return str(error.get("type") or "").rpartition(".")[2] if isinstance(error, Mapping) else ""


def _rest(member: MemberState) -> None:
    """Nothing is executed in it any more."""
    if member.notebook is not None:
        member.notebook.began = 0.0
        member.notebook.cpu_percent = None


def _take_usual(known: PipelineState, member: MemberState) -> None:
    notebook = member.notebook
    if notebook is None:
        return
    nodes, cells = known.usual.get("nodes") or {}, known.usual.get("cells") or {}
    notebook.usual_s = float(nodes.get(member.path) or nodes.get(member.node) or 0.0)
    found = cells.get(member.path) or cells.get(member.node) or ()
    here = [one for one in found if one["position"] == notebook.position and one["code"] == notebook.code]
    notebook.usual_cell_s = float(here[0]["seconds"]) if here else 0.0
    notebook.usual_rest_s = sum(float(one["seconds"]) for one in found if one["position"] > notebook.position)
    known.changed[member.path] = None


def _text_of(output: Mapping[str, Any]) -> str:
    """An output in words: what was printed, how a value shows itself, how an error reads."""
    kind = output.get("output_type")
    if kind == "stream":
        return _ESCAPES.sub("", _joined(output.get("text")))
    if kind == "error":
        return _ESCAPES.sub("", "\n".join(output.get("traceback") or ())) + "\n"
    text = _joined((output.get("data") or {}).get("text/plain"))
    return f"{text}\n" if text else ""


def _joined(text: object) -> str:
    return "".join(text) if isinstance(text, list) else str(text or "")


def _become(known: PipelineState, member: MemberState, state: str) -> None:
    member.state = state
    known.changed[member.path] = None


def _tell(known: PipelineState, member: MemberState, event: Event, words: str) -> None:
    at = max(0.0, event.time - known.started - known.idle)
    member.events.append({"at": round(at, 3), "type": event.type, "words": words})
    del member.events[:-EVENTS]
    known.changed[member.path] = None
