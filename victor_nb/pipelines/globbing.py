"""What globs name in folders that others write to meanwhile."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

MOST_LOOKS: Final = 1_000


def globbed(folder: Path, pattern: str) -> list[Path]:
    """Return what a glob names below a folder, sorted; `**` at its end names everything below.

    Where a folder goes while it is looked into, pathlib gives up; then all is looked at again.

    Raises: ValueError, NotImplementedError: it is no glob of a relative path. OSError: it cannot be looked into.
    """
    # Before Python 3.13 a final `**` names folders only.
    whole = f"{pattern}/*" if pattern == "**" or pattern.endswith("/**") else pattern
    for _ in range(MOST_LOOKS):
        with suppress(FileNotFoundError):
            return sorted(folder.glob(whole))
    return sorted(folder.glob(whole))
