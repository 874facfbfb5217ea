"""Drawings of workflows as results of verbs: shown, written to a file, opened."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import click

from victor_nb.errors import UsageError
from victor_nb.views.view import TERMINAL_WIDTH, Shown
from victor_nb.workflows import GraphShape
from victor_nb.workflows.drawing import Theme, as_bundle, as_png, as_svg, as_text, to_mermaid

Format = Literal["text", "ascii", "mermaid", "svg", "png"]
FORMATS: Final[tuple[Format, ...]] = ("text", "ascii", "mermaid", "svg", "png")
_ENDINGS: Final[dict[str, Format]] = {
    ".txt": "text",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".md": "mermaid",
    ".svg": "svg",
    ".png": "png",
}


@dataclass(frozen=True)
class Drawing(Shown):
    """A workflow's graph, as text in a terminal and as a picture in a cell."""

    shape: GraphShape

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """The graph drawn with characters; `width` does not matter."""
        return as_text(self.shape)

    def to_markdown(self) -> str:
        """The graph as Mermaid, which GitHub draws."""
        return f"```mermaid\n{to_mermaid(self.shape)}```"

    def to_html(self) -> str:
        """The graph as SVG."""
        return as_svg(self.shape)

    def to_json(self) -> dict[str, Any]:
        """Nodes and edges."""
        return self.shape.to_json()

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        return as_bundle(self.shape, include=include, exclude=exclude)


def drawn(shape: GraphShape, format: Format, theme: Theme | None) -> bytes:
    """Draw a graph; texts are UTF-8."""
    if format == "png":
        return as_png(shape, theme=theme or "light")
    if format == "svg":
        text = as_svg(shape, theme=theme)
    elif format == "mermaid":
        text = to_mermaid(shape)
    else:
        text = as_text(shape, ascii=format == "ascii")
    return (text.rstrip("\n") + "\n").encode()


def format_of(wanted: str | None, file: Path | None, *, is_opened: bool) -> Format | None:
    """The format that was asked for, or that a file's ending says; SVG where something has to be opened.

    Raises:
        UsageError: a file's ending says nothing.
    """
    for format in FORMATS:
        if wanted == format:
            return format
    if file is None:
        return "svg" if is_opened else None
    if file.suffix.lower() not in _ENDINGS:
        known = ", ".join(_ENDINGS)
        raise UsageError(f"the ending of {file.name} says no format", "-o", f"add --format, or use one of {known}")
    return _ENDINGS[file.suffix.lower()]


def written(content: bytes, file: Path, *, is_opened: bool) -> Path:
    """Write a drawing, whole or not at all, and open it if somebody wants to see it.

    Raises:
        UsageError: it cannot be written.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(content)
        part.replace(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}", "-o") from error
    if is_opened:
        click.launch(str(file))
    return file
