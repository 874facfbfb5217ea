"""Values that a notebook hands on: `glue("auc", auc)` in a cell, `values_of` in the process that executed it.

1. A value is in a file before it is shown, so it is handed on even if the kernel dies in the same cell. What the
   notebook shows is for readers.
2. Types are kept, by the journal's codec: numbers, texts, dates, tables, arrays, records; a figure becomes a picture.
3. Outside a pipeline a value is shown, and that is all; what is short and plain can be read from the notebook.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import msgspec

from victor_nb.errors import VictorError

FOLDER: Final = "VICTOR_GLUE"
"""The variable that tells a kernel in which folder values are handed on."""

MIME: Final = "application/vnd.victor.glue+json"
LARGEST_IN_NOTEBOOK: Final = 64 * 1024
"""A value whose JSON is longer, in bytes, is not in the notebook as it is, nor is a table, an array or a picture. The
journal holds it."""

_LINES: Final = "values.jsonl"


class WrongGlue(VictorError):
    """A value cannot be handed on: its name is none, or it has a type that would lose something."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure, as it looks.

    Attributes:
        png: the file's content.
        text: the figure in words.
    """

    png: bytes
    text: str = "a picture"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"image/png": base64.b64encode(self.png).decode(), "text/plain": self.text}


def glue(name: str, value: object, *, show: bool = True) -> None:
    """Hand a value on to the pipeline: `{{ node.name }}` in later nodes, and a column of `Pipeline.results()`.

    Glued again, the later value counts. What changes in the value afterwards is not seen.

    Args:
        name: a word, as a Python variable has it.
        value: numbers, texts, dates, lists and dicts of them, dataclasses and pydantic models of modules, NumPy,
            pandas, figures of matplotlib; anything that can be shown as PNG becomes a `Picture`. Up to 900 MB.
        show: False shows nothing.

    Raises:
        WrongGlue: the name is no word, or the value cannot be kept as it is.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise WrongGlue(
            f"{name!r} is no name for a glued value", hint="take a word, so that {{ node.name }} can name it"
        )
    kept = _picture_of(value) or value
    about: dict[str, object] = {"name": name, "type": f"{type(value).__module__}.{type(value).__qualname__}"}
    folder = os.environ.get(FOLDER)
    about |= _hand_on(name, kept, Path(folder)) if folder else _in_the_notebook(kept)
    if show:
        _show(name, value, kept, about)


def values_of(source: Mapping[str, object] | str | Path) -> dict[str, object]:
    """Return the values that an executed notebook shows as glued, as far as it holds them; an outcome has all.

    Args:
        source: the notebook, or its path.
    """
    notebook = source if isinstance(source, Mapping) else json.loads(Path(source).read_text(encoding="utf-8"))
    return {str(each["name"]): _read(each, Path()) for each in _shown(notebook) if "json" in each}


def names_of(notebook: Mapping[str, object]) -> frozenset[str]:
    """Return the names of all values that an executed notebook shows as glued."""
    return frozenset(str(each["name"]) for each in _shown(notebook))


class Glued(NamedTuple):
    """What a notebook has handed on.

    Attributes:
        modules: where the classes of the values are; see `import_modules`.
    """

    values: dict[str, object]
    modules: tuple[str, ...]


def glued_in(folder: Path, project: Path | None = None) -> Glued:
    """Return what a notebook has handed on in a folder.

    Args:
        project: modules of the values' classes are looked for there too, as the notebook found them.

    Raises:
        CannotHandOver: a value's file is gone, or its class is.
        WrongGlue: the module of a class cannot be imported here.
    """
    last: dict[str, dict[str, Any]] = {}
    with suppress(FileNotFoundError):
        for line in (folder / _LINES).read_bytes().splitlines():
            with suppress(msgspec.DecodeError):  # the disk was full
                about = msgspec.json.decode(line)
                last[about["name"]] = about
    modules = tuple(sorted({module for about in last.values() for module in about["modules"]}))
    import_modules(modules, project)
    return Glued({name: _read(about, folder) for name, about in last.items()}, modules)


_importing = Lock()


def import_modules(modules: Iterable[str], project: Path | None = None) -> None:
    """Import the modules of values' classes, so that the values can be read; also from a project's folder.

    Raises:
        WrongGlue: one cannot be imported.
    """
    with _importing:
        path = list(sys.path)
        sys.path += [] if project is None else [str(project)]
        try:
            for module in modules:
                _import(module, project)
        finally:
            sys.path[:] = path


