"""One member of a node: answered by the journal, by the cache, or done; and recorded whatever comes of it.

1. What is finished in this run is never done again. What was made from the same before is taken from the cache.
2. A member that fails fails alone: its error is recorded, and whoever needs it finds it failed.
3. A result is kept in the cache before the journal says that the member is finished, so that a kill in between costs
   nothing but a look-up.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from victor_nb.errors import VictorError
from victor_nb.journal import Effect, Step
from victor_nb.journal.codec import from_json
from victor_nb.journal.errors import JournalError, LeaseLost
from victor_nb.journal.steps import CURRENT
from victor_nb.pipelines.caching.cache import Entry
from victor_nb.pipelines.caching.fingerprint import Fingerprint, difference
from victor_nb.pipelines.caching.kept import KeptLost
from victor_nb.pipelines.failures import NodeStopped, NothingToTake, NotRestored, OutputMissing, PipelineChanged
from victor_nb.pipelines.gluing import WrongGlue, import_modules
from victor_nb.pipelines.observing.observed import Observed
from victor_nb.pipelines.record import WHY
from victor_nb.pipelines.results import Because, NodeStatus
from victor_nb.pipelines.running.around import Around
from victor_nb.pipelines.running.attempts import tried, within
from victor_nb.pipelines.running.given import files_of, given_to, is_due
from victor_nb.pipelines.running.matrix import Member
from victor_nb.pipelines.running.preparing import Work, prepared
from victor_nb.pipelines.spec import AgentWork, ComputeWork, Node, NotebookWork, WorkflowWork
from victor_nb.workflows import NodeFailed
from victor_nb.workflows.runtime import RUNTIME, Runtime, Waiting

SUPERSTEP: Final = 1
"""Of the graph whose one node a pipeline is."""
NOT_OURS: Final = (JournalError, LeaseLost, PipelineChanged)
"""What ends the run and not just a node."""
NOT_RESTORED: Final = (NotRestored, KeptLost, WrongGlue)
"""Why what is finished cannot be had again: its files, its value."""


@dataclass(frozen=True, slots=True)
class Came:
    """What became of a member.

    Attributes:
        failure: why it has no value; None where it has one, or was skipped.
        waiting: what it asks a person.
    """

    status: NodeStatus
    value: Any = None
    because: Because = ""
    failure: Exception | None = None
    waiting: Waiting | None = None

    @property
    def is_lost(self) -> bool:
        """Whether nothing that needs it can run."""
        return self.failure is not None or self.waiting is not None or self.because in ("failed", "not asked")


@dataclass(frozen=True, slots=True)
class _Made:
    """What a member made: its value, its declared files and its executed notebook."""

    value: Any
    outputs: dict[str, Path]
    notebook: str = ""
    observed: Observed = field(default_factory=Observed)
    modules: tuple[str, ...] = ()


async def perform(around: Around, node: Node, member: Member, scope: dict[str, Any]) -> Came:
    """Have a member done, if it is not done already.

    Args:
        scope: what its templates may name.

    Raises:
        ReplayMiss: in a strict replay, the record does not know it.
        PipelineChanged: it is finished, and is another one now.
        JournalError, LeaseLost: the run cannot go on.
    """
    placed = around.run.placed
    step = Step(
        around.run.id, member.id, around.inside.id, node.kind, member.id, Effect.IDEMPOTENT, b"null"
    )  # fmt: skip
    if (recorded := placed.recorded(step.id)) is not None:
        began = time.perf_counter()
        try:
            import_modules(from_json(recorded).get("modules", ()), around.base)
            return _answered(around, node, member, scope, recorded, placed.result(recorded, step))
        except NOT_RESTORED as failure:  # the files are as good as not made
            placed.failed(step, failure, began)
            return Came("failed", because="failed", failure=failure)
    await placed.admit(step)
    began = time.perf_counter()
    own = Runtime(around.runtime._shared, step, SUPERSTEP, 0, None)  # questions are asked in the member's name
    inside, outer = CURRENT.set(step), RUNTIME.set(own)
    try:
        return await _done(around, node, member, scope, step, began)
    except NOT_OURS:
        raise
    except Waiting as waiting:
        placed.paused(step, waiting, began)
        return Came("stopped", waiting=waiting)
    except Exception as failure:
        told = _explained(failure, node, member, around.run.id)
        placed.failed(step, told, began)
        return Came("failed", because="failed", failure=told)
    except BaseException:
        placed.failed(step, NodeStopped(f"{member.id} was ended because the run was", f"run {around.run.id}"), began)
        raise
    finally:
        RUNTIME.reset(outer)
        CURRENT.reset(inside)


async def _done(
    around: Around, node: Node, member: Member, scope: dict[str, Any], step: Step, began: float
) -> Came:  # fmt: skip
    if not is_due(node, {**scope, **member.values}):
        why = f"its condition does not hold: {node.when}"
        return _write(around, step, began, "skipped", None, why=why, because="when")
    if node.id in around.choice.taken:
        return _taken(around, node, member, step, began)
    work = prepared(node, member, given_to(node, member, scope), around.base, around.run.journal.redactor)
    if node.id in around.choice.forced:
        why = "it was asked to run anew"
    elif not node.cache:
        why = "its cache is off"
    elif isinstance(answer := _from_cache(around, work, step, began), Came):
        return answer
    else:
        why = answer
    around.note(WHY, {"name": member.id, "why": why})
    if work.notebook is not None and around.kernels == "warm" and around.executor is None:
        around.warmer.begin(node.id)
    async with around.workers.one(around.priority.get(node.id, 0.0)):
        began = time.perf_counter()
        around.run.placed.start(step)
        made = await tried(around, step, node.retry, lambda: _made(around, work, step))
    return await _kept(around, work, made, step, began, why)


async def _kept(around: Around, work: Work, made: _Made, step: Step, began: float, why: str) -> Came:
    """Keep what was made in the cache, then record it.

    Raises:
        NodeFailed: there is no room for it, or the pipeline's folder cannot be written to.
    """
    member = work.member
    keep = partial(
        around.cache.put,
        member.id,
        msgspec.structs.replace(work.fingerprint, observed=made.observed),
        made.value,
        run_id=around.run.id,
        seconds=time.perf_counter() - began,
        outputs=made.outputs,
        notebook=made.notebook,
        modules=made.modules,
        is_reusable=work.node.cache,
    )
    try:
        await around.runtime.threads.run(keep)  # outputs may be large, and others have to be begun meanwhile
    except OSError as problem:
        raise NodeFailed(
            f"what {member.id} made cannot be kept: {problem.strerror or problem}",
            str(around.folder.root),
            f"make room there, or let it be written to, then: victor resume {around.run.id}",
        ) from problem
    notes = {"why": why, "notebook": made.notebook, "outputs": sorted(made.outputs), "modules": list(made.modules)}
    return _write(
        around, step, began, "finished", made.value, identity=work.fingerprint.key, matrix=member.values, **notes
    )


async def _made(around: Around, work: Work, step: Step) -> _Made:
    node, member = work.node, work.member
    notebook, observed, modules = "", Observed(), tuple[str, ...]()
    if isinstance(node.work, NotebookWork):
        from victor_nb.pipelines.running.notebook_work import executed

        assert work.notebook is not None
        outcome = await executed(node, member.id, work.notebook, around, step)
        value: Any = outcome.value
        notebook, observed, modules = outcome.notebook, outcome.observed, outcome.modules
    else:
        from victor_nb.pipelines.running.works import asked, computed, worked

        match node.work:
            case ComputeWork():
                doing = computed(node.work, work.given, around)
            case AgentWork():
                doing = asked(node.work, work.given, around)
            case WorkflowWork():
                doing = worked(node.work, work.given, around)
        value = await within(node.timeout_s, member.id, around.run.id, doing)
    return _Made(value, _outputs(around, work), notebook, observed, modules)


def _outputs(around: Around, work: Work) -> dict[str, Path]:
    files, missing = files_of(around.base, work.given.outputs)
    if missing:
        raise OutputMissing(
            f"{work.member.id} ended well and wrote no {missing[0]}",
            work.node.where or f"node {work.node.id!r}",
            f"paths are relative to {around.base}; mend the path or the node",
        )
    return files


# -- what is known already ---------------------------------------------------------------------------------------------


def _answered(
    around: Around, node: Node, member: Member, scope: dict[str, Any], recorded: bytes, value: Any
) -> Came:  # fmt: skip
    """Take what this run has finished before; see to it that its files are there."""
    body = from_json(recorded)
    status: NodeStatus = body["status"]
    came = Came(status, value, body.get("because", ""))
    if around.run.mode == "strict" or status == "skipped" or node.id in around.choice.taken:
        return came
    entry = next((one for one in around.cache.entries(member.id) if one.fingerprint.key == body["identity"]), None)
    if not around.accept_changes:
        _check_same(around, node, member, scope, body["identity"], entry)
    if entry is not None:
        around.cache.restore(entry, around.cache.damaged(entry))
    return came


def _check_same(
    around: Around, node: Node, member: Member, scope: dict[str, Any], key: str, entry: Entry | None
) -> None:  # fmt: skip
    now = prepared(node, member, given_to(node, member, scope), around.base, around.run.journal.redactor)
    if now.fingerprint.key == key:
        return
    told = _first_change(entry, now) if entry is not None else "it is another one now"
    raise PipelineChanged(
        f"{member.id} is finished in this run, and changed since: {told}",
        f"run {around.run.id}",
        "start a new run: what did not change comes from the cache; or accept_changes=True keeps what is finished",
    )


def _first_change(entry: Entry, now: Work) -> str:
    then = entry.fingerprint
    return difference(Fingerprint(then.parts, then.inputs), now.fingerprint, now.name)


def _taken(around: Around, node: Node, member: Member, step: Step, began: float) -> Came:
    entry = around.cache.newest(member.id)
    if entry is None:
        raise NothingToTake(
            f"{member.id} is needed, and was never run",
            f"pipeline {around.spec.name!r}",
            f"run it too: --from {node.id}, or the whole pipeline",
        )
    why = f"not asked for; from run {entry.run_id}"
    return _from_entry(around, entry, around.cache.damaged(entry), member, step, began, entry.fingerprint, why)


def _from_cache(around: Around, work: Work, step: Step, began: float) -> Came | str:
    """Return what the cache has for a member, else why it has to run."""
    found = around.cache.find(work.member.id, work.fingerprint, work.name)
    if found.entry is None:
        return found.why
    why = found.why + (f"; restored {', '.join(found.damaged)}" if found.damaged else "")
    try:
        return _from_entry(around, found.entry, found.damaged, work.member, step, began, work.fingerprint, why)
    except KeptLost as lost:  # somebody has cleaned since it was found, or a part of its value is damaged
        return lost.what


def _from_entry(
    around: Around,
    entry: Entry,
    damaged: Mapping[str, str],
    member: Member,
    step: Step,
    began: float,
    fingerprint: Fingerprint,
    why: str,
) -> Came:
    """Raises: KeptLost, NotRestored, WrongGlue: its outputs cannot be put back, or its value cannot be read."""
    around.cache.restore(entry, damaged)
    value = around.cache.value(entry)
    step.note(cached=True)
    notes = {"why": why, "notebook": entry.notebook, "outputs": sorted(entry.outputs), "modules": entry.modules}
    return _write(around, step, began, "cached", value, identity=fingerprint.key, matrix=member.values, **notes)


def _write(around: Around, step: Step, began: float, status: NodeStatus, value: Any, **notes: Any) -> Came:
    seconds = round(time.perf_counter() - began, 4)
    step.note(status=status, seconds=seconds, **{name: one for name, one in notes.items() if one})
    entry = around.run.placed.done(step, SUPERSTEP, value, round(seconds * 1000, 3))
    around.run.placed.write([entry])
    return Came(status, value, notes.get("because", ""))


def _explained(failure: Exception, node: Node, member: Member, run_id: str) -> Exception:
    """Return the error as a person should see it; ours say enough already."""
    if isinstance(failure, VictorError):
        return failure
    error = NodeFailed(
        f"{member.id} failed: {type(failure).__name__}: {failure}",
        node.where or f"node {node.id!r}",
        f"what is finished is kept; mend the cause, then: victor resume {run_id}",
    )
    error.__cause__ = failure
    return error
