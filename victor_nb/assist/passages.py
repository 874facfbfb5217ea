"""A passage: what is suggested, where it is from, and code that can be run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from victor_nb.assist.examples import code_in_docstring, code_in_text, importable, with_imports
from victor_nb.retrieval.hits import citation
from victor_nb.retrieval.sources.documents import ending
from victor_nb.retrieval.storing.store import Chunk

Kind: TypeAlias = Literal["package", "code", "notebook", "text"]

_MOST_SUMMARY: Final = 300
_MOST_SIGNATURE: Final = 400
_PYTHON: Final = frozenset({"py", "pyi", "ipynb"})


@dataclass(frozen=True, slots=True)
class Passage:
    """What answers a question, or may.

    Attributes:
        id: names it through versions and edits; what is taught is kept by it.
        name: the dotted name of a package's object, or what a project's passage defines, or its path.
        package, version: empty outside of packages.
        path: its file: relative to where packages lie, or to the project.
        lines: the first and the last, from 1; None for compiled code.
        cell: of a notebook, from 1.
        signature: how it is called; empty outside of packages.
        summary: its first paragraph on one line.
        code: Python that can be run as it is, imports included; empty if there is none.
        text: the whole.
        score: higher is better; comparable within one answer only.
        reasons: why it is here, the strongest first.
    """

    id: str
    kind: Kind
    name: str
    text: str
    code: str
    summary: str = ""
    signature: str = ""
    package: str = ""
    version: str = ""
    path: str = ""
    lines: tuple[int, int] | None = None
    cell: int | None = None
    score: float = 0.0
    reasons: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where it is from: package and version, file and lines, as a person would look it up."""
        place = citation(self.path, self.cell, self.lines) if self.path else self.name
        return f"{self.package} {self.version}".strip() + f" · {place}" if self.package else place

    @property
    def why(self) -> str:
        """The reasons as a sentence."""
        return "; ".join(self.reasons)

    def to_json(self) -> dict[str, object]:
        """JSON values."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "signature": self.signature,
            "summary": self.summary,
            "code": self.code,
            "source": self.source,
            "package": self.package,
            "version": self.version,
            "path": self.path,
            "lines": list(self.lines) if self.lines else None,
            "cell": self.cell,
            "score": round(self.score, 4),
            "why": self.why,
            "text": self.text,
        }


def id_of(chunk: Chunk, project: str) -> str:
    """Return what a passage is known by whatever its version: `pandas:pandas.DataFrame.pivot`, or its place."""
    package, _, name = chunk.document.partition("/") if not project else ("", "", "")
    if package:
        return f"{package.partition(' ')[0]}:{name}"
    at = chunk.names[0] if chunk.names else str(chunk.first)
    return f"{project}/{chunk.path}#{chunk.cell or ''}:{at}"


def passage_of_package(chunk: Chunk, score: float, reasons: tuple[str, ...]) -> Passage:
    """Make the passage of a name in a package."""
    origin = json.loads(chunk.metadata)
    signature, _, said = chunk.text.partition("\n\n")
    place, last = importable(chunk.title)
    whole = f"import {chunk.title}" if origin["module"] or not place else f"from {place} import {last}"
    return Passage(
        id=id_of(chunk, ""),
        kind="package",
        name=chunk.title,
        text=chunk.text,
        code=code_in_docstring(said, chunk.title) or whole,
        summary=summary_of(said),
        signature=_cut(" ".join(signature.split()), _MOST_SIGNATURE),
        package=origin["package"],
        version=origin["version"],
        path=chunk.path,
        lines=(chunk.first, chunk.last) if chunk.first else None,
        score=score,
        reasons=reasons,
    )


def passage_of_project(chunk: Chunk, project: str, score: float, reasons: tuple[str, ...]) -> Passage:
    """Make the passage of a file or notebook of a project."""
    is_notebook = ending(chunk.path) == "ipynb"
    is_python = chunk.kind == "code" and ending(chunk.path) in _PYTHON
    return Passage(
        id=id_of(chunk, project),
        kind="notebook" if is_notebook else "code" if chunk.kind == "code" else "text",
        name=chunk.names[0] if chunk.names else chunk.path,
        text=chunk.text,
        code=with_imports(chunk.text.strip("\n")) if is_python else code_in_text(chunk.text),
        summary="" if is_python else summary_of(chunk.text.lstrip("# ")),
        path=chunk.path,
        lines=(chunk.first, chunk.last) if chunk.first else None,
        cell=chunk.cell,
        score=score,
        reasons=reasons,
    )


def summary_of(said: str) -> str:
    """Return the first paragraph of a text on one line, cut where it is long."""
    return _cut(" ".join(said.strip().partition("\n\n")[0].split()), _MOST_SUMMARY)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