def _import(module: str, project: Path | None) -> None:
    if module in sys.modules:
        return
    from importlib import import_module

    try:
        import_module(module)
    except Exception as problem:  # a module may raise anything
        raise WrongGlue(
            f"the class of a glued value is in the module {module!r}, which cannot be imported: {problem}",
            str(project or ""),
            "install it, put it into the pipeline's folder, or glue plain values",
        ) from problem


def forget(folder: Path) -> None:
    """Remove what was handed on in a folder."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def _hand_on(name: str, value: object, folder: Path) -> dict[str, object]:
    from victor_nb.journal.redaction import NOTHING_SECRET
    from victor_nb.pipelines.parameters.errors import CannotHandOver
    from victor_nb.pipelines.parameters.handed import kept

    try:
        folder.mkdir(parents=True, exist_ok=True)
        written, modules = kept(value, folder, NOTHING_SECRET, f"glue({name!r}, …)")
        about: dict[str, object] = {"name": name, "json": written, "modules": list(modules)}
        with (folder / _LINES).open("ab") as file:
            file.write(b"\n" + msgspec.json.encode(about) + b"\n")
    except CannotHandOver as problem:
        raise WrongGlue(problem.what, f"glue({name!r}, …)", problem.hint) from problem
    except OSError as problem:
        raise WrongGlue(
            f"the value cannot be kept: {problem.strerror or problem}", f"glue({name!r}, …)", "make room on the disk"
        ) from problem
    is_whole = len(written) <= LARGEST_IN_NOTEBOOK and "blob" not in written and "$json" not in written
    return {"json": written, "modules": list(modules)} if is_whole else {}


def _in_the_notebook(value: object) -> dict[str, object]:
    """Return what a notebook says of a value that nobody fetches: all of it, if it is short and plain."""
    from victor_nb.pipelines.parameters.errors import CannotHandOver
    from victor_nb.pipelines.parameters.handed import plain

    try:
        written, modules = plain(value, LARGEST_IN_NOTEBOOK)
    except CannotHandOver:
        return {}
    return {"json": written, "modules": list(modules)}


def _read(about: Mapping[str, Any], folder: Path) -> object:
    from victor_nb.pipelines.parameters.handed import value

    return value(about["json"], str(folder), *about.get("modules", ()))


def _picture_of(value: object) -> Picture | None:
    """Return what a figure looks like; None for anything that is a value of its own."""
    if (figure := _figure_of(value)) is not None:
        from io import BytesIO

        file = BytesIO()
        figure.savefig(file, format="png", bbox_inches="tight")
        return Picture(file.getvalue(), repr(figure))
    if (draw := getattr(value, "_repr_png_", None)) is not None and not isinstance(value, type):
        drawn = draw()
        if isinstance(drawn, bytes):
            return Picture(drawn, repr(value)[:200])
    return None


def _figure_of(value: object) -> Any:
    """Return the figure of matplotlib that a value is, or belongs to."""
    if (figures := sys.modules.get("matplotlib.figure")) is None:
        return None
    if isinstance(value, figures.Figure):
        return value
    figure = getattr(value, "figure", None)  # axes, and seaborn's grids
    return figure if isinstance(figure, figures.Figure) else None


def _shows_itself(value: object) -> bool:
    """Whether a figure is one of pyplot's, which Jupyter shows at the end of the cell."""
    figure, pyplot = _figure_of(value), sys.modules.get("matplotlib.pyplot")
    if figure is None or pyplot is None or "inline" not in pyplot.get_backend():
        return False
    return bool(pyplot.fignum_exists(getattr(figure, "number", None) or -1))


def _show(name: str, value: object, kept: object, about: dict[str, object]) -> None:
    from IPython.core.getipython import get_ipython

    if (shell := get_ipython()) is None or shell.display_formatter is None:
        print(f"{name} = {value!r}")
        return
    if _shows_itself(value):
        return
    data, metadata = shell.display_formatter.format(kept if isinstance(kept, Picture) else value)  # type: ignore[no-untyped-call]
    shell.display_pub.publish({**data, MIME: about}, {**metadata, MIME: {}})


def _shown(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if MIME in output.get("data", {}):
                yield output["data"][MIME]
