"""The index: what users add documents to and search.

1. What was added is found at once, and is safe when the call returns.
2. Nothing is read that was not asked for: a place is followed from the moment it is added, by `update` or `watch`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import compress, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, get_args

from victor_nb.errors import UsageError
from victor_nb.retrieval import showing
from victor_nb.retrieval.core import core
from victor_nb.retrieval.embedders.embedder import Embedder
from victor_nb.retrieval.errors import NothingThere, UnusableFile
from victor_nb.retrieval.hits import Hit, Hits
from victor_nb.retrieval.sources.documents import Document, documents_of, dumped, mended, prepared_all
from victor_nb.retrieval.sources.folders import spec_of
from victor_nb.retrieval.sources.frames import documents_of_frame
from victor_nb.retrieval.sources.packages import installed
from victor_nb.retrieval.sources.source import LARGEST_BYTES, Changes, Source, follow, keep_source, known_sources
from victor_nb.retrieval.storing.arms import Mode
from victor_nb.retrieval.storing.filters import Filter
from victor_nb.retrieval.storing.shelf import Shelf, shelf_at
from victor_nb.retrieval.storing.store import Chunk

if TYPE_CHECKING:
    import pandas as pd

    from victor_nb.retrieval.sources.watching import OnChange, Watch
    from victor_nb.tools import Toolset

MODES: Final[tuple[str, ...]] = get_args(Mode)
DOCUMENTS_AT_ONCE: Final = 200
NO_METADATA: Final = dumped({})


class Index:
    """Documents that are searched by words and by meaning.

    Args:
        path: the folder of its files, made if it is not there; None keeps everything in memory.
        embedder: turns texts into vectors: an object, or a name ("static", "hashing", "minilm", "openai:…"); the best
            one that needs no download if None.
    Raises: IndexInUse if another process has it open; NewerIndex, CorruptIndex, UnusableFile; EmbedderChanged if the
        index has vectors of an embedder of yours and it is not given again.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, embedder: Embedder | str | None = None) -> None:
        self._shelf = Shelf(None, embedder) if path is None else shelf_at(Path(path), embedder, self)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, embedder: Embedder | str | None = None, read_only: bool = False
    ) -> Self:
        """Open an index that exists.

        Args:
            read_only: open it beside a process that writes to it; what that commits is found here too. The indexes are
                built in memory, out of the journal of documents.
        Raises: NothingThere if there is none; as `Index` does.
        """
        folder = Path(path).expanduser()
        if not (folder / "documents.db").is_file():
            raise NothingThere(f"there is no index in {str(path)!r}", hint="Index(path) starts one")
        if not read_only:
            return cls(folder, embedder=embedder)
        self = cls.__new__(cls)
        self._shelf = Shelf(folder.resolve(), embedder, read_only=True)
        return self

    def save(self, path: str | os.PathLike[str] | None = None) -> Self:
        """Make everything durable; with a path, write the whole index there and return it opened.

        What was added is safe without this: it only makes the next opening faster.

        Raises: UnusableFile if there is an index already, or the system refuses.
        """
        if path is None:
            self._shelf.settle()
            return self
        folder = Path(path).expanduser()
        if (folder / "documents.db").exists():
            raise UnusableFile(f"there is an index in {str(path)!r} already", hint="choose another folder")
        with self._shelf.lock:
            self._shelf.documents.database.copy_to(folder)
        return type(self)(folder, embedder=self.embedder)

    def close(self) -> None:
        """Make everything durable and let go of the files, whoever in this process has them open too.

        Doing so twice is allowed. At the end of a `with`, files that others have open stay open.
        """
        self._shelf.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shelf.release(self)

    # Adding

    def add(self, documents: Iterable[Mapping[str, object] | Document]) -> Changes:
        """Add documents, all or none; one whose id is known replaces it, one that is as before costs nothing.

        Args:
            documents: mappings with `id` and `text`, and if you like `title`, `path`, `language` and `metadata` (values
                by name, to filter by); or `Document` objects.
        Raises: BadDocument for something that is none, or for an id that comes twice.
        """
        if isinstance(documents, Mapping | Document):
            documents = [documents]

        def write() -> Changes:
            added: list[str] = []
            changed: list[str] = []
            unchanged = 0
            every = documents_of(documents)
            while some := list(islice(every, DOCUMENTS_AT_ONCE)):
                known = self._shelf.documents.known([document.id for document in some])
                is_new = self._shelf.documents.put_all(prepared_all(some))
                unchanged += len(some) - sum(is_new)
                for document in compress(some, is_new):
                    (changed if document.id in known else added).append(document.id)
            return Changes(tuple(added), tuple(changed), (), unchanged)

        return self._shelf.write(write)

    def add_folder(
        self,
        path: str | os.PathLike[str],
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        largest_bytes: int = LARGEST_BYTES,
    ) -> Changes:
        """Add the text files of a folder (or one file) and follow them from now on.

        What git ignores is left out, and so are hidden and binary files, and those that look like secrets.

        Args:
            include: only files that fit one of these patterns (as in .gitignore).
            exclude: files and folders to leave out.
            largest_bytes: larger files are passed over.
        Raises: NothingThere if there is no such folder.
        """
        return self._follow(_at(path, include, exclude, largest_bytes))

    def add_notebooks(self, path: str | os.PathLike[str]) -> Changes:
        """Add the notebooks of a folder (or one notebook), cell by cell, and follow them from now on."""
        return self._follow(_at(path, ("*.ipynb",), (), 10 * LARGEST_BYTES, notebooks=True))

    def add_package(self, name: str) -> Changes:
        """Add what an installed package says of itself: signatures, docstrings and their examples.

        Its files are read and nothing is imported. `update()` sees another version.

        Args:
            name: as it is imported or installed, or a part of it (`sklearn.linear_model`).
        Raises: NothingThere if it is not installed.
        """
        installed(name)
        return self._follow(Source("package", name, "", largest_bytes=5 * LARGEST_BYTES))

    def add_frame(
        self,
        frame: pd.DataFrame,
        text: str | Sequence[str],
        *,
        id: str | None = None,
        title: str | None = None,
        metadata: Sequence[str] | None = None,
        name: str = "",
    ) -> Changes:
        """Add each row of a DataFrame as a document; rows that are as before cost nothing.

        Args:
            text: the column or columns that are searched.
            id: the column that names a row; the frame's index if None.
            title: a column whose words weigh three times.
            metadata: columns to filter by; all others if None.
            name: put before the ids, so that several frames fit into one index.
        Raises: NothingThere for a column that is not there; BadDocument for an id that comes twice.
        """
        columns = [text] if isinstance(text, str) else list(text)
        return self.add(documents_of_frame(frame, text=columns, id=id, title=title, metadata=metadata, name=name))

    def _follow(self, source: Source) -> Changes:
        with self._shelf.gathered():
            kept = self._shelf.write(lambda: keep_source(self._shelf.documents, source))
            return follow(self._shelf.documents, kept, self._shelf.write)

    def update(self) -> Changes:
        """Look at every place that was added: changed files are cut and embedded anew, deleted ones go.

        A place that is not there (a drive that is not mounted) keeps its documents and is told in `missing`.
        """
        total = Changes()
        for source in self.follows():
            total += follow(self._shelf.documents, source, self._shelf.write)
        return total

    def delete(self, ids: str | Iterable[str]) -> int:
        """Delete documents by id and return how many there were.

        A file that is still there comes back with the next `update` that finds it changed.
        """
        names = [ids] if isinstance(ids, str) else list(ids)
        return self._shelf.write(lambda: self._shelf.documents.remove(map(mended, names)))

    def watch(self, on_change: OnChange | None = None) -> Watch:
        """Follow the places that were added as they change, in a thread, until `stop()`.

        Args:
            on_change: called in that thread with what each update did.
        """
        from victor_nb.retrieval.sources.watching import Watch

        self._shelf.refuse_reader()
        return Watch(self, on_change)

    # Searching

    def search(self, query: str, k: int = 10, mode: Mode = "hybrid", filter: Filter | None = None) -> Hits:
        """Return the best `k` chunks, best first; nothing for a query without words.

        Args:
            query: words, a question, an identifier, an error message; of a long one the first 20,000 characters.
            mode: by words and meaning, by words alone, or by meaning alone.
            filter: what a hit has to be, such as `{"kind": "code", "path": "src/**", "year": {"gte": 2020}}`.
        Raises: UsageError, BadFilter.
        """
        if not isinstance(query, str):
            raise UsageError(f"a query is a text, not {type(query).__name__}", where="search")
        if mode not in MODES:
            raise UsageError(f"{mode!r} is no way to search", where="mode", hint=" | ".join(MODES))
        if k < 1:
            raise UsageError(f"{k!r} is no number of hits", where="k", hint="at least 1")
        query = mended(query)
        answer = self._shelf.search(query, k, mode, filter)
        return Hits(
            _hit(answer.chunks[key], score, query, words or 0.0, meaning)
            for key, score, words, meaning in answer.ranking
        )

    def read(self, source: str, *, around: int = 20) -> Hit:
        """Return the passage that a citation names, with some lines around it, as far as they are indexed.

        Args:
            source: as a hit gives it (`docs/a.md:10-20`, `a.ipynb#3:1-4`), or the id or path of a document.
        Raises: NothingThere.
        """
        from victor_nb.retrieval.citing import passage

        return passage(self._shelf.chunks_of, mended(source), around)

    def toolset(self, name: str = "retrieval") -> Toolset:
        """Return `search_docs`, `search_code` and `read_chunk` for agents: they search this index and cite."""
        from victor_nb.retrieval.toolset import retrieval_tools

        return retrieval_tools(self, name)

    # Looking at it

    @property
    def path(self) -> Path | None:
        """Its folder; None if it is in memory."""
        return self._shelf.folder

    @property
    def embedder(self) -> Embedder:
        """What turns its texts into vectors."""
        return self._shelf.arms.embedder

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._shelf.is_closed

    def __len__(self) -> int:
        with self._shelf.lock:
            return self._shelf.documents.count()[0]

    def __contains__(self, id: object) -> bool:
        with self._shelf.lock:
            return isinstance(id, str) and self._shelf.documents.has(id)

    def follows(self) -> list[Source]:
        """Return the places that `update` looks at, in the order in which they were added."""
        with self._shelf.lock:
            return known_sources(self._shelf.documents)

    def describe(self) -> dict[str, object]:
        """Say how large it is and what it follows, as JSON values."""
        with self._shelf.lock:
            documents, chunks = self._shelf.documents.count()
            return {
                "path": None if self.path is None else str(self.path),
                "documents": documents,
                "chunks": chunks,
                "follows": [f"{each.kind} {each.shown or each.place}" for each in self.follows()],
                "embedder": self.embedder.name,
                "core": core().NAME,
                "bytes": self._shelf.bytes(),
            }

    def __repr__(self) -> str:
        where = "in memory" if self.path is None else repr(str(self.path))
        return f"<Index {where}{', closed' if self.is_closed else ''}>"

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        if self.is_closed:
            return {"text/plain": repr(self)}
        known = self.describe()
        known["path"] = known["path"] or "in memory"
        known["follows"] = ", ".join(f"{each.kind} {each.shown or each.place}" for each in self.follows())
        shown = {name: value for name, value in known.items() if value != ""}
        return {
            "text/plain": showing.fields_as_text("Index", shown),
            "text/markdown": showing.fields_as_markdown("Index", shown),
            "text/html": showing.fields_as_html("Index", shown),
        }


def _at(
    path: str | os.PathLike[str],
    include: Sequence[str],
    exclude: Sequence[str],
    largest_bytes: int,
    *,
    notebooks: bool = False,
) -> Source:
    given = Path(path).expanduser()
    place = given.resolve()
    if not place.exists():
        raise NothingThere(f"there is no folder {str(path)!r}", where=str(place), hint="give one that exists")
    spec_of([*include, *exclude])
    base = given.parent if place.is_file() else given
    shown = base.as_posix()
    return Source(
        "notebooks" if notebooks else "folder",
        str(place),
        "" if shown == "." else shown,
        tuple(include),
        tuple(exclude),
        largest_bytes,
    )


def _hit(chunk: Chunk, score: float, query: str, words: float, meaning: float | None) -> Hit:
    return Hit(
        id=chunk.document,
        score=score,
        text=chunk.text,
        title=chunk.title,
        path=chunk.path,
        lines=(chunk.first, chunk.last) if chunk.first and chunk.path else None,
        cell=chunk.cell,
        metadata={} if chunk.metadata == NO_METADATA else json.loads(chunk.metadata),
        query=query,
        words=words,
        meaning=meaning,
        names=chunk.names,
    )
