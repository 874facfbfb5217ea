"""How many bytes files take, while other processes may write and remove some."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def size_of(path: Path) -> int:
    """Return how many bytes a file has; 0 if there is none."""
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def bytes_below(folder: Path) -> int:
    """Return how many bytes the files in a folder and below it have; 0 if there is none."""
    return sum(size_of(Path(place, name)) for place, _, names in os.walk(folder) for name in names)
