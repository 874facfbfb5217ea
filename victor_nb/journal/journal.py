"""The journal: starts, resumes, replays and reads runs. The one object that other rooms hold.

1. A journal adds to its store what is the same for every store: encoding, redaction, leases and listeners.
2. Reading needs no lease and disturbs nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import msgspec

from victor_nb.errors import nearest
from victor_nb.journal.codec import BlobSource, Reader, Writer, from_json, to_json
from victor_nb.journal.effects import OnDoubt, ReplayMode
from victor_nb.journal.errors import JournalCorrupt, RunFinished, RunNotFound
from victor_nb.journal.events import Event, RunInfo, Status
from victor_nb.journal.hub import Hub, Listener
from victor_nb.journal.ids import RunIds
from victor_nb.journal.leases import Leases, is_free
from victor_nb.journal.log import Entry, RunLog
from victor_nb.journal.redaction import NOTHING_SECRET, Redactor
from victor_nb.journal.replay import missed_request
from victor_nb.journal.rows import Row
from victor_nb.journal.run import Run
from victor_nb.journal.spans import Span, events_in, since_last, spans_of
from victor_nb.journal.steps import HISTORY_TYPES, Past, merged, past_of
from victor_nb.journal.store import Store
from victor_nb.journal.subscription import Subscription

T = TypeVar("T")

STEP_TYPES: Final = ("step.started", "step.finished", "step.failed")


class Journal:
    """A store of runs with everything needed to write and read them; safe to use from any thread.

    Args:
        store: where everything is kept.
        redactor: takes secrets out of everything that is written.
        clock: seconds since the epoch.

    Example:
        >>> from victor_nb import open_journal
        >>> with open_journal("memory:") as journal:
        ...     with journal.start("program", "adder") as run:
        ...         total = run.step_sync("add", lambda: 2 + 3, inputs=[2, 3])
        ...         run.finish(total)
        ...     [event.type for event in journal.events(run.id)], journal.result("last")
        (['run.started', 'step.finished', 'run.finished'], 5)
    """

    def __init__(
        self, store: Store, redactor: Redactor = NOTHING_SECRET, clock: Callable[[], float] = time.time
    ) -> None:
        self.store, self.redactor, self.clock, self.hub = store, redactor, clock, Hub()
        self._reader = Reader(self.blob)
        self._ids = RunIds()
        self._leases = Leases(store, lambda: self.clock())

    @property
    def url(self) -> str:
        """Where the journal is; opening it gives the same journal."""
        return self.store.url

    # -- runs ------------------------------------------------------------------------------------------------------

    def start(
        self,
        kind: str = "run",
        name: str = "",
        request: Mapping[str, object] | None = None,
        blobs: Mapping[str, bytes] | None = None,
    ) -> Run:
        """Begin a new run and hold its lease.

        Args:
            kind: "agent", "workflow", "pipeline", …
            name: which agent or workflow.
            request: what is asked of it; a replay finds this run by kind, name and request.
            blobs: what the request refers to.
        """
        now = self.clock()
        raw_request, own_blobs = self._written(request)
        info = self._new_info(kind, name, raw_request, now)
        log = self._create(info, own_blobs | dict(blobs or {}))
        return Run(self, info, Past(), log, mode="record", on_doubt="ask")

    def resume(self, run_id: str, on_doubt: OnDoubt = "ask", *, since: str | None = None) -> Run:
        """Go on with an unfinished run: finished steps answer from the journal, the first missing one is done.

        Args:
            run_id: the id, an unambiguous beginning of it, or "last".
            on_doubt: what to do with a step that may or may not have had its effect.
            since: a type of event, such as a snapshot, after whose newest one alone the past is needed.

        Raises:
            RunNotFound: there is no such run.
            RunFinished: the run came to its end.
            RunInUse: another living process executes it.
        """
        info = self.find(run_id)
        if info.is_finished:
            raise RunFinished(f"run {info.run_id} is finished", hint=f"replay it for free: victor replay {info.run_id}")
        info = self._leases.take_over(info)
        try:
            # A stop that was meant for the execution before must not end this one; decisions are kept.
            self.store.drop_mail(info.run_id, "stop")
            log = RunLog(self.store, self.hub, info.run_id, self.store.newest_seq(info.run_id), self.clock)
            spans = spans_of(self.store, info)
            begin, spans = since_last(self.store, spans, since) if since is not None else (None, spans)
            run = Run(self, info, self._past(spans), log, mode="record", on_doubt=on_doubt, spans=spans, begin=begin)
            log.write(Entry("run.resumed", to_json({"owner": info.owner}), status=Status.RUNNING))
        except BaseException:
            self.release(info.run_id)
            raise
        return run

    def replay(self, run_id: str, mode: ReplayMode = "strict") -> Run:
        """Execute a recorded run again from its record.

        Args:
            mode: "strict" raises at the first step that the record does not answer; "auto" does such a step and
                records it in a new run that is built on the recording.
        """
        info = self.find(run_id)
        spans = spans_of(self.store, info)
        past = self._past(spans, with_last_failures=mode == "strict")
        if mode == "strict":
            return Run(self, info, past, None, mode=mode, on_doubt="ask", recording=info.run_id, spans=spans)
        now = self.clock()
        through = self.store.newest_seq(info.run_id)
        new = msgspec.structs.replace(
            self._new_info(info.kind, info.name, info.raw_request, now), parent=info.run_id, through=through
        )
        return Run(self, new, past, None, mode="auto", on_doubt="ask", recording=info.run_id, spans=spans)

    def fork(self, run_id: str, through: int, *, type: str, data: Mapping[str, object] | None = None) -> RunInfo:
        """Make an unfinished run whose past is another run's up to event `through`; nothing is copied.

        Args:
            type, data: an event that says what the fork is for; it is the fork's first one.
        """
        origin, now = self.find(run_id), self.clock()
        writer = Writer(self.redactor)
        raw = writer.body(dict(data or {}))
        info = msgspec.structs.replace(
            self._new_info(origin.kind, origin.name, origin.raw_request, now),
            status=Status.STOPPED,
            parent=origin.run_id,
            through=through,
        )
        rows = [Row(1, now, "run.started", "", "", _started(info)), Row(2, now, type, "", "", raw)]
        key = _key(info.kind, f"{info.name}@{origin.run_id}:{through}", raw)  # it answers no replay of the request
        self.store.create_run(info, key, rows, writer.blobs)
        return info

    def find(self, run_id: str) -> RunInfo:
        """Return a run by its id, an unambiguous beginning of it, or "last" for the newest.

        Raises:
            RunNotFound: there is none, or more than one.
        """
        if run_id == "last":
            newest = self.runs(limit=1)
            if not newest:
                raise RunNotFound("the journal holds no run yet", self.url, "run an agent first: victor ask …")
            return newest[0]
        if (exact := self.store.run(run_id)) is not None:
            return exact
        found = self.store.runs_with_prefix(run_id, 2) if run_id else []
        if len(found) == 1:
            return found[0]
        if found:
            raise RunNotFound(
                f"more than one run begins with {run_id!r}", self.url, "give more of its id (victor runs)"
            )
        known = [info.run_id for info in self.runs(limit=200)]
        raise RunNotFound(f"there is no run {run_id!r}.{nearest(run_id, known)}", self.url, "list them: victor runs")

    def recorded(self, kind: str, name: str, request: Mapping[str, object] | None = None) -> RunInfo:
        """Return the newest finished run that was asked exactly this.

        Raises:
            ReplayMiss: there is none; the error says how the nearest one differs.
        """
        raw, blobs = self._written(request)
        found = self.store.runs(kind=None, name=None, status=Status.FINISHED, key=_key(kind, name, raw), limit=1)
        if found:
            return found[0]
        near = self.store.runs(kind=kind, name=name, status=Status.FINISHED, key=None, limit=1)
        asked = _with_long_fields(raw, blobs.__getitem__)
        raise missed_request(kind, name, asked, near[0] if near else None, self.request(near[0]) if near else {})

    def unfinished(self, kind: str, name: str, request: Mapping[str, object] | None = None) -> RunInfo | None:
        """Return the newest run that was asked exactly this, if it came to no end and nobody executes it."""
        raw, _ = self._written(request)
        found = self.store.runs(kind=None, name=None, status=None, key=_key(kind, name, raw), limit=1)
        return found[0] if found and not found[0].is_finished and not self.is_live(found[0]) else None

    def request(self, info: RunInfo) -> dict[str, Any]:
        """Return what was asked of a run, JSON values, with the long fields that `info.request` only refers to."""
        return _with_long_fields(info.raw_request, self.blob)

    def runs(
        self,
        *,
        kind: str | None = None,
        name: str | None = None,
        status: Status | None = None,
        limit: int = 50,
    ) -> list[RunInfo]:
        """Return runs, newest first, at most `limit`; those of a kind, name and status where they are given."""
        return self.store.runs(kind=kind, name=name, status=status, key=None, limit=limit)

    def is_live(self, info: RunInfo) -> bool:
        """Whether a living process executes the run now."""
        return not is_free(info, self.clock())

    # -- events ----------------------------------------------------------------------------------------------------

    def events(
        self, run_id: str, *, after: int = 0, types: Iterable[str] | None = None, last: int | None = None
    ) -> list[Event]:
        """Return a run's own events, oldest first; none for an id that the journal does not hold.

        Args:
            run_id: the whole id; `find` gives it for a part of one.
            after: only events with a greater number.
            types: only events of these types.
            last: only that many from the end.
        """
        return self.store.events(run_id, after=after, through=None, types=types, last=last, bodies=True)

    def outline(self, run_id: str, *, last: int | None = None) -> list[Event]:
        """Return a run's events without their bodies: ten thousand of them in a few milliseconds."""
        return self.store.events(run_id, after=0, through=None, types=None, last=last, bodies=False)

    def history(self, run_id: str, *, types: Iterable[str] | None = None) -> list[Event]:
        """Return a run's events with those of the runs that it was built on before them, marked replayed."""
        wanted = None if types is None else tuple(types)
        *older, own = spans_of(self.store, self.find(run_id))
        inherited = events_in(self.store, older, wanted or STEP_TYPES)
        return [event.as_replayed() for event in inherited] + events_in(self.store, [own], wanted)

    def load(self, value: object) -> Any:
        """Return JSON values from an event with tables, arrays and other tagged values brought to life."""
        return self._reader.revive(value)

    def blob(self, name: str) -> bytes:
        """Return the content of a blob that an event refers to.

        Raises:
            JournalCorrupt: the journal does not hold it.
        """
        content = self.store.blob(name)
        if content is None:
            raise JournalCorrupt(f"the journal lacks the blob {name}", self.url, "restore the journal from a backup")
        return content

    def result_in(self, raw: bytes) -> Any:
        """Return the result that the body of a `step.finished` holds."""
        if b"$" in raw:  # there may be a tag
            return self._reader.value(bytes(_undecoded(raw).result))
        return _decoded(raw).result

    def result(self, run_id: str) -> Any:
        """Return what a finished run returned.

        Raises:
            RunNotFound: there is no such run, or it has not finished.
        """
        ends = self.events(self.find(run_id).run_id, types=("run.finished",), last=1)
        if not ends:
            raise RunNotFound(f"run {run_id!r} has not finished", self.url, f"victor resume {run_id}")
        return self.load(ends[0].data["result"])

    def subscribe(self, run_id: str, after: int = 0) -> Subscription:
        """Read a run's stream from event `after` on, past and present; see `Subscription`."""
        return Subscription(self, run_id, after)

    def listen(self, run_id: str, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with each event of a run that this process executes; returns its removal."""
        return self.hub.connect(run_id, listener)

    def listen_to_all(self, listener: Listener) -> Callable[[], None]:
        """`listen` for every run that this process executes, those to come included."""
        return self.hub.connect_to_all(listener)

    def restore(self, info: RunInfo, rows: Sequence[Row], blobs: Mapping[str, bytes]) -> bool:
        """Write a whole run that was recorded elsewhere; return False if this journal holds it already."""
        if self.store.run(info.run_id) is not None:
            return False
        clean = [row._replace(raw=self.redactor.clean_json(row.raw)) for row in rows]
        self.store.create_run(info, _key(info.kind, info.name, info.raw_request), clean, blobs)
        return True

    def signal(self, run_id: str, name: str, data: Mapping[str, object] | None = None) -> None:
        """Send something to whoever executes the run, in any process or later: "stop", "approve", "deny", "answer"."""
        info = self.find(run_id)
        raw = Writer(self.redactor).body(dict(data or {}))
        self.store.send(info.run_id, self.redactor.clean_text(name), raw, self.clock())

    # -- what runs need --------------------------------------------------------------------------------------------

    def open_log_of_replay(self, info: RunInfo) -> RunLog:
        """Make the new run into which a replay writes what its recording lacks."""
        return self._create(info, {})

    def executes(self, run_id: str) -> bool:
        """Whether this very object holds the run's lease, so that it hears every event of the run."""
        return self._leases.holds(run_id)

    def release(self, run_id: str) -> None:
        """Give up the lease of a run that has ended here."""
        self._leases.release(run_id)

    def _written(self, request: Mapping[str, object] | None) -> tuple[bytes, dict[str, bytes]]:
        writer = Writer(self.redactor)
        return writer.request(dict(request or {})), writer.blobs

    def _new_info(self, kind: str, name: str, raw_request: bytes, now: float) -> RunInfo:
        kind, name = self.redactor.clean_text(kind), self.redactor.clean_text(name)
        return RunInfo(self._ids.new(now), kind, name, Status.RUNNING, now, now, raw_request=raw_request)

    def _create(self, info: RunInfo, blobs: Mapping[str, bytes]) -> RunLog:
        info, body = self._leases.new(info), _started(info)
        key = _key(info.kind, info.name, info.raw_request)
        self.store.create_run(info, key, [Row(1, info.created, "run.started", "", "", body)], blobs)
        self._leases.hold(info)
        if self.hub.is_heard(info.run_id):
            self.hub.publish(Event(info.run_id, 1, info.created, "run.started", raw=body))
        return RunLog(self.store, self.hub, info.run_id, 1, self.clock)

    def _past(self, spans: Iterable[Span], *, with_last_failures: bool = False) -> Past:
        past = Past()
        for run_id, after, through in spans:
            results = self.store.results(run_id, after=after, through=through)
            history = self.store.events(
                run_id, after=after, through=through, types=HISTORY_TYPES, last=None, bodies=True
            )
            newest = self.store.events(run_id, after=after, through=through, types=STEP_TYPES, last=1, bodies=False)
            last_seq = newest[0].seq if newest else 0
            past = merged(past, past_of(results, history, last_seq, with_last_failures=with_last_failures))
        return past

    def stats(self) -> dict[str, float]:
        """Return counters: appends, rows, lock_waits, lock_wait_s, worst_lock_wait_s."""
        return self.store.stats()

    def close(self) -> None:
        """Release every lease and close the store."""
        try:
            self._leases.close()
        finally:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Finished(msgspec.Struct, Generic[T]):
    result: T


_undecoded = msgspec.json.Decoder(_Finished[msgspec.Raw]).decode
_decoded = msgspec.json.Decoder(_Finished[Any]).decode


def _started(info: RunInfo) -> bytes:
    return to_json({"kind": info.kind, "name": info.name, "request": msgspec.Raw(info.raw_request)})


def _with_long_fields(raw_request: bytes, blob: BlobSource) -> dict[str, Any]:
    fields: dict[str, Any] = from_json(raw_request)
    return {
        name: from_json(blob(value["$json"])) if isinstance(value, dict) and "$json" in value else value
        for name, value in fields.items()
    }


def _key(kind: str, name: str, raw_request: bytes) -> str:
    return blake2b(f"{kind}\0{name}\0".encode() + raw_request, digest_size=12).hexdigest()
