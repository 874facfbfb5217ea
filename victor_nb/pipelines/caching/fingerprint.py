"""What a result was made from, part by part, and the first difference to what it would be made from now, in words.

1. Known before a run: code, parameters, upstream values, declared inputs (`parts`, `inputs`). Seen while it ran:
   `observed`. A result is still good if nothing of either has changed.
2. What was observed is looked at again, file by file; a large file that nobody touched is not read (see `hashing`).
3. Differences are told in the order of their causes: the notebook, what it is given, its files, its modules, and last
   the versions of what it runs on.
"""

from __future__ import annotations

import os
import platform
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec

from victor_nb.pipelines.caching.hashing import Hashes
from victor_nb.pipelines.observing.installed import Installed
from victor_nb.pipelines.observing.observed import ABSENT, NOTEBOOK, UNSETTLED, Observed, Package, Seen, look_again
from victor_nb.pipelines.observing.places import Places
from victor_nb.pipelines.observing.searches import search_again, shown_search

GONE: Final = "gone"
"""Stands for the hash or version of what was there and is not any more."""


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a result depends on and that is known before the run.

    Attributes:
        hash: of its content.
        shown: a short form for people; empty where it is long or secret.
    """

    hash: str
    shown: str = ""


class Fingerprint(msgspec.Struct, frozen=True):
    """Everything that a result was made from.

    Attributes:
        parts: by name, in the order in which differences are told: "code", "parameter rows", "upstream prepare".
        inputs: declared input files, by path relative to the project.
        observed: what was seen of the run; empty before it.
    """

    parts: dict[str, Part] = {}
    inputs: dict[str, Seen] = {}
    observed: Observed = Observed()

    @property
    def key(self) -> str:
        """A hash of all that is known before the run."""
        told = {name: part.hash for name, part in self.parts.items()}
        files = {name: seen.hash for name, seen in self.inputs.items()}
        return blake2b(msgspec.json.encode([told, files], order="sorted"), digest_size=16).hexdigest()


def inputs_now(files: Mapping[str, Path], hashes: Hashes) -> dict[str, Seen]:
    """Return declared inputs as they are now.

    Args:
        files: by the name under which they are told, which is their path relative to the project.
    """
    return {name: _seen_now(path, Seen(""), hashes) for name, path in sorted(files.items())}


def fingerprint_now(
    then: Fingerprint, parts: Mapping[str, Part], inputs: Mapping[str, Seen], project: Path, hashes: Hashes
) -> Fingerprint:
    """Return what a result would be made from now, if its run did what the one of `then` did.

    Args:
        parts: as they are now.
        inputs: as they are now.
        project: what the paths of what was observed are relative to.
    """
    seen, root = then.observed, Path(os.path.realpath(project))

    def again(files: Mapping[str, Seen]) -> dict[str, Seen]:
        return {name: _seen_now(root / name, one, hashes) for name, one in files.items()}

    now = msgspec.structs.replace(
        seen,
        files=again(seen.files),
        modules=again(seen.modules),
        searches=_searches_now(seen, root) if seen.searches else {},
        packages={name: Package(_version_now(name, one), one.folder) for name, one in seen.packages.items()},
        python=_python_now(seen),
    )
    return Fingerprint(dict(parts), dict(inputs), now)


def difference(then: Fingerprint, now: Fingerprint, notebook: str = "the notebook") -> str:
    """Return the first difference in words that a person acts on; empty if there is none.

    Args:
        notebook: the notebook's name, for the words.
    """
    differences = chain(
        _part_differences(then.parts, now.parts),
        _file_differences(then.inputs, now.inputs, _input_words),
        _file_differences(then.observed.files, now.observed.files, _file_words),
        _search_differences(then.observed, now.observed),
        _file_differences(then.observed.modules, now.observed.modules, _module_words(notebook)),
        _version_differences(then.observed, now.observed),
    )
    return next(differences, "")


# -- now -------------------------------------------------------------------------------------------------------------


def _seen_now(path: Path, then: Seen, hashes: Hashes) -> Seen:
    try:
        size = path.stat().st_size
        return Seen(look_again(path, then.kind, hashes), size, then.by, then.kind)
    except OSError:
        return Seen(ABSENT if then.hash == ABSENT else GONE, -1, then.by, then.kind)


def _searches_now(seen: Observed, root: Path) -> dict[str, str]:
    places, own = Places(root), frozenset(seen.written)
    places.add_installed(seen.installed)
    return {name: search_again(name, places, own) for name in seen.searches}


def _version_now(name: str, then: Package) -> str:
    installed = Installed.of(Path(then.folder))
    return (installed.version(name) if installed is not None else "") or GONE


def _python_now(then: Observed) -> str:
    """The version of the Python whose library lies where it lay; of another environment's, only that it is there."""
    if not then.python or not os.path.isdir(then.library):
        return then.python and GONE
    is_ours = os.path.realpath(then.library) == os.path.realpath(sysconfig.get_path("stdlib"))
    return platform.python_version() if is_ours else then.python


# -- words -----------------------------------------------------------------------------------------------------------


def _part_differences(then: Mapping[str, Part], now: Mapping[str, Part]) -> Iterator[str]:
    for name, part in now.items():
        before = then.get(name)
        if before is None:
            yield f"{name} is new"
        elif before.hash != part.hash:
            shown = before.shown and part.shown and before.shown != part.shown
            yield f"{name}: {before.shown} -> {part.shown}" if shown else f"{name} changed"
    yield from (f"{name} is gone" for name in then if name not in now)


def _file_differences(
    then: Mapping[str, Seen], now: Mapping[str, Seen], words: Callable[[str, Seen], str]
) -> Iterator[str]:
    for name, before in then.items():
        after = now.get(name)
        if after is None:
            yield f"{words(name, before)} is no input any more"
        elif before.hash == UNSETTLED:
            yield f"{words(name, before)} changed while the notebook ran"
        elif before.hash != after.hash:
            yield f"{words(name, before)} {_change(before, after)}"
    yield from (f"{words(name, seen)} is new" for name, seen in now.items() if name not in then)


def _change(before: Seen, after: Seen) -> str:
    if after.hash == GONE:
        return "is gone"
    if before.hash == ABSENT:
        return "was missing and is there now"
    if before.kind != "content" or before.bytes == after.bytes:
        return "changed"
    return f"changed ({_size(before.bytes)} -> {_size(after.bytes)})"


def _input_words(name: str, _: Seen) -> str:
    return f"input {name}"


def _file_words(name: str, seen: Seen) -> str:
    return f"{name}, run by it," if seen.kind == "notebook" else name


def _module_words(notebook: str) -> Callable[[str, Seen], str]:
    def words(name: str, seen: Seen) -> str:
        by = seen.by if seen.by != NOTEBOOK else notebook
        return f"module {name}, imported by {by}," if by else f"module {name}"

    return words


def _search_differences(then: Observed, now: Observed) -> Iterator[str]:
    for name, before in then.searches.items():
        if now.searches.get(name) != before:
            yield f"there are other files in {shown_search(name)}"


def _version_differences(then: Observed, now: Observed) -> Iterator[str]:
    if then.python != now.python:
        yield f"Python {then.python} -> {now.python}"
    for name, before in then.packages.items():
        after = now.packages.get(name)
        if after is None or before.version != after.version:
            yield f"{name} {before.version} -> {after.version if after is not None else GONE}"


def _size(count: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"
