"""The cache: what members made before, and what they made it from.

1. An entry is a file, written whole or not at all, by any number of processes; nothing locks and nothing is changed.
2. An entry counts if everything that it was made from is the same now; the first difference to the newest one is told.
3. Outputs and long values are kept by their hash; an entry whose contents are lost does not count.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from victor_nb.journal import Redactor
from victor_nb.journal.codec import Reader, Writer, from_json
from victor_nb.journal.sizes import bytes_below
from victor_nb.pipelines.caching.fingerprint import Fingerprint, difference, fingerprint_now
from victor_nb.pipelines.caching.hashing import Hashes
from victor_nb.pipelines.caching.kept import Kept, removed
from victor_nb.pipelines.drafts import sweep, write_whole
from victor_nb.pipelines.failures import NotRestored
from victor_nb.pipelines.folders import DRAFTS, PipelineFolder, file_name
from victor_nb.pipelines.gluing import import_modules
from victor_nb.pipelines.observing.observed import Seen

MOST_ENTRIES: Final = 10
"""Kept for each member; the oldest go first."""


class Entry(msgspec.Struct, frozen=True):
    """What a member made once.

    Attributes:
        made: seconds since the epoch.
        seconds: that it took.
        value: as JSON; what is long in it is kept by its hash.
        outputs: declared files, by path relative to the pipeline's folder, with their hashes.
        contents: the hashes of all that is kept for it.
        notebook: where the executed notebook was put.
        modules: where the classes of the value are.
        is_reusable: whether the node lets itself be answered from the cache.
    """

    member: str
    run_id: str
    made: float
    seconds: float
    fingerprint: Fingerprint
    value: msgspec.Raw
    outputs: dict[str, str] = {}
    contents: list[str] = []
    notebook: str = ""
    is_reusable: bool = True
    modules: list[str] = []


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Entry).decode


class Found(NamedTuple):
    """The answer to a look-up: an entry or none, and why; with it, those of its outputs that have to be put back."""

    entry: Entry | None
    why: str
    damaged: Mapping[str, str] = MappingProxyType({})


class Cache:
    """The cache of one pipeline.

    Args:
        base: what the paths of outputs are relative to.
        redactor: takes secrets out of what is kept.
    """

    def __init__(self, folder: PipelineFolder, base: Path, redactor: Redactor) -> None:
        self._folder, self._base, self._redactor = folder, base, redactor
        self.hashes = Hashes.beside(base)
        self.kept = Kept(folder.kept, self.hashes)

    def find(
        self, member: str, fingerprint: Fingerprint, name: str, restored: Mapping[str, str] = MappingProxyType({})
    ) -> Found:
        """Look for an entry that was made from the same; say how the newest one differs if there is none.

        Args:
            name: of the notebook or function, for the words.
            restored: files that will be put back before it runs, with the hashes of their contents.
        """
        why = ""
        for entry in self.entries(member):
            if not entry.is_reusable:
                why = why or "its cache was off when it ran last"
                continue
            if not (told := self._difference(entry, fingerprint, name, restored)):
                damaged = self.damaged(entry)
                if not (told := self._lost(entry, damaged)):
                    return Found(entry, f"nothing changed since run {entry.run_id}", damaged)
            why = why or told
        return Found(None, why or "it never ran")

    def _difference(self, entry: Entry, fingerprint: Fingerprint, name: str, restored: Mapping[str, str]) -> str:
        then = entry.fingerprint
        if told := difference(Fingerprint(then.parts, then.inputs), fingerprint, name):
            return told  # what was observed need not be looked at
        now = fingerprint_now(then, fingerprint.parts, fingerprint.inputs, self._base, self.hashes)
        put_back = {path: Seen(restored[path]) for path in now.observed.files if path in restored}
        files = {**now.observed.files, **put_back}
        now = msgspec.structs.replace(now, observed=msgspec.structs.replace(now.observed, files=files))
        return difference(then, now, name)

    def newest(self, member: str) -> Entry | None:
        """Return what a member made last, from whatever; None if it never ran."""
        return next(self.entries(member), None)

    def entries(self, member: str) -> Iterator[Entry]:
        """Yield what a member made, newest first; what cannot be read is passed over."""
        for path in self._paths(member):
            try:
                yield _decode(path.read_bytes())
            except (OSError, msgspec.MsgspecError):  # somebody cleans, or another version wrote it
                continue

    def put(
        self,
        member: str,
        fingerprint: Fingerprint,
        value: object,
        *,
        run_id: str,
        seconds: float,
        outputs: Mapping[str, Path],
        notebook: str = "",
        is_reusable: bool = True,
        modules: Sequence[str] = (),
    ) -> Entry:
        """Keep what a member made.

        Raises:
            Unstorable: the value cannot be written down.
            OSError: an output cannot be read, or there is no room.
        """
        writer = Writer(self._redactor)
        body = from_json(writer.body({"value": value}))["value"]
        kept = {path: self.kept.keep(file) for path, file in outputs.items()} if is_reusable else {}
        contents = [*kept.values(), *(self.kept.put(content) for content in writer.blobs.values())]
        raw = msgspec.Raw(_encode(body))
        entry = Entry(
            member, run_id, time.time(), seconds, fingerprint, raw, kept, contents, notebook, is_reusable, list(modules)
        )  # fmt: skip
        folder = self._folder.cache / file_name(member)
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.json"
        write_whole(folder / name, _encode(entry), self._folder.cache / DRAFTS)
        for old in self._paths(member)[MOST_ENTRIES:]:
            old.unlink(missing_ok=True)
        return entry

    def value(self, entry: Entry) -> Any:
        """Return the value of an entry.

        Raises:
            KeptLost: a part of it is gone.
        """
        import_modules(entry.modules, self._base)
        return Reader(self.kept.get).revive(from_json(bytes(entry.value)))

    def damaged(self, entry: Entry) -> dict[str, str]:
        """Return the outputs of an entry that would have to be put back, with the hashes of their contents."""
        return {
            path: digest
            for path, digest in entry.outputs.items()
            if not self.kept.is_content_of(self._base / path, digest)
        }

    def restore(self, entry: Entry, damaged: Mapping[str, str]) -> None:
        """Put back outputs that are gone or were changed.

        Args:
            damaged: those of the entry's outputs, with the hashes of their contents.

        Raises:
            KeptLost: a kept copy went meanwhile.
            NotRestored: one cannot be written.
        """
        for path, digest in damaged.items():
            try:
                self.kept.restore(digest, self._base / path)
            except OSError as problem:
                raise NotRestored.because(problem, path, entry.member, self._base) from problem

    def _lost(self, entry: Entry, damaged: Mapping[str, str]) -> str:
        for path, digest in damaged.items():
            if not self.kept.is_whole(digest):
                return f"its output {path} is gone or damaged, and so is the kept copy"
        for path in entry.fingerprint.observed.written:
            if path not in entry.outputs and not (self._base / path).exists():
                return f"{path}, which it wrote, is gone; declare it as an output to have it kept"
        gone = [digest for digest in entry.contents if not self.kept.path(digest).exists()]
        return "a part of its value is gone" if set(gone) - set(entry.outputs.values()) else ""

    def _paths(self, member: str) -> list[Path]:
        folder = self._folder.cache / file_name(member)
        try:
            return sorted(folder.glob("[0-9]*.json"), reverse=True)
        except OSError:
            return []

    # -- size ------------------------------------------------------------------------------------------------------

    def bytes(self) -> int:
        """How many bytes the cache takes, kept outputs and values included."""
        return self.kept.bytes() + bytes_below(self._folder.cache)

    def clean(self, *, keep: int = 0) -> int:
        """Forget all but the newest `keep` entries of each member; return how many bytes that freed."""
        now, used = time.time(), set[str]()
        freed = 0
        for folder in sorted(self._folder.cache.glob("*")):
            paths = sorted(folder.glob("[0-9]*.json"), reverse=True)
            for path in paths[:keep]:
                with suppress(OSError, msgspec.MsgspecError):
                    used.update(_decode(path.read_bytes()).contents)
            freed += sum(removed(path, now) for path in paths[keep:])
        return freed + sweep(self._folder.root, "**/") + self.kept.sweep(used, now)

    def sweep(self) -> None:
        """Remove what processes that were killed have left half written."""
        for folder in (self._folder.cache, self._folder.kept):
            sweep(folder / DRAFTS)
