"""The `%victor` and `%%victor` magics: a thin door to the face.

1. No expansion by IPython: braces and dollars in a line or a prompt stay what they are. `{{name}}` in a prompt is the
   verb's business, and the only thing that is replaced.
2. The function called by IPython blocks; its attribute `awaited` is what the input transformer calls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, cast

from victor_nb.notebook.face import Face


class VictorMagic(Protocol):
    """The magic as it is registered."""

    awaited: Callable[..., Awaitable[object]]

    def __call__(self, line: str, cell: str | None = None) -> object:
        """Run a verb, blocking."""
        ...


def magic_for(face: Face) -> VictorMagic:
    """Make the magic function of one shell."""
    from IPython.core.magic import no_var_expand

    def victor(line: str, cell: str | None = None) -> object:
        """Durable, reproducible AI agents.

        %%victor --with df -o answer       asks an agent; the prompt is the rest of the cell
        %victor runs                       lists the runs; so does `victor runs` in a terminal
        %victor --help                     lists the verbs;  %victor VERB --help  explains one
        """
        return face.call(line, cell)

    magic = cast(VictorMagic, no_var_expand(victor))
    magic.awaited = face.awaited
    return magic
