"""What globs name in folders that others write to meanwhile."""

from __future__ import annotations

from pathlib import Path


def globbed(folder: Path, pattern: str) -> list[Path]:
    """Return what a glob names below a folder, sorted; `**` at its end names everything below.

    Where a folder goes while it is looked into, pathlib gives up; then all is looked at again.

    Raises: ValueError, NotImplementedError: it is no glob of a relative path.
    """
    # Before Python 3.13 a final `**` names folders only.
    whole = f"{pattern}/*" if pattern == "**" or pattern.endswith("/**") else pattern
    while True:
        try:
            return sorted(folder.glob(whole))
        except FileNotFoundError:
            continue
