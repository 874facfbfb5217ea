"""Files of the twin: NumPy archives (no pickle) that are whole or absent after a crash."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.errors import CorruptIndex, UnusableFile


def write(path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Write the arrays beside the path, sync them, and give them the name at once.

    Raises: UnusableFile if the system refuses (disk full, no permission); then the old file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    try:
        with beside.open("wb") as out:
            np.savez(out, allow_pickle=False, **arrays)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    except OSError as problem:
        beside.unlink(missing_ok=True)
        raise UnusableFile.because(problem) from problem


def read(path: Path) -> dict[str, NDArray[np.generic]] | None:
    """Return the arrays, their checksums verified; None if there is no file.

    Raises: CorruptIndex for anything that is not a whole archive of ours; UnusableFile if the system refuses.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise UnusableFile.because(problem) from problem
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as problem:
        raise CorruptIndex.at(path, str(problem)) from problem
