"""How a live widget leaves the page, once its static report is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from anywidget import AnyWidget

_NO_MODULE: Final = "export default {}"


def leave(widget: AnyWidget) -> None:
    """Close the comm. A notebook saved with widget states keeps closed widgets too, so empty it first."""
    if widget.comm is not None:
        widget.set_trait("_esm", _NO_MODULE)
        widget.set_trait("_css", "")
        widget.layout.close()
        widget.close()
