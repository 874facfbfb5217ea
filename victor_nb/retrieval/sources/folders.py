"""Folders: which of their files say something, as git would say it.

1. What git ignores is passed over (`.gitignore` of the folder, of those below, and of those above up to the top of the
   repository), and so is what is hidden or looks like a secret. No link is followed: nothing is read twice, nothing
   from outside.
2. A folder that may not be read is passed over; one that is not there is the caller's to tell.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from victor_nb.errors import UsageError
from victor_nb.retrieval.sources.documents import mended
from victor_nb.retrieval.storing.database import LOCK, NAME
from victor_nb.tools.builtin.confinement import is_private

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SKIPPED_FOLDERS: Final = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "env", "__pypackages__"})
SAY_LITTLE: Final = ("*.lock", "package-lock.json", "*.min.js", "*.min.css", "*.map", "*.svg", "*.ipynb_checkpoints")
"""Files made by programs for programs: they have words and no answers."""

_LITTLE: Final = re.compile("|".join(re.escape(pattern.strip("*")) for pattern in SAY_LITTLE))

INDEX: Final = frozenset({NAME, LOCK})
"""Files that only the folder of an index has; what it holds is known elsewhere."""

IGNORING: Final = ".gitignore"
_CONTROL: Final = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Found:
    """A file below a folder; `path` is relative to it, with slashes; times are in nanoseconds since the epoch."""

    path: str
    size: int
    mtime: int


class Rule(NamedTuple):
    """The patterns of one file, and how a path becomes one that counts from where that file lies."""

    strip: str
    prepend: str
    spec: GitIgnoreSpec


def walk(root: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Iterator[Found]:
    """Return the files below a folder that are not ignored, in the order of their names.

    Args:
        include: patterns as in .gitignore; only files that one of them fits. All if empty.
        exclude: patterns of files and folders to leave out.
    Raises: UsageError for something that is no pattern.
    """
    yield from _fitting(_walk(root, "", _rules_above(root)), include, exclude)


def walk_below(root: Path, below: str, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Iterator[Found]:
    """Do as `walk` for one folder of a root; what a repository around it ignores (an environment, say) counts not."""
    yield from _fitting(_walk(root, below, ()), include, exclude)


def _fitting(every: Iterator[Found], include: Sequence[str], exclude: Sequence[str]) -> Iterator[Found]:
    wanted = spec_of(include) if include else None
    refused = spec_of([*SAY_LITTLE, *exclude])
    for found in every:
        is_wanted = wanted is None or wanted.match_file(found.path)
        # Matching patterns takes longer than reading a small file.
        may_be_refused = exclude or _LITTLE.search(found.path)
        if is_wanted and not (may_be_refused and refused.match_file(found.path)):
            yield found


def spec_of(patterns: Sequence[str]) -> GitIgnoreSpec:
    """Return patterns made ready. Raises: UsageError."""
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as problem:
        raise UsageError(
            f"{list(patterns)!r} holds no pattern of paths: {problem}", hint='for example "*.py"'
        ) from problem


def _walk(root: Path, below: str, rules: tuple[Rule, ...]) -> Iterator[Found]:
    here = root / below if below else root
    try:
        entries = sorted(os.scandir(here), key=lambda entry: entry.name)
    except OSError:
        return
    names = {entry.name for entry in entries}
    if names >= INDEX:
        return
    if IGNORING in names:
        rules = (*rules, *_rules_in(here / IGNORING, strip=f"{below}/" if below else ""))
    for entry in entries:
        path = f"{below}/{entry.name}" if below else entry.name
        if is_private(entry.name) or not _is_text(entry.name):
            continue
        try:
            if entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED_FOLDERS and not _ignored(f"{path}/", rules):
                    yield from _walk(root, path, rules)
            elif entry.is_file(follow_symlinks=False) and not _ignored(path, rules):
                state = entry.stat(follow_symlinks=False)
                yield Found(path, state.st_size, state.st_mtime_ns)
        except OSError:  # it went away while we looked
            continue


def _is_text(name: str) -> bool:
    """Answer whether a name can be shown and stored: some file systems allow any bytes."""
    return mended(name) == name and not _CONTROL.search(name)


def _ignored(path: str, rules: tuple[Rule, ...]) -> bool:
    for rule in reversed(rules):
        answer = rule.spec.check_file(rule.prepend + path[len(rule.strip) :]).include
        if answer is not None:
            return answer
    return False


def _rules_in(file: Path, *, strip: str = "", prepend: str = "") -> tuple[Rule, ...]:
    from pathspec import GitIgnoreSpec

    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        return (Rule(strip, prepend, GitIgnoreSpec.from_lines(lines)),)
    except (OSError, ValueError):
        return ()


def _rules_above(root: Path) -> tuple[Rule, ...]:
    """Return the rules of the repository around a folder, without the folder's own; the nearest last."""
    root = root.resolve()
    top = next((each for each in (root, *root.parents) if (each / ".git").exists()), None)
    if top is None:
        return ()
    between = [each for each in (root, *root.parents) if each == top or top in each.parents]
    files = [top / ".git/info/exclude", *(each / IGNORING for each in reversed(between) if each != root)]
    rules: tuple[Rule, ...] = ()
    for file in files:
        place = top if file.name != IGNORING else file.parent
        down = root.relative_to(place).as_posix()
        rules += _rules_in(file, prepend="" if down == "." else f"{down}/")
    return rules
