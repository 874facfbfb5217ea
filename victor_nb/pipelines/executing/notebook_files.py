"""Notebooks as files: read through papermill's handlers, written so that no reader ever finds half of one.

1. Whatever papermill reads, is read: local paths, `s3://…`, handlers that other packages register.
2. A local notebook is replaced as a whole: written beside itself, then renamed. Symbolic links stay links.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from victor_nb.errors import VictorError

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SPLIT_TEXTS = ("application/javascript", "image/svg+xml")


class NotebookNotFound(VictorError):
    """There is no notebook where one was looked for, or it cannot be read."""


class InvalidNotebook(VictorError):
    """A file is not a notebook."""


class NotebookNotSaved(VictorError):
    """The executed notebook could not be written."""


def read_notebook(source: str | Path) -> NotebookNode:
    """Read a notebook as papermill does, with the metadata that it adds.

    Raises:
        NotebookNotFound: nothing can be read there.
        InvalidNotebook: what is there is no notebook.
    """
    from victor_nb.pipelines.kernels import defer_grammars

    defer_grammars()
    import nbformat
    from papermill.iorw import load_notebook_node

    place = str(source)
    try:
        notebook: NotebookNode = load_notebook_node(place)
        return notebook
    except FileNotFoundError:
        raise NotebookNotFound("the notebook does not exist", place, "check the path, which is relative") from None
    except OSError as problem:
        raise NotebookNotFound(f"the notebook cannot be read: {problem.strerror or problem}", place) from problem
    except nbformat.reader.NotJSONError:
        raise InvalidNotebook(
            "the file is not JSON, so it is no notebook", place, "restore it from version control, or save it again"
        ) from None
    except UnicodeDecodeError as problem:
        raise InvalidNotebook(f"the file is not text in UTF-8: {problem.reason}", place) from problem
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError, ValueError) as problem:
        first = (str(problem).splitlines() or [""])[0]
        raise InvalidNotebook(
            f"the file is JSON but no notebook: {first or type(problem).__name__}",
            place,
            "open it in JupyterLab and save it again",
        ) from problem


def is_local(path: str) -> bool:
    """Whether papermill's handler of local files is the one for a path."""
    from papermill.iorw import LocalHandler, papermill_io

    return isinstance(papermill_io.get_handler(path), LocalHandler)


def notebook_bytes(notebook: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield a notebook as nbformat writes it, in a fifth of its time and cell by cell.

    Nothing is checked: what a kernel sends and what was read are notebooks already.
    """
    around = _json({**notebook, "cells": []}) + b"\n"
    before, mark, after = around.partition(b'\n "cells": []')
    if not notebook["cells"]:
        yield around
        return
    yield before + mark[:-1]
    for number, cell in enumerate(notebook["cells"]):
        # No text of JSON holds the end of a line as it is: each one begins a line of the file.
        yield (b",\n  " if number else b"\n  ") + _json(_with_lines(cell)).replace(b"\n", b"\n  ")
    yield b"\n ]" + after


def _json(value: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1)
    except (UnicodeEncodeError, TypeError):  # half a surrogate pair, or an object that some engine put in
        text = json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True, separators=(",", ": "), default=str)
        return text.encode()


def write_whole(path: Path, content: Iterable[bytes]) -> None:
    """Replace a file by another at one stroke; its folder is made if it is gone.

    Raises: OSError; the file is what it was before.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(target)
    try:
        with draft.open("wb") as file:
            with suppress(OSError):
                os.chmod(file.fileno(), target.stat().st_mode & 0o7777)
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def draft_of(target: Path) -> Path:
    """Return where a file is written before it takes its place: the next attempt finds and overwrites it."""
    return target.with_name(f".{blake2b(target.name.encode(), digest_size=8).hexdigest()}.victor-draft")


def _with_lines(cell: Mapping[str, Any]) -> dict[str, Any]:
    split = {**cell, "source": _lines(cell.get("source", ""))}
    if "attachments" in cell:
        split["attachments"] = {name: _bundle(each) for name, each in cell["attachments"].items()}
    if "outputs" in cell:
        split["outputs"] = [_output(output) for output in cell["outputs"]]
    return split


def _output(output: Mapping[str, Any]) -> dict[str, Any]:
    if output["output_type"] == "stream":
        return {**output, "text": _lines(output["text"])}
    return {**output, "data": _bundle(output["data"])} if "data" in output else dict(output)


def _bundle(data: Mapping[str, Any]) -> dict[str, Any]:
    return {mime: _lines(each) if _is_split(mime) else each for mime, each in data.items()}


def _is_split(mime: str) -> bool:
    return mime.startswith("text/") or mime in _SPLIT_TEXTS


def _lines(text: Any) -> Any:
    return text.splitlines(keepends=True) if isinstance(text, str) else text
