"""`--data name=path`: files as variables, for faces without a kernel.

1. The ending of the name decides how a file is read; nothing is guessed from its content.
2. What pandas cannot read is a `UsageError` that names the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from victor_nb.errors import MissingExtra, UsageError, nearest

_READERS: Final[dict[str, str]] = {
    ".csv": "read_csv",
    ".tsv": "read_table",
    ".parquet": "read_parquet",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".xlsx": "read_excel",
}
_MOST_NAMED: Final = 8
_OPTIONS: Final[dict[str, dict[str, object]]] = {".jsonl": {"lines": True}}


def named_files(pairs: Iterable[str]) -> dict[str, Path]:
    """Parse `name=path` pairs; a path alone is named after the file.

    Raises: UsageError for a name that no variable can have, or one that comes twice.
    """
    found: dict[str, Path] = {}
    for pair in pairs:
        name, equals, path = pair.partition("=")
        if not equals:
            name, path = Path(pair).stem.replace("-", "_").replace(" ", "_"), pair
        if not name.isidentifier():
            raise UsageError(f"{name!r} is not a name that a variable can have", f"--data {pair}", "--data df=FILE")
        if name in found:
            raise UsageError(
                f"two files are named {name!r}", f"--data {pair}", f"name one otherwise: --data {name}_2={path}"
            )
        found[name] = Path(path).expanduser()
    return found


def loaded(files: dict[str, Path]) -> dict[str, Any]:
    """Read each file into a DataFrame.

    Raises: UsageError for a file that is missing, of a kind we do not read, or not what its ending says.
    """
    return {name: _read(path) for name, path in files.items()}


def _known_here(names: list[str]) -> str:
    if not names:
        return f"the working folder is {Path.cwd()}"
    return f"beside it: {', '.join(sorted(names)[:_MOST_NAMED])}{', …' if len(names) > _MOST_NAMED else ''}"


def _read(path: Path) -> Any:
    import pandas as pd

    ending = path.suffix.lower()
    if ending not in _READERS:
        raise UsageError(
            f"cannot read {ending or 'a file without ending'!r} files", str(path), f"readable: {', '.join(_READERS)}"
        )
    if not path.is_file():
        others = [one.name for one in path.parent.glob("*") if one.suffix.lower() in _READERS]
        raise UsageError(f"there is no file {str(path)!r}.{nearest(path.name, others)}", "--data", _known_here(others))
    read: Callable[..., Any] = getattr(pd, _READERS[ending])
    try:
        return read(path, **_OPTIONS.get(ending, {}))
    except ImportError as error:
        raise MissingExtra(
            f"reading {ending} files needs {error.name or error}", str(path), "pip install openpyxl"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the file is not UTF-8 text (byte {error.start})", str(path), "save it as UTF-8") from error
    except (ValueError, OSError) as error:  # pandas' parser errors are ValueErrors
        raise UsageError(f"the file cannot be read: {error}", str(path)) from error
