"""Both kinds of index over the journal of documents, kept in step with it.

1. They follow: whatever is committed there and not here is caught up with, after a write as after a crash, by one code.
2. What cannot be trusted is built anew: a damaged or newer file, one of the other core, one that knows of keys that the
   journal never gave.
3. A deletion counts at once; its key is gone for ever.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core import K1, B, Candidates, Dense, Kept, Lexical, Passages, Scores, core
from victor_nb.retrieval.core.types import PassageDocument, Ranked
from victor_nb.retrieval.embedders.embedder import Embedder, embedded, is_quick
from victor_nb.retrieval.errors import BadVectors, CorruptIndex, NewerIndex, UnusableFile
from victor_nb.retrieval.sources.documents import Prepared
from victor_nb.retrieval.storing.store import Chunk, Documents, said

Mode: TypeAlias = Literal["hybrid", "lexical", "dense"]
Arm = TypeVar("Arm", bound=Kept)

CANDIDATES: Final = 100
"""What each arm brings before they are fused and ranked, at least."""

AT_ONCE: Final = 2_500

HEADING: Final = 3
"""How much words of a title and a path weigh, beside those of a text."""

WIDEST: Final = 65_536
"""The largest dimension of a vector."""

LEAST_TAIL: Final = 2_000
LEAST_DEAD: Final = 1_000


class Read(NamedTuple):
    """Chunks that both arms are to take in: their keys, their words and their vectors."""

    keys: Sequence[int]
    passages: Passages
    vectors: NDArray[np.float32]


class Arms:
    """The lexical and the dense index of one journal of documents; used by one thread at a time.

    Args:
        folder: where their files are; None keeps them in memory.
        writable: whether vectors that are new may be kept in the journal.
    """

    def __init__(self, documents: Documents, folder: Path | None, embedder: Embedder, *, writable: bool = True) -> None:
        self._documents, self._folder, self._writable = documents, folder, writable
        self.embedder = embedder
        self._lexical: Lexical = self._opened("lexical", self._open_lexical, self._create_lexical)
        self._dense: Dense = self._opened("dense", self._open_dense, self._create_dense)
        self._places = Places(documents)
        self._fresh: list[Read] = []
        self._rebuild_distrusted()
        self.bring_in_step()

    # Opening

    def _opened(self, name: str, opening: Callable[[], Arm], creating: Callable[[], Arm]) -> Arm:
        try:
            return opening()
        except (CorruptIndex, NewerIndex, UnusableFile, BadVectors):
            self._wipe(name)
            return creating()

    def _open_lexical(self) -> Lexical:
        return self._create_lexical() if self._folder is None else core().Lexical.open(self._at("lexical"), k1=K1, b=B)

    def _create_lexical(self) -> Lexical:
        if self._folder is None:
            return core().Lexical.in_memory(k1=K1, b=B)
        return core().Lexical.create(self._at("lexical"), k1=K1, b=B)

    def _open_dense(self) -> Dense:
        size = self._dimension()
        return self._create_dense() if self._folder is None else core().Dense.open(self._at("dense"), size)

    def _dimension(self) -> int:
        size = self.embedder.dimension
        if not 1 <= size <= WIDEST:
            raise BadVectors.of(self.embedder.name, f"has vectors of {size} numbers; 1 to {WIDEST:,} can be searched")
        return size

    def _create_dense(self) -> Dense:
        size = self._dimension()
        return core().Dense.in_memory(size) if self._folder is None else core().Dense.create(self._at("dense"), size)

    def _at(self, name: str) -> Path:
        assert self._folder is not None, "an index in memory has no files"
        return self._folder / name

    def _wipe(self, name: str) -> None:
        if self._folder is not None:
            self.wipe(self._folder, [name])

    @staticmethod
    def wipe(folder: Path, names: Sequence[str]) -> None:
        """Take away files of either kind; they are built anew when they are opened."""
        for each in (folder / name for name in names):
            try:
                if each.is_dir():
                    shutil.rmtree(each)
                else:
                    each.unlink(missing_ok=True)
            except OSError as problem:
                raise UnusableFile.because(problem) from problem

    def _rebuild_distrusted(self) -> None:
        next_key, forgotten = self._documents.next_key(), self._documents.first_deletion() - 1
        for name, arm in (("lexical", self._lexical), ("dense", self._dense)):
            stats = arm.stats()
            if stats.next_key > next_key or (stats.next_key and stats.mark < forgotten):
                self._start_anew(name)
        self._mark = min(self._marked(self._lexical), self._marked(self._dense))

    def _marked(self, arm: Kept) -> int:
        # An empty index has nothing to delete.
        stats = arm.stats()
        return stats.mark if stats.next_key else self._documents.last_deletion()

    def _start_anew(self, name: str) -> None:
        # The old object goes first: it holds a lock on the folder.
        if name == "lexical":
            del self._lexical
            self._wipe(name)
            self._lexical = self._create_lexical()
        else:
            del self._dense
            self._wipe(name)
            self._dense = self._create_dense()

    def rebuild(self) -> None:
        """Build everything anew from the journal of documents."""
        self._start_anew("lexical")
        self._start_anew("dense")
        self._places = Places(self._documents)
        self._mark = self._documents.last_deletion()
        self.catch_up()
        self.settle()

    def embed_with(self, embedder: Embedder) -> None:
        """Take another embedder, and build the dense index anew with it."""
        self.expect(embedder)
        self.catch_up()
        self.settle()

    def expect(self, embedder: Embedder) -> None:
        """Take another embedder, and begin the dense index anew; it is filled when it is brought in step."""
        self.embedder = embedder
        self._start_anew("dense")

    def _is_whole(self) -> bool:
        chunks = self._documents.count()[1]
        return all(arm.stats().documents - arm.stats().dead == chunks for arm in (self._lexical, self._dense))

    # Following

    def bring_in_step(self) -> None:
        """Catch up, or begin anew if that is not enough."""
        self.catch_up()
        if not self._is_whole():
            self.rebuild()

    def recover(self) -> None:
        """Finish what was interrupted: the compiled core does a change whole or not at all, its twin may do half."""
        if core().NAME == "compiled":
            self.bring_in_step()
        else:
            self.rebuild()

    def embed_from(self, key: int) -> None:
        """Make the vectors of all chunks from a key on. Inside a transaction: one that fails adds nothing."""
        self._fresh.clear()
        written = [each for each in self._documents.written.taken() if each[1].pieces]
        if written and written[0][0] == key:
            for some in _parts(written):
                keys = [each for first, one in some for each in range(first, first + len(one.pieces))]
                documents = [(one.title, one.path, [piece.text for piece in one.pieces]) for _, one in some]
                self._fresh.append(self._read(keys, documents))
        elif not is_quick(self.embedder):
            while some_chunks := self._documents.chunks_from(key, AT_ONCE):
                self._kept_vectors([chunk.said for chunk in some_chunks])
                key = some_chunks[-1].key + 1

    def forget_fresh(self) -> None:
        """Forget what was made for a write that came to nothing: its keys are given again."""
        self._fresh.clear()
        self._documents.written.taken()

    def catch_up(self) -> None:
        """Do to both what was done to the journal since; make it durable once it is much."""
        mark = self._documents.last_deletion()
        if gone := self._documents.deleted_after(self._mark):
            self._lexical.delete(gone)
            self._dense.delete(gone)
            self._places.remove(gone)
        self._mark = mark
        words_from, vectors_from = self._lexical.stats().next_key, self._dense.stats().next_key
        key = min(words_from, vectors_from)
        for read in self._taken_fresh(words_from, vectors_from):
            self._add_words(read)
            self._add_vectors(read)
            key = read.keys[-1] + 1
        while some := self._documents.chunks_from(key, AT_ONCE):
            self._add_chunks(some, words_from, vectors_from)
            key = some[-1].key + 1
        # The journal has everything already: where there is no room for the arms, a later write tries again.
        with suppress(UnusableFile):
            self._maintain()

    def _taken_fresh(self, words_from: int, vectors_from: int) -> list[Read]:
        """Return what the last write made if that is all that is missing; it is needed once."""
        fresh, self._fresh = self._fresh, []
        before = fresh[0].keys[0] if fresh else 0
        missing_before = self._documents.chunks_from(min(words_from, vectors_from), 1)
        is_all = bool(fresh and missing_before and missing_before[0].key == before >= max(words_from, vectors_from))
        return fresh if is_all else []

    def _add_chunks(self, chunks: Sequence[Chunk], words_from: int, vectors_from: int) -> None:
        words = [chunk for chunk in chunks if chunk.key >= words_from]
        vectors = [chunk for chunk in chunks if chunk.key >= vectors_from]
        read = self._read_chunks(words)
        self._add_words(read)
        self._add_vectors(read if words_from == vectors_from else self._read_chunks(vectors))

    def _add_words(self, read: Read) -> None:
        self._lexical.add_passages(read.keys, read.passages, HEADING)

    def _add_vectors(self, read: Read) -> None:
        self._dense.add(read.keys, read.vectors)

    def _read_chunks(self, chunks: Sequence[Chunk]) -> Read:
        documents = [(chunk.title, chunk.path, [chunk.text]) for chunk in chunks]
        return self._read([chunk.key for chunk in chunks], documents)

    def _read(self, keys: Sequence[int], documents: Sequence[PassageDocument]) -> Read:
        passages = core().Passages(documents)
        if is_quick(self.embedder):
            return Read(keys, passages, self.embedder.embed_passages(passages))
        return Read(
            keys, passages, self._kept_vectors([said(title, text) for title, _, some in documents for text in some])
        )

    def _kept_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of texts, embedding only those that were never seen."""
        name, size = self.embedder.name, self.embedder.dimension
        if not texts:
            return np.zeros((0, size), np.float32)
        hashes = [hash_of(text) for text in texts]
        known = {hashed: row for hashed, row in self._documents.vectors(name, hashes).items() if row.shape == (size,)}
        missing = {hashed: text for hashed, text in zip(hashes, texts, strict=True) if hashed not in known}
        if missing:
            made = dict(zip(missing, halved(embedded(self.embedder, list(missing.values()))), strict=True))
            if self._writable:
                self._documents.keep_vectors(name, made.items())
            known |= made
        return np.stack([known[hashed] for hashed in hashes]).astype(np.float32)

    def _maintain(self) -> None:
        words, vectors = self._lexical.stats(), self._dense.stats()
        if max(words.dead, vectors.dead) > max(LEAST_DEAD, words.documents // 4):
            self._lexical.compact()
            self._dense.compact()
            self.settle()
            self._drop_vectors()
        elif max(words.tail, vectors.tail) > max(LEAST_TAIL, words.documents // 5):
            self.settle()

    def gather(self, added: int) -> None:
        """Make one piece of each arm after so many chunks came, if they are most of it: fewer pieces are faster to
        search, and what was there before is moved about once for each time that it doubles.
        """
        if added >= max(LEAST_TAIL, self._lexical.stats().documents // 2):
            self._lexical.compact()
            self._dense.compact()
            self.settle()

    def _drop_vectors(self) -> None:
        if not self._writable:
            return
        used: set[bytes] = set()
        key = 0
        while some := self._documents.chunks_from(key, AT_ONCE):
            used.update(hash_of(chunk.said) for chunk in some)
            key = some[-1].key + 1
        with self._documents.database.transaction():
            self._documents.drop_vectors(self.embedder.name, used)

    def settle(self) -> None:
        """Make everything durable."""
        # The journal first: an index that knew more than it after a power cut would have to be built anew.
        if self._folder is not None:
            self._documents.database.settle()
        for arm in (self._lexical, self._dense):
            known = arm.stats()
            if known.tail or known.mark != self._mark:  # writing what has not changed would make every closing slow
                arm.flush(self._mark)
                while arm.merge():
                    pass
        if self._writable:
            self._documents.forget_deletions(self._mark)

    # Searching

    def search(self, query: str, k: int, mode: Mode, allowed: NDArray[np.bool_] | None) -> list[Ranked]:
        """Return the best `k`; an index that turns out to be damaged is built anew and asked again."""
        try:
            return self._search(query, k, mode, allowed)
        except CorruptIndex:
            self.rebuild()
            return self._search(query, k, mode, allowed)

    def _search(self, query: str, k: int, mode: Mode, allowed: NDArray[np.bool_] | None) -> list[Ranked]:
        most = max(k, CANDIDATES)
        words = self._lexical.scores(query, most, allowed) if mode != "dense" else None
        near = self._near(query, most, allowed) if mode != "lexical" else None
        # One identifier is asked for by name: what only means something like it comes behind.
        alpha = 0.0 if query.strip().isidentifier() else self.embedder.alpha
        return self._places.ranked(core().Candidates(words, near, alpha, most), query, k)

    def _near(self, query: str, k: int, allowed: NDArray[np.bool_] | None) -> Scores | None:
        vector = embedded(self.embedder, [query])[0]
        return self._dense.scores(vector, k, allowed) if vector.any() else None

    def is_behind_hope(self) -> bool:
        """Answer whether deletions are forgotten that these arms have not done yet."""
        return self._mark < self._documents.first_deletion() - 1

    def close(self) -> None:
        """Let go of the files."""
        self._lexical, self._dense = core().Lexical.in_memory(k1=K1, b=B), core().Dense.in_memory(1)

    def bytes(self) -> int:
        """Return what the files of both take."""
        return self._lexical.stats().bytes + self._dense.stats().bytes


class Places:
    """Where chunks lie and what they define, read when they are first found: a search needs that of few."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._ranks = core().CodeRanks()
        self._nowhere: set[int] = set()

    def ranked(self, candidates: Candidates, query: str, k: int) -> list[Ranked]:
        """Return the best `k` by what they say, where they lie and what they define."""
        if missing := set(candidates.unknown_to(self._ranks)) - self._nowhere:
            for key, path, names in self._documents.places(list(missing)):
                self._ranks.add(key, path, names)
                missing.discard(key)
            self._nowhere |= missing
        return candidates.ranked(self._ranks, query, k)

    def remove(self, keys: Sequence[int]) -> None:
        """Forget chunks."""
        self._nowhere.difference_update(keys)
        for key in keys:
            self._ranks.remove(key)


def _parts(documents: Sequence[tuple[int, Prepared]]) -> Iterator[list[tuple[int, Prepared]]]:
    """Give documents in parts of about `AT_ONCE` chunks."""
    part: list[tuple[int, Prepared]] = []
    chunks = 0
    for each in documents:
        part.append(each)
        chunks += len(each[1].pieces)
        if chunks >= AT_ONCE:
            yield part
            part, chunks = [], 0
    if part:
        yield part


def hash_of(text: str) -> bytes:
    """Return what a text's vector is kept by."""
    return blake2b(text.encode(), digest_size=16).digest()


def halved(rows: NDArray[np.float32]) -> NDArray[np.float16]:
    """Return rows of length 1 in 16 bits: half the room, and a cosine changes by less than a thousandth."""
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1.0)).astype(np.float16)
