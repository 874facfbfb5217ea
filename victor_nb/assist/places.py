"""Where the assistant keeps things: on this machine for all projects, or in the project alone.

1. What is read of packages can be read again, so it is a cache; what was accepted and rejected is a user's data.
2. A project's own texts never leave the project's folder.
3. Where the machine's folder cannot be written, the project's takes its place, and then a folder of the system's for
   temporary files; which one it is can be seen.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

from victor_nb.assist.errors import NothingKept

NAME = "victor-nb"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one assistant.

    Attributes:
        packages: the index of packages' documentation.
        feedback: the file that says what was asked, accepted and rejected.
        project: the index of the project's own texts; None without a project.
        note: why it is not where it should be; empty if it is.
    """

    packages: Path
    feedback: Path
    project: Path | None
    note: str = ""


def places_of(home: Path | None, *, shared: bool) -> Places:
    """Return where things are kept, the first place that can be written.

    Args:
        home: the project's `.victor`; None without a project.
        shared: for all projects of this machine; else beside the project's own.
    Raises: NothingKept if nothing can be written anywhere.
    """
    wished = (user_cache_path(NAME, appauthor=False) / "docs", user_data_path(NAME, appauthor=False) / "docs")
    own = None if home is None else home / "docs"
    temporary = Path(tempfile.gettempdir()) / f"{NAME}-{_user()}"
    project = next((each / "project" for each in (own, temporary / _named(home)) if each and can_write(each)), None)
    choices = [wished] if shared else []
    choices += [(own, own)] if own else []
    choices += [(temporary, temporary)]
    for place, (cache, data) in enumerate(choices):
        if can_write(cache) and can_write(data):
            refused = f"{choices[0][0]} cannot be written; what is read is kept in {cache}" if place else ""
            return Places(cache / "packages", data / "feedback.db", project, refused)
    raise NothingKept(
        "there is no folder in which documentation can be kept",
        where=", ".join(str(cache) for cache, _ in choices),
        hint="set XDG_CACHE_HOME and XDG_DATA_HOME, or TMPDIR, to folders that can be written",
    )


def can_write(folder: Path) -> bool:
    """Make a folder and answer whether files can be made in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


def _named(home: Path | None) -> str:
    """A name that no two projects share."""
    from hashlib import blake2b

    return blake2b(str(home).encode(), digest_size=8).hexdigest()
