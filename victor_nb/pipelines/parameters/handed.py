"""Values that code cannot spell out: tables, arrays, records. Written beside a notebook, read in its kernel.

1. The journal's codec writes and reads them, so what arrives equals what was given and has its type: a DataFrame as an
   Arrow file, an array as npy, records by their fields; never pickle.
2. Files are named by their content and written whole or not at all; many notebooks may share them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final

from victor_nb.journal.codec import Reader, Writer, digest, from_json, to_json
from victor_nb.journal.errors import Unstorable
from victor_nb.journal.redaction import NOTHING_SECRET, Redactor
from victor_nb.pipelines.parameters.errors import CannotHandOver

LONGEST_INLINE: Final = 4096
"""In bytes of JSON; what is longer lies in a file, so that a person can still read the cell."""

_CLASS_TAGS: Final = frozenset({"$object", "$enum"})


def kept(value: object, folder: Path, redactor: Redactor, where: str) -> tuple[str, tuple[str, ...]]:
    """Write what a value needs into `folder`; return what `value` reads, and the modules of its classes.

    Raises: CannotHandOver if the value would lose something, or holds a secret.
    """
    writer, written, modules = _written(value, redactor, where)
    if len(written) > LONGEST_INLINE:
        blob = writer.blob(written)
        written = to_json({"$json": blob})
    for name, content in writer.blobs.items():
        _write(folder / name, content)
    return written.decode(), modules


def plain(value: object, longest: int) -> tuple[str, tuple[str, ...]]:
    """Return a value as `kept` does, without any file.

    Raises: CannotHandOver if it would lose something, needs a file, or is longer than so many bytes of JSON.
    """
    writer, written, modules = _written(value, NOTHING_SECRET, "")
    if writer.blobs or len(written) > longest:
        raise CannotHandOver(f"a value of type {type(value).__name__} needs a file")
    return written.decode(), modules


def value(written: str, folder: str = "", *modules: str) -> object:
    """Return a value that `kept` wrote: in the notebook's kernel, called by its injected cell.

    Raises: CannotHandOver if a file or a class of the value is gone.
    """
    for module in modules:
        import_module(module)
    try:
        return Reader(lambda name: Path(folder, name).read_bytes()).value(written.encode())
    except (OSError, Unstorable) as problem:
        raise CannotHandOver(
            f"a value that was handed to this notebook cannot be read: {problem}", folder, "run the pipeline again"
        ) from problem


def _written(value: object, redactor: Redactor, where: str) -> tuple[Writer, bytes, tuple[str, ...]]:
    writer = Writer(_Alarm(redactor))
    try:
        written = writer.redactor.clean_json(to_json(writer.plain(value)))
    except _SecretFound:
        raise holds_secret(where) from None
    except Exception as problem:
        raise _refused(value, where, problem) from problem
    modules = tuple(sorted(set(_modules(from_json(written)))))
    if "__main__" in modules:
        raise CannotHandOver(
            f"a class of type {type(value).__name__} is defined where no notebook can import it", where,
            "define it in a module (.py file) of the project",
        )  # fmt: skip
    return writer, written, modules


def holds_secret(where: str) -> CannotHandOver:
    """Return the error for a secret that is not a text of its own."""
    hint = "give the secret as a text of its own: that is never written down"
    return CannotHandOver("the value holds a secret", where, hint)


class _SecretFound(Exception):
    """A value holds a secret; without it, it would be another value."""


class _Alarm(Redactor):
    """Takes nothing out, and says when there would have been something."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def clean(self, content: bytes) -> bytes:
        """Return the content. Raises: _SecretFound."""
        if self._redactor.clean(content) is not content:
            raise _SecretFound
        return content


def _refused(value: object, where: str, problem: Exception) -> CannotHandOver:
    reason = problem.what if isinstance(problem, Unstorable) else (str(problem) or type(problem).__name__).lstrip(": ")
    return CannotHandOver(
        f"a value of type {type(value).__module__}.{type(value).__qualname__} cannot be handed to a notebook: {reason}",
        where,
        "hand over numbers, texts, dates, tables, arrays, dataclasses or pydantic models; "
        "or write it to a file and hand over the path",
    )


def _modules(plain: object) -> Iterator[str]:
    """The modules of the classes that an encoded value names."""
    if isinstance(plain, list):
        for item in plain:
            yield from _modules(item)
    elif isinstance(plain, dict):
        for tag, item in plain.items():
            if tag in _CLASS_TAGS:
                yield str(item if isinstance(item, str) else item[0]).partition(":")[0]
            yield from _modules(item)


def _write(path: Path, content: bytes) -> None:
    with suppress(OSError):
        if digest(path.read_bytes()) == path.name:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
