"""Asking the person in front of the notebook for approval: by button, else by prompt, else not at all.

1. One channel a question. A prompt blocks the kernel's loop, so buttons beside it would be dead.
2. Buttons only if the display is known to be live; a prompt only while a cell waits; a background run has buttons
   and `%victor approve`, and may wait.
3. Nobody there, or no answer in time: `ApprovalDenied`, which stops the run and keeps it resumable.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

from .awaiting import Cell, MainThread, current_cell
from .displaying import Display, current_display
from .prompting import ALWAYS, Prompt, Word, ask_person

if TYPE_CHECKING:
    from ..agents.approvals import ApprovalRequest, Decision
    from ..views.offers import Answer

PATIENCE_S: Final = 3600.0
"""How long a question stays open; after that the run stops and can be resumed."""


class CellApprover:
    """The `person` of a session in a notebook.

    Args:
        prompt: reads one line from the person, on the main thread; raises where the front end cannot.
        patience_s: how long to wait for a button.
    """

    def __init__(self, main: MainThread, prompt: Prompt, patience_s: float = PATIENCE_S) -> None:
        self._main, self._prompt, self._patience_s = main, prompt, patience_s
        self._always: set[tuple[str, str]] = set()

    async def decide(self, request: ApprovalRequest) -> Decision:
        """Ask about exactly this call.

        Raises:
            ApprovalDenied: nobody can be asked, or nobody answered in time.
        """
        if (request.run_id, request.tool) in self._always and not request.doubt:
            return _approved("prompt: always", None)
        cell, display = current_cell.get(), current_display.get()
        in_cell = _is_waiting(cell)
        if display is not None and (not in_cell or await display.is_live()):
            return await self._by_button(display, request)
        if in_cell and (decision := await self._by_prompt(request)):
            return decision
        if display is not None and in_cell and not _is_waiting(cell):  # a background run: its cell ended meanwhile
            return await self._by_button(display, request)
        raise _denied(request, "nobody is there to give it")

    async def _by_button(self, display: Display, request: ApprovalRequest) -> Decision:
        with contextlib.suppress(asyncio.TimeoutError):
            return _said(await asyncio.wait_for(display.answer_to(request), self._patience_s))
        raise _denied(request, f"nobody answered within {self._patience_s:g} seconds")

    async def _by_prompt(self, request: ApprovalRequest) -> Decision | None:
        cell = current_cell.get()

        def ask() -> Word | None:
            # Looked at when the call runs: no front end is ready to read a line once the cell has ended.
            return ask_person(request, self._prompt) if _is_waiting(cell) else None

        word: Word | None = await self._main.run(ask)
        if word is None:
            return None
        if word.choice == ALWAYS:
            self._always.add((request.run_id, request.tool))
        return _approved("prompt", word.arguments) if word.approved else _refused("prompt", word.message)


def _is_waiting(cell: Cell | None) -> bool:
    return cell is not None and cell.is_waiting


def _said(answer: Answer) -> Decision:
    if answer.kind == "approve":
        return _approved("button", answer.arguments)
    return _refused("button", answer.message)


def _approved(by: str, arguments: dict[str, Any] | None) -> Decision:
    from ..agents.approvals import Decision

    return Decision(True, by=by, arguments=arguments)


def _refused(by: str, message: str) -> Decision:
    from ..agents.approvals import Decision

    return Decision(False, by=by, message=message)


def _denied(request: ApprovalRequest, why: str) -> Exception:
    from ..agents.errors import ApprovalDenied

    return ApprovalDenied(
        f"tool {request.tool!r} needs approval, and {why}",
        where=f"run {request.run_id}, call {request.call_id}",
        hint=f"%victor approve {request.run_id} {request.call_id}   then: %victor resume {request.run_id}",
    )
