"""What an index follows: folders, notebooks and packages; which of their files changed, and what those say.

1. A file is read again only if its size or time changed, and cut again only if its content did.
2. Times are believed only if they are older than the look: a file can change twice within one tick of its clock.
3. A few files at a time are one transaction; a kill leaves whole files, and the next update goes on from there.
4. A place that is not there any more takes nothing with it: a drive that was not mounted is no reason to forget.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from victor_nb.retrieval import showing
from victor_nb.retrieval.errors import NothingThere
from victor_nb.retrieval.sources.documents import Document, Prepared, dumped, ending, prepared_all
from victor_nb.retrieval.sources.folders import Found, walk, walk_below
from victor_nb.retrieval.sources.notebook_cells import NoNotebook, pieces_of_notebook
from victor_nb.retrieval.sources.packages import MODULES, SKIPPED, installed, pieces_of_module
from victor_nb.retrieval.storing.store import Documents
from victor_nb.tools.builtin.file_texts import decoded, is_binary

SourceKind: TypeAlias = Literal["folder", "notebooks", "package"]

LARGEST_BYTES: Final = 2_000_000
"""A larger file is data, not something that anybody wrote; it is passed over and told."""

FILES_AT_ONCE: Final = 200
TICK_NS: Final = 2_000_000_000
"""The coarsest clock of a file system."""


@dataclass(frozen=True, slots=True)
class Source:
    """A place whose files are followed.

    Attributes:
        place: a folder or a file, absolute; the name of a package.
        shown: what paths in citations begin with.
        include, exclude: patterns as in .gitignore.
    """

    kind: SourceKind
    place: str
    shown: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    largest_bytes: int = LARGEST_BYTES
    number: int = 0

    def watched(self) -> Path | None:
        """Return the folder or file whose changes matter; None for a package that is not installed."""
        if self.kind != "package":
            return Path(self.place)
        try:
            package = installed(self.place)
        except NothingThere:
            return None
        return package.root / package.inside


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update did.

    Attributes:
        added, changed, removed: ids of documents.
        unchanged: how many files or documents were as before.
        skipped: files that were passed over, each with the reason.
        missing: places that are not there; what was known of them is kept.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def __add__(self, other: Changes) -> Changes:
        return Changes(
            self.added + other.added,
            self.changed + other.changed,
            self.removed + other.removed,
            self.unchanged + other.unchanged,
            self.skipped + other.skipped,
            self.missing + other.missing,
        )

    def __str__(self) -> str:
        return showing.fields_as_text("Changes", self._fields())

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        fields = self._fields()
        return {
            "text/plain": showing.fields_as_text("Changes", fields),
            "text/markdown": showing.fields_as_markdown("Changes", fields),
            "text/html": showing.fields_as_html("Changes", fields),
        }

    def _fields(self) -> dict[str, object]:
        counts = {
            "added": len(self.added),
            "changed": len(self.changed),
            "removed": len(self.removed),
            "unchanged": self.unchanged,
        }
        skipped = [f"{path}: {why}" for path, why in self.skipped[:10]] + ["…"] * (len(self.skipped) > 10)
        told = {"skipped": "; ".join(skipped), "missing": ", ".join(self.missing)}
        return {**counts, **{name: text for name, text in told.items() if text}}


Committing: TypeAlias = Callable[[Callable[[], Changes]], Changes]
"""Does some writing as one transaction, lets the indexes follow, and returns what the writing did."""


def known_sources(documents: Documents) -> list[Source]:
    """Return what an index follows, in the order in which it was added."""
    rows = documents.database.run("SELECT number, kind, place, shown, options FROM sources ORDER BY number").fetchall()
    return [_source(*row) for row in rows]


def _source(number: int, kind: SourceKind, place: str, shown: str, options: str) -> Source:
    kept = json.loads(options)
    include, exclude = tuple(kept["include"]), tuple(kept["exclude"])
    return Source(kind, place, shown, include, exclude, int(kept["largest_bytes"]), number)


def keep_source(documents: Documents, source: Source) -> Source:
    """Note a source, or what it is now, and return it with its number."""
    others = [each for each in known_sources(documents) if each.kind != "package" and each.shown == source.shown]
    if source.kind != "package" and any(_root(each) != _root(source) for each in others):
        # The same words lead somewhere else by now: paths in citations have to tell the two apart.
        source = replace(source, shown=_root(source))
    options = json.dumps({"include": source.include, "exclude": source.exclude, "largest_bytes": source.largest_bytes})
    documents.database.run(
        "INSERT INTO sources (kind, place, shown, options) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (kind, place) DO UPDATE SET options = excluded.options",
        source.kind,
        source.place,
        source.shown,
        options,
    )
    return next(each for each in known_sources(documents) if (each.kind, each.place) == (source.kind, source.place))


def _root(source: Source) -> str:
    return os.path.dirname(source.place) if Path(source.place).is_file() else source.place


def follow(documents: Documents, source: Source, commit: Committing) -> Changes:
    """Bring the index up to what a source says now.

    Raises: VictorError of the package or patterns; a folder that is not there is told in what is returned.
    """
    try:
        root, found, origin = _looked_up(source)
    except FileNotFoundError:
        return Changes(missing=(source.place,))
    reader = _Reader(documents, source, root, origin)
    commit(reader.look_up)
    seen: set[str] = set()
    total = Changes()
    while some := list(islice(found, FILES_AT_ONCE)):
        seen.update(each.path for each in some)
        total += commit(partial(reader.read, some))
    if not root.exists():  # it went away while we walked: what we did not see is not gone
        return total + Changes(missing=(source.place,))
    return total + commit(partial(reader.remove_unseen, seen))


def _looked_up(source: Source) -> tuple[Path, Iterator[Found], dict[str, str]]:
    if source.kind == "package":
        try:
            package = installed(source.place)
        except NothingThere as problem:
            raise FileNotFoundError(source.place) from problem
        origin = {"package": package.name, "version": package.version}
        if (package.root / package.inside).is_file():
            return package.root, iter([_file(package.root, package.inside)]), origin
        found = walk_below(package.root, package.inside, include=MODULES, exclude=SKIPPED)
        return package.root, (each for each in found if not _is_doubled(package.root, each.path)), origin
    place = Path(source.place)
    if place.is_dir():
        return place, walk(place, include=source.include, exclude=source.exclude), {}
    return place.parent, iter([_file(place.parent, place.name)]), {}


def _file(root: Path, path: str) -> Found:
    state = (root / path).stat()
    return Found(path, state.st_size, state.st_mtime_ns)


def _is_doubled(root: Path, path: str) -> bool:
    """Answer whether a stub says what the source beside it says too."""
    return path.endswith(".pyi") and (root / path).with_suffix(".py").exists()


class _Read(NamedTuple):
    """A file that has something new to say."""

    found: Found
    checked: int
    hash: bytes
    text: str


class _Reader:
    """Reads files of one source and writes what changed; every method is called inside a transaction."""

    def __init__(self, documents: Documents, source: Source, root: Path, origin: dict[str, str]) -> None:
        self._documents, self._source, self._root, self._origin = documents, source, str(root), origin
        self._known: dict[str, tuple[int, int, int, bytes, str]] = {}
        self._notes: list[tuple[object, ...]] = []

    def look_up(self) -> Changes:
        """Look up what is known of the files of this source."""
        rows = self._documents.database.run(
            "SELECT path, size, mtime, checked, hash, problem FROM files WHERE source = ?", self._source.number
        )
        self._known = {row[0]: tuple(row[1:]) for row in rows}
        return Changes()

    def read(self, some: Sequence[Found]) -> Changes:
        """Read files, and write those that changed all at once."""
        self._notes.clear()
        total, changed = Changes(), []
        for found in some:
            looked = self._look_at(found)
            if isinstance(looked, Changes):
                total += looked
            else:
                changed.append(looked)
        total += self._write(changed)
        self._documents.database.run_many(
            "INSERT OR REPLACE INTO files (source, path, size, mtime, checked, hash, problem) VALUES (?,?,?,?,?,?,?)",
            self._notes,
        )
        return total

    def remove_unseen(self, seen: set[str]) -> Changes:
        gone = sorted(path for path in self._known if path not in seen)
        for path in gone:
            self._documents.database.run("DELETE FROM files WHERE source = ? AND path = ?", self._source.number, path)
        documents = [path for path in gone if not self._known[path][4]]
        self._documents.remove(self._id(path) for path in documents)
        return Changes(removed=tuple(map(self._id, documents)))

    def _look_at(self, found: Found) -> Changes | _Read:
        known = self._known.get(found.path)
        if known is not None and (known[0], known[1]) == (found.size, found.mtime) and known[1] < known[2] - TICK_NS:
            return self._as_before(known[4], found)
        checked = time.time_ns()
        try:
            content = self._content(found)
        except _Passed as passed:
            return self._pass_over(found, checked, str(passed))
        hashed = blake2b(content, digest_size=16).digest()
        if known is not None and known[3] == hashed:
            self._note(found, checked, hashed, known[4])
            return self._as_before(known[4], found)
        return _Read(found, checked, hashed, decoded(content, found.path)[0])

    def _as_before(self, problem: str, found: Found) -> Changes:
        return Changes(skipped=((self._id(found.path), problem),)) if problem else Changes(unchanged=1)

    def _pass_over(self, found: Found, checked: int, why: str, hashed: bytes = b"") -> Changes:
        was = self._known.get(found.path)
        self._note(found, checked, hashed, why)
        skipped = Changes(skipped=((self._id(found.path), why),))
        if was is not None and not was[4] and self._documents.remove([self._id(found.path)]):
            return skipped + Changes(removed=(self._id(found.path),))
        return skipped

    def _note(self, found: Found, checked: int, hashed: bytes, problem: str) -> None:
        self._notes.append(
            (self._source.number, found.path, found.size, found.mtime, checked, hashed, problem),
        )

    def _content(self, found: Found) -> bytes:
        if found.size > self._source.largest_bytes:
            raise _Passed(f"{found.size:,} bytes; up to {self._source.largest_bytes:,} are read")
        try:
            with open(f"{self._root}/{found.path}", "rb", buffering=0) as file:
                content = file.read(found.size + 1)
                if len(content) != found.size:  # it has changed since we saw it
                    content += file.read(self._source.largest_bytes)
        except OSError as problem:
            raise _Passed(str(problem.strerror)) from problem
        if is_binary(content):
            raise _Passed("binary")
        return content

    def _write(self, changed: Sequence[_Read]) -> Changes:
        total = Changes()
        cut: list[tuple[_Read, Prepared]] = []
        plain = iter(self._plain([read for read in changed if not self._is_cut_apart(read)]))
        for read in changed:
            try:
                cut.append((read, self._cut_apart(read) if self._is_cut_apart(read) else next(plain)))
            except _Passed as passed:
                total += self._pass_over(read.found, read.checked, str(passed), read.hash)
        is_new = self._documents.put_all([document for _, document in cut], self._source.number)
        added: list[str] = []
        replaced: list[str] = []
        for (read, document), new in zip(cut, is_new, strict=True):
            self._note(read.found, read.checked, read.hash, "")
            was = self._known.get(read.found.path)
            if new:
                (added if was is None or was[4] else replaced).append(document.id)
        return total + Changes(tuple(added), tuple(replaced), unchanged=len(cut) - len(added) - len(replaced))

    def _plain(self, some: Sequence[_Read]) -> list[Prepared]:
        paths = [self._id(read.found.path) for read in some]
        languages = [ending(path) for path in paths]
        documents = [
            Document(path, read.text, path=path, metadata={"language": language} if language else {})
            for path, language, read in zip(paths, languages, some, strict=True)
        ]
        return prepared_all(documents, [read.hash for read in some])

    def _is_cut_apart(self, read: _Read) -> bool:
        """Answer whether much of a file says nothing: its pieces decide whether it has changed."""
        return self._source.kind == "package" or ending(read.found.path) == "ipynb"

    def _cut_apart(self, read: _Read) -> Prepared:
        path = self._id(read.found.path)
        if self._source.kind == "package":
            return self._module(path, read.text)
        try:
            spoken, pieces = pieces_of_notebook(read.text)
        except NoNotebook as problem:
            raise _Passed("it is no notebook") from problem
        return Prepared(path, "", path, dumped({"language": spoken}), pieces)

    def _module(self, path: str, text: str) -> Prepared:
        try:
            pieces = pieces_of_module(text, path)
        except SyntaxError as problem:
            raise _Passed("it is no Python") from problem
        return Prepared(path, "", path, dumped(self._origin), pieces)

    def _id(self, path: str) -> str:
        return f"{self._source.shown}/{path}" if self._source.shown else path


class _Passed(Exception):
    """A file is passed over, for this reason."""
