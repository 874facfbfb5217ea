"""One index as one process has it open: the journal of documents, both arms, filters, and the lock around them.

1. A folder is opened once in a process; whoever opens it again gets the same shelf, so that a cell can be run twice.
2. A write is: documents and their vectors in one transaction, then the arms follow. A failed one leaves all as it was.
3. A reader in another process sees what the writer commits, and keeps its arms in memory.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from victor_nb.errors import UsageError
from victor_nb.journal.sizes import bytes_below
from victor_nb.retrieval.core import core
from victor_nb.retrieval.core.types import Ranked
from victor_nb.retrieval.embedders.embedder import Embedder, default_embedder
from victor_nb.retrieval.errors import ClosedIndex, EmbedderChanged, NothingThere
from victor_nb.retrieval.storing.arms import Arms, Mode
from victor_nb.retrieval.storing.database import Database
from victor_nb.retrieval.storing.filters import Filter, Filters
from victor_nb.retrieval.storing.store import Chunk, Documents

Result = TypeVar("Result")

LONGEST_QUERY: Final = 20_000
"""Characters; what comes after them in a longer query changes nothing but the time that it takes."""

_UNFINISHED: Final = "an embedder that has not come to its end"

LONGEST_CLOSING_S: Final = 60.0
"""Nobody waits longer for another thread that closes the same index."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found, with the chunks."""

    ranking: list[Ranked]
    chunks: dict[int, Chunk]


@dataclass(slots=True)
class _Standing:
    """Whether the arms may not have all that the journal has. No event: an interrupt may leave its lock taken."""

    behind: bool = False


