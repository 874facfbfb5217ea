"""Vectors by the hash of their text, kept in memory or in a file, so that none is paid for twice.

1. A file serves many embedders and processes: the embedder's name is part of the key.
2. A batch that was embedded is kept, whatever happens to the next one.
3. A file that SQLite cannot use is an error; nothing is silently embedded again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from victor_nb.journal.write_ahead import log_ahead
from victor_nb.retrieval.embedders.embedder import Embedder, embedded
from victor_nb.retrieval.errors import UnusableFile

BATCH = 100
WAIT_S = 30.0


class RememberedEmbedder:
    """An embedder that asks another one only for texts that were never asked for.

    Args:
        inner: who knows the vectors.
        path: the file that keeps them; in memory if None.

    Raises: UnusableFile for a file that cannot be used; whatever the inner embedder raises.
    """

    def __init__(self, inner: Embedder, path: Path | None = None) -> None:
        self.inner, self.name, self.alpha = inner, inner.name, inner.alpha
        self._place = str(path or ":memory:")
        self._lock = threading.Lock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._kept = sqlite3.connect(self._place, check_same_thread=False, timeout=WAIT_S)
            log_ahead(self._kept, WAIT_S)
            self._kept.execute("CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, cells BLOB) WITHOUT ROWID")
        except (OSError, sqlite3.Error) as problem:
            raise self._unusable(problem) from problem

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text; only new ones are embedded, each once."""
        hashes = [self._hash(text) for text in texts]
        with self._lock:
            known = self._known(set(hashes))
            new = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
            keys = list(new)
            for at in range(0, len(keys), BATCH):
                part = keys[at : at + BATCH]
                rows = embedded(self.inner, [new[key] for key in part]).astype("<f4")
                made = [(key, row.tobytes()) for key, row in zip(part, rows, strict=True)]
                self._keep(made)
                known.update(made)
        rows = np.frombuffer(b"".join(known[key] for key in hashes), "<f4")
        return rows.reshape(len(texts), self.dimension)

    def close(self) -> None:
        """Close the file."""
        self._kept.close()

    def _hash(self, text: str) -> bytes:
        return blake2b(f"{self.name}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _known(self, hashes: set[bytes]) -> dict[bytes, bytes]:
        find = "SELECT cells FROM vectors WHERE text = ?"
        try:
            found = {key: self._kept.execute(find, (key,)).fetchone() for key in hashes}
        except sqlite3.Error as problem:
            raise self._unusable(problem) from problem
        return {key: row[0] for key, row in found.items() if row is not None}

    def _keep(self, rows: Sequence[tuple[bytes, bytes]]) -> None:
        try:
            with self._kept:
                self._kept.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
        except sqlite3.Error as problem:
            raise self._unusable(problem) from problem

    def _unusable(self, problem: Exception) -> UnusableFile:
        return UnusableFile(
            f"vectors cannot be kept: {problem}", where=self._place, hint="free space, or name another file"
        )
