"""What every verb returns: an object that shows itself as text, Markdown, HTML and JSON.

1. A view holds plain values and decides nothing; one view serves the terminal, the notebook and the server.
2. Views have no scripts and load nothing: what a cell shows today is what it shows in an archive.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol, runtime_checkable

TERMINAL_WIDTH = 100


@runtime_checkable
class View(Protocol):
    """An object that shows itself."""

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """Plain text for a terminal `width` columns wide; no escape codes, no newline at the end."""
        ...

    def to_markdown(self) -> str:
        """Markdown as GitHub reads it."""
        ...

    def to_html(self) -> str:
        """HTML with inline styles and no script."""
        ...

    def to_json(self) -> object:
        """JSON values, for `--json` and the server."""
        ...


class Picture(View, Protocol):
    """A view that is a picture, too, and stays where a live one was."""

    def to_svg(self) -> str:
        """The picture, complete in itself."""
        ...

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]: ...


class Shown:
    """Mixin: lets IPython show a view, in a terminal as text and in a notebook as HTML."""

    def _repr_mimebundle_(
        self: View, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        return chosen(bundle(self), include, exclude)

    def __str__(self: View) -> str:
        return self.to_text()


def bundle(view: View) -> dict[str, str]:
    """Every static face of a view, by media type."""
    return {"text/plain": view.to_text(), "text/markdown": view.to_markdown(), "text/html": view.to_html()}


def chosen(whole: dict[str, str], include: Container[str] | None, exclude: Container[str] | None) -> dict[str, str]:
    """Keep the media types that IPython asks for."""
    return {
        kind: text
        for kind, text in whole.items()
        if (not include or kind in include) and not (exclude and kind in exclude)
    }