class Shelf:
    """An open index; usable from any thread, one at a time."""

    def __init__(self, folder: Path | None, embedder: Embedder | str | None, *, read_only: bool = False) -> None:
        self.folder, self.read_only = folder, read_only
        self.lock = threading.RLock()
        self._holders: weakref.WeakSet[object] = weakref.WeakSet()
        self._core = core().NAME
        self._arms_are = _Standing()
        database = Database.open(folder, read_only=read_only)
        try:
            self.documents = Documents(database)
            self.filters = Filters(self.documents)
            with database.one_state() if read_only else nullcontext():
                self._seen = self._version()
                self.arms = self._arms(embedder)
        except BaseException:
            database.close()
            raise
        self.has_let_go = threading.Event()
        standing = None if read_only else self._arms_are
        self._close = weakref.finalize(self, _closed, self.arms, database, standing, self.has_let_go)

    def _arms(self, embedder: Embedder | str | None) -> Arms:
        if self.read_only:
            return Arms(self.documents, None, self._chosen(embedder), writable=False)
        stored, chosen = self.documents.fact("embedder"), self._chosen(embedder)
        other_core = self.documents.fact("core") not in (None, self._core)
        if self.folder is not None:
            wipe = ["lexical", "dense"] if other_core else ["dense"] if stored not in (None, chosen.name) else []
            Arms.wipe(self.folder, wipe)
        given = embedder if isinstance(embedder, str) else embedder is not None
        if embedder is not None or stored is None:
            self.documents.note(embedder_given=given)
        self.documents.note(core=self._core, embedder=chosen.name)
        return Arms(self.documents, self.folder, chosen)

    def _chosen(self, embedder: Embedder | str | None) -> Embedder:
        given = self.documents.fact("embedder_given")
        if embedder is None and isinstance(given, str):
            embedder = given
        if embedder is not None:
            return believed(embedder)
        best, stored = default_embedder(), self.documents.fact("embedder")
        if given and stored != best.name:
            raise EmbedderChanged.between(str(stored), best.name, str(self.folder or ""))
        return best

    def use(self, embedder: Embedder | str) -> None:
        """Take another embedder if its name is another, and embed everything anew.

        Raises: what the embedder raises; then the former one stays.
        """
        chosen = believed(embedder)
        with self.lock:
            former, former_given = self.arms.embedder, self.documents.fact("embedder_given")
            if chosen.name == former.name:
                return
            self.refuse_reader()
            self._recover()
            self._arms_are.behind = True
            # Until all is embedded the name is that of neither: whoever opens it then embeds everything anew.
            self.documents.note(embedder=_UNFINISHED, embedder_given=embedder if isinstance(embedder, str) else True)
            try:
                self.arms.embed_with(chosen)
                self.documents.note(embedder=chosen.name)
            except BaseException:
                self.documents.note(embedder_given=former_given)
                self.arms.expect(former)
                raise
            self._arms_are.behind = False

    def write(self, change: Callable[[], Result]) -> Result:
        """Do a change as one transaction, its vectors with it, and let the arms follow.

        Raises: what the change raises, BadVectors, UnusableFile; then nothing has changed. ClosedIndex for a reader.
        """
        with self.lock:
            self.refuse_reader()
            self._recover()
            try:
                with self.documents.database.transaction():
                    before = self._reached()
                    result = change()
                    self.arms.embed_from(before[0])
                    self._arms_are.behind = True
            except BaseException:
                self.arms.forget_fresh()
                raise
            if self._reached() != before:
                self.filters.changed()
                self.arms.catch_up()
            self._arms_are.behind = False
            return result

    def _recover(self) -> None:
        """Finish what an interrupt, or an error, has kept a write from finishing after it was committed."""
        if self._arms_are.behind:
            self.filters.changed()
            self.arms.recover()
            self.documents.note(embedder=self.arms.embedder.name)
            self._arms_are.behind = False

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Have the arms of one piece each after many writes, if these brought most of what there is."""
        with self.lock:
            first = self.documents.next_key()
        yield
        with self._changing() as arms:
            arms.gather(self.documents.next_key() - first)

    def settle(self) -> None:
        """Make everything durable."""
        with self._changing() as arms:
            arms.settle()

    @contextmanager
    def _changing(self) -> Iterator[Arms]:
        with self.lock:
            self._recover()
            self._arms_are.behind = True
            yield self.arms
            self._arms_are.behind = False

    def _reached(self) -> tuple[int, int]:
        return self.documents.next_key(), self.documents.last_deletion()

    def search(self, query: str, k: int, mode: Mode, wanted: Filter | None) -> Answer:
        """Return the best `k` with their chunks."""
        with self.consulted():
            allowed = self.filters.allowed(wanted)
            ranking = self.arms.search(query[:LONGEST_QUERY], k, mode, allowed)
            return Answer(ranking, self.documents.chunks([key for key, *_ in ranking]))

    def chunks_of(self, name: str) -> Sequence[Chunk]:
        """Return the chunks of a document by id or path. Raises: NothingThere."""
        with self.consulted():
            if chunks := self.documents.chunks_of(name):
                return chunks
        raise NothingThere(f"there is no document {name!r}", hint="search first; hits name their source")

    def bytes(self) -> int:
        """Return what its files take, or in memory the segments of its arms."""
        if self.folder is None or self.read_only:
            return self.arms.bytes()
        return bytes_below(self.folder)

    @contextmanager
    def consulted(self) -> Iterator[None]:
        """Have it for oneself, unless it is closed; a reader first catches up with the writer, and stays there."""
        database = self.documents.database
        with self.lock:
            database.refuse_closed()
            if not self.read_only:
                self._recover()
                yield
                return
            with database.one_state():
                self._follow_writer()
                yield

    def _follow_writer(self) -> None:
        version, was_interrupted = self._version(), self._arms_are.behind
        if version == self._seen and not was_interrupted:
            return
        self._arms_are.behind = True
        self.filters.changed()
        if self.arms.is_behind_hope():
            self.arms.rebuild()
        elif was_interrupted:
            self.arms.recover()
        else:
            self.arms.catch_up()
        self._seen = version
        self._arms_are.behind = False

    def _version(self) -> int:
        return int(self.documents.database.run("PRAGMA data_version").fetchone()[0])

    def refuse_reader(self) -> None:
        """Raises: ClosedIndex if the index is for reading only."""
        if self.read_only:
            raise ClosedIndex("the index was opened for reading only", where=str(self.folder), hint="Index(path)")

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self.documents.database.is_closed

    def close(self) -> None:
        """Make everything durable and let go of the folder; doing so twice is allowed."""
        with _OPENING:
            self._leave()
        with self.lock:
            self._close()

    def release(self, holder: object) -> None:
        """Close it unless others of this process have it open too."""
        with _OPENING:
            self._holders.discard(holder)
            if self._holders:
                return
            self._leave()
        with self.lock:
            self._close()

    def hold(self, holder: object) -> None:
        """Stay open until this one, too, has released it or is gone."""
        self._holders.add(holder)

    def _leave(self) -> None:
        """Be found no longer: who opens the folder from now on waits until it is closed."""
        if self.folder is not None and _OPEN.get(self.folder) is self:
            del _OPEN[self.folder]


def believed(embedder: Embedder | str) -> Embedder:
    """Return the embedder of a name, or the one that was given if it is one. Raises: UsageError, MissingExtra."""
    if isinstance(embedder, str):
        from victor_nb.retrieval.embedders.provided import embedder_named

        return embedder_named(embedder)
    if not isinstance(embedder, Embedder):
        raise UsageError(
            f"{type(embedder).__name__} is no embedder",
            where="embedder",
            hint="one has name, dimension, alpha and embed(texts)",
        )
    return embedder


def _closed(arms: Arms, database: Database, standing: _Standing | None, has_let_go: threading.Event) -> None:
    try:
        # What an interrupt has left half done is not written: the next opening makes it of the journal.
        if standing is not None and not standing.behind:
            arms.settle()
    finally:
        arms.close()
        database.close()
        has_let_go.set()


_OPEN: weakref.WeakValueDictionary[Path, Shelf] = weakref.WeakValueDictionary()
_LETTING_GO: dict[Path, threading.Event] = {}
"""Of the last shelf of each folder: one that nobody has any more closes itself, which takes a moment."""
_OPENING = threading.Lock()


def shelf_at(folder: Path, embedder: Embedder | str | None, holder: object) -> Shelf:
    """Return the shelf of a folder, held: the same one while this process has it open."""
    folder = folder.expanduser().resolve()
    while True:
        with _OPENING:
            if (shelf := _OPEN.get(folder)) is not None:
                shelf.hold(holder)
                break
            earlier = _LETTING_GO.get(folder)
            if earlier is None or earlier.is_set():
                shelf = _OPEN[folder] = Shelf(folder, embedder)
                _LETTING_GO[folder] = shelf.has_let_go
                shelf.hold(holder)
                return shelf
        if not earlier.wait(LONGEST_CLOSING_S):
            _LETTING_GO.pop(folder, None)
    if embedder is not None:
        shelf.use(embedder)
    return shelf
