"""What globs name in folders that others write to meanwhile."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Final

MOST_LOOKS: Final = 1_000


def globbed(folder: Path, pattern: str) -> list[Path]:
    """Return what a glob names below a folder, sorted; `**` at its end names everything below, in a name it is `*`.

    Where a folder goes while it is looked into, pathlib gives up; then all is looked at again.

    Args:
        pattern: relative, with slashes.

    Raises: OSError: the folder cannot be looked into.
    """
    # Before Python 3.13 pathlib lets a final `**` name folders only, and refuses one in a name.
    parts = [part if part == "**" else re.sub(r"\*+", "*", part) for part in pattern.split("/")]
    whole = "/".join([*parts, "*"] if parts[-1] == "**" else parts)
    for _ in range(MOST_LOOKS):
        with suppress(FileNotFoundError):
            return sorted(folder.glob(whole))
    return sorted(folder.glob(whole))
