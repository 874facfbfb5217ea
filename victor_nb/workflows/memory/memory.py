"""The memory: named values in the journal's database, shared by all runs and all processes that open it.

1. What is asked is checked as a whole before anything is changed; writes that come together are one transaction.
2. Inside a node every call is a step of the run: a node that runs again reads what it had read and writes nothing
   twice. Outside of a run, or of the process that executes it, calls go straight to the database.
3. Secrets are taken out of names, values and texts on the way in. Never pickle.
4. The async twins do the same on another thread, so that an event loop waits for no lock and no embedder.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from victor_nb.errors import UsageError
from victor_nb.journal import Journal, current_step
from victor_nb.journal.codec import BlobSink, Writer, from_json
from victor_nb.journal.items import FOREVER, Change, ItemRow, Removal
from victor_nb.workflows.memory import names
from victor_nb.workflows.memory.embedding import Embedder, vectors_of
from victor_nb.workflows.memory.embedding import name_of as embedder_name
from victor_nb.workflows.memory.filtering import check_filter
from victor_nb.workflows.memory.finding import Finder, value_of
from victor_nb.workflows.memory.operations import (
    VERBS,
    Delete,
    Get,
    Item,
    ListNamespaces,
    Namespace,
    Operation,
    Put,
    Search,
    as_inputs,
)
from victor_nb.workflows.memory.texts import text_of, words_of
from victor_nb.workflows.runtime import RUNTIME

T = TypeVar("T")
Answer = Item | list[Item] | list[Namespace] | None

_to_msgpack = msgspec.msgpack.Encoder().encode


class Memory:
    """Values by namespace and key, kept in a journal's database.

    Args:
        embedder: searches by meaning instead of by words, if it is given.
        ttl_s: for how long items are kept that say nothing themselves, in seconds; None for ever.
        refresh: whether reading an item lets its time begin anew.
        room: a part of the store whose items are found only by memories that name it; by default the one for all.
    """

    def __init__(
        self,
        journal: Journal,
        embedder: Embedder | None = None,
        *,
        ttl_s: float | None = None,
        refresh: bool = False,
        room: str = "",
    ) -> None:
        names.length_of(ttl_s, None)
        self.journal, self.embedder, self.ttl_s, self.refresh = journal, embedder, ttl_s, refresh
        self._items = journal.store.items
        self._room = names.room_of(room) if room else ""

    # -- the sync face ---------------------------------------------------------------------------------------------

    def put(
        self,
        namespace: Namespace,
        key: str,
        value: object,
        index: Sequence[str] | bool | None = None,
        *,
        ttl_s: float | None = None,
    ) -> None:
        """Keep a value; see `Put`.

        Raises:
            UsageError: a name or `ttl_s` is none.
            Unstorable: the value cannot be written down.
        """
        self._do(Put(namespace, key, value, index, ttl_s))

    def get(self, namespace: Namespace, key: str, *, refresh: bool | None = None) -> Item | None:
        """Return the item under `key`, or None; see `Get`."""
        found: Item | None = self._do(Get(namespace, key, refresh))
        return found

    def delete(self, namespace: Namespace, key: str) -> None:
        """Remove what is under `key`, if anything is. What finished runs have recorded of it stays in their events."""
        self._do(Delete(namespace, key))

    def search(
        self,
        namespace: Namespace = (),
        /,
        *,
        query: str | None = None,
        filter: Mapping[str, object] | None = None,
        limit: int = 10,
        offset: int = 0,
        refresh: bool | None = None,
    ) -> list[Item]:
        """Return items at or below a namespace; see `Search`.

        Raises:
            UsageError: a name, the filter or the window is none.
        """
        found: list[Item] = self._do(Search(namespace, query, filter, limit, offset, refresh))
        return found

    def list_namespaces(
        self,
        *,
        prefix: Namespace = (),
        suffix: Namespace = (),
        max_depth: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Namespace]:
        """Return namespaces that hold items; see `ListNamespaces`."""
        found: list[Namespace] = self._do(ListNamespaces(prefix, suffix, max_depth, limit, offset))
        return found

    def batch(self, operations: Iterable[Operation]) -> list[Answer]:
        """Do several things in order and return their answers, None for a write.

        Writes that follow one another are one transaction. Nothing is done if one of the operations makes no sense.
        """
        asked = list(operations)
        for one in asked:
            self._check(one)
        inputs = [{"do": VERBS[type(one)], **as_inputs(one)} for one in asked]
        answers: list[Answer] = self._recorded(
            "batch", inputs, lambda: self._answers(asked), lambda told: list(map(_answer, told))
        )
        return answers

    def change(self, namespace: Namespace, key: str, function: Callable[[Any], T], *, default: object = None) -> T:
        """Replace a value by what `function` makes of it, and return that; nobody's change in between is lost.

        A node that is killed between the change and its record does not make it again when it is resumed, unless
        another process has changed the value meanwhile.

        Args:
            function: called with the value, or with `default` where there is none; called again if another process
                was faster.
        """
        place, name = self._names(namespace, key)

        def work() -> Any:
            version = _version_of_step()
            while True:
                row = self._items.get(place, name, self._now())
                if row is not None and row.version == version:
                    return value_of(row)  # we made it, and were killed before it was on record
                changed = function(value_of(row) if row is not None else default)
                new = self._rows([Put(namespace, key, changed)])[0]._replace(version=version)
                if self._items.swap(new, row.version if row is not None else "", self._now()):
                    return changed

        changed: T = self._recorded("change", {"namespace": list(namespace), "key": key}, work, lambda told: told)
        return changed

    def sweep(self) -> int:
        """Remove every item whose time is over, and return how many there were; otherwise writes do, a few each."""
        return self._items.sweep(self._now())

    # -- the async face --------------------------------------------------------------------------------------------

    async def aput(
        self,
        namespace: Namespace,
        key: str,
        value: object,
        index: Sequence[str] | bool | None = None,
        *,
        ttl_s: float | None = None,
    ) -> None:
        """`put`, awaited."""
        await asyncio.to_thread(self.put, namespace, key, value, index, ttl_s=ttl_s)

    async def aget(self, namespace: Namespace, key: str, *, refresh: bool | None = None) -> Item | None:
        """`get`, awaited."""
        return await asyncio.to_thread(self.get, namespace, key, refresh=refresh)

    async def adelete(self, namespace: Namespace, key: str) -> None:
        """`delete`, awaited."""
        await asyncio.to_thread(self.delete, namespace, key)

    async def asearch(
        self,
        namespace: Namespace = (),
        /,
        *,
        query: str | None = None,
        filter: Mapping[str, object] | None = None,
        limit: int = 10,
        offset: int = 0,
        refresh: bool | None = None,
    ) -> list[Item]:
        """`search`, awaited."""
        asked = Search(namespace, query, filter, limit, offset, refresh)
        found: list[Item] = await asyncio.to_thread(self._do, asked)
        return found

    async def alist_namespaces(
        self,
        *,
        prefix: Namespace = (),
        suffix: Namespace = (),
        max_depth: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Namespace]:
        """`list_namespaces`, awaited."""
        asked = ListNamespaces(prefix, suffix, max_depth, limit, offset)
        found: list[Namespace] = await asyncio.to_thread(self._do, asked)
        return found

    async def abatch(self, operations: Iterable[Operation]) -> list[Answer]:
        """`batch`, awaited."""
        return await asyncio.to_thread(self.batch, operations)

    async def achange(
        self, namespace: Namespace, key: str, function: Callable[[Any], T], *, default: object = None
    ) -> T:
        """`change`, awaited; `function` is called on another thread."""
        return await asyncio.to_thread(self.change, namespace, key, function, default=default)

    # -- on record -------------------------------------------------------------------------------------------------

    def _do(self, operation: Operation) -> Any:
        self._check(operation)
        verb, inputs = VERBS[type(operation)], as_inputs(operation)
        return self._recorded(verb, inputs, lambda: self._answers([operation])[0], _answer)

    def _recorded(self, name: str, inputs: object, body: Callable[[], Any], read: Callable[[Any], Any]) -> Any:
        """Do it as a step of the node inside which we are; answer from the record if the node did it before."""
        runtime = RUNTIME.get()
        if runtime is None:
            return read(body())
        # A "pure" step is one commit. That is enough: reading again, or writing the same again, does no harm.
        return read(runtime.run.step_sync(name, body, kind="memory", inputs=inputs))

    # -- doing -----------------------------------------------------------------------------------------------------

    def _answers(self, operations: Sequence[Operation]) -> list[Any]:
        """What each operation answers, as plain data that the journal can keep."""
        rows = iter(self._rows([one for one in operations if isinstance(one, Put)]))
        answers: list[Any] = []
        waiting: list[Change] = []
        for one in operations:
            if isinstance(one, Put):
                waiting.append(next(rows))
            elif isinstance(one, Delete):
                waiting.append(Removal(*self._names(one.namespace, one.key)))
            else:
                self._write(waiting)
            answers.append(self._read(one))
        self._write(waiting)
        return answers

    def _write(self, changes: list[Change]) -> None:
        if changes:
            self._items.write(changes, self._now())
            changes.clear()

    def _read(self, asked: Operation) -> Any:
        if isinstance(asked, Get):
            row = self._items.get(*self._names(asked.namespace, asked.key), self._now())
            return self._told([(row, None)], asked.refresh)[0] if row is not None else None
        if isinstance(asked, Search):
            place = self._room + names.place_of(asked.namespace, self.journal.redactor, may_be_empty=True)
            return self._told(self._finder().found(place, asked, self._now()), asked.refresh)
        if isinstance(asked, ListNamespaces):
            known = names.namespaces_in(self._room, self._items.places(self._now()))
            return [list(one) for one in names.listed(known, asked)]
        return None

    def _check(self, asked: Operation) -> None:
        if isinstance(asked, Search | ListNamespaces):
            names.check_window(asked)
        if isinstance(asked, ListNamespaces):
            for end in (asked.prefix, asked.suffix):
                names.place_of(end, self.journal.redactor, may_be_empty=True)
        elif isinstance(asked, Search):
            names.place_of(asked.namespace, self.journal.redactor, may_be_empty=True)
            check_filter(asked.filter or {})
        elif isinstance(asked, Put | Get | Delete):
            self._names(asked.namespace, asked.key)
        else:
            raise UsageError(f"{asked!r} is nothing that a memory can do", hint="give Put, Get, Delete or Search")

    def _names(self, namespace: Namespace, key: str) -> tuple[str, str]:
        redactor = self.journal.redactor
        return self._room + names.place_of(namespace, redactor), names.name_of(key, redactor)

    # -- writing ---------------------------------------------------------------------------------------------------

    def _rows(self, puts: Sequence[Put]) -> list[ItemRow]:
        written = [self._written(put) for put in puts]
        vectors = [b""] * len(puts)
        if self.embedder is not None:
            vectors = vectors_of(self.embedder, [text for _, _, text in written])
        return [self._row(put, *one, vector) for put, one, vector in zip(puts, written, vectors, strict=True)]

    def _written(self, put: Put) -> tuple[bytes, BlobSink, str]:
        """The value as JSON, the blobs beside it, and what it is found by."""
        writer = Writer(self.journal.redactor)
        raw = writer.body({"value": put.value})
        stored = from_json(raw)["value"]
        if isinstance(stored, dict) and "$json" in stored:
            stored = from_json(writer.blobs[stored["$json"]])
        return raw, writer.blobs, text_of(stored, put.index)

    def _row(self, put: Put, raw: bytes, blobs: BlobSink, text: str, vector: bytes) -> ItemRow:
        now, ttl_s = self._now(), names.length_of(put.ttl_s, self.ttl_s)
        place, name = self._names(put.namespace, put.key)
        return ItemRow(
            place,
            name,
            raw,
            _to_msgpack(blobs) if blobs else b"",
            " ".join(words_of(text)),
            vector,
            embedder_name(self.embedder) if self.embedder is not None and vector else "",
            _new_version(),
            created=now,
            updated=now,
            expires=now + ttl_s if ttl_s != FOREVER else FOREVER,
            ttl_s=ttl_s,
        )

    # -- reading ---------------------------------------------------------------------------------------------------

    def _told(self, rows: Sequence[tuple[ItemRow, float | None]], refresh: bool | None) -> list[dict[str, Any]]:
        if self.refresh if refresh is None else refresh:
            self._items.prolong([row for row, _ in rows], self._now())
        return [
            {
                "namespace": list(names.namespace_at(row.place.removeprefix(self._room))),
                "key": row.name,
                "value": value_of(row),
                "created": row.created,
                "updated": row.updated,
                "score": score,
            }
            for row, score in rows
        ]

    def _finder(self) -> Finder:
        return Finder(self._items, self.embedder, self.journal.redactor)

    def _now(self) -> float:
        return self.journal.clock()


def _new_version() -> str:
    return os.urandom(12).hex()


def _version_of_step() -> str:
    """A version that is the same when this very call is made again; only known where the call is a step."""
    step = current_step() if RUNTIME.get() is not None else None
    return f"{step.run_id}/{step.id}" if step is not None else _new_version()


def _answer(told: Any) -> Any:
    """An answer as callers get it, from the plain data that the journal keeps."""
    if isinstance(told, dict):
        return Item(**{**told, "namespace": tuple(told["namespace"])})
    if isinstance(told, list):
        return [_answer(one) if isinstance(one, dict) else tuple(one) for one in told]
    return None
