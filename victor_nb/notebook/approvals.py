"""Asking the person in front of the notebook for approval: by button, else by prompt, else not at all.

1. One channel a question. A prompt blocks the kernel's loop, so buttons beside it would be dead, or, where they are
   not (subshells), would leave a prompt behind that nobody needs: before prompting they are withheld.
2. Buttons are waited for only if the display is known to be live, a prompt is shown only while a cell waits. A run
   in the background has `%victor approve` and the buttons of `%victor attach`, and may wait.
3. Buttons and `%victor approve` speak through the run's mailbox, and the gate takes the first word: waiting for them
   means waiting to be cancelled. An open prompt is ended then.
4. Nobody there, or no answer in time: `ApprovalDenied`, which stops the run and keeps it resumable.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from victor_nb.notebook.awaiting import Cell, MainThread, current_cell
from victor_nb.notebook.displaying import current_display
from victor_nb.notebook.endable import EndablePrompt
from victor_nb.notebook.prompting import ALWAYS, Prompt, Word, ask_person

if TYPE_CHECKING:
    from victor_nb.agents.approvals import ApprovalRequest, Decision

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
            return _decision(Word("always"))
        cell, display = current_cell.get(), current_display.get()
        if not _is_waiting(cell) or (display is not None and await display.is_live()):
            return await self._elsewhere(request)
        if display is not None:
            display.withhold(request.call_id, request.call_hash)
        word = await self._prompted(request, cell)
        if word is not None:
            return _decision(word)
        if not _is_waiting(cell):  # a run in the background, whose cell ended while we tried
            return await self._elsewhere(request)
        raise _denied(request, "nobody is there to give it")

    async def _elsewhere(self, request: ApprovalRequest) -> Decision:
        await asyncio.sleep(self._patience_s)
        raise _denied(request, f"nobody answered within {self._patience_s:g} seconds")

    async def _prompted(self, request: ApprovalRequest, cell: Cell | None) -> Word | None:
        prompt = EndablePrompt()

        def ask() -> Word | None:
            # Looked at when the call runs: no front end is ready to read a line once the cell has ended.
            word = prompt.answered(lambda: ask_person(request, self._prompt)) if _is_waiting(cell) else None
            if prompt.is_ended:
                print("This question is not open any more: somebody answered it elsewhere, or stopped the run.")
            return word

        try:
            word: Word | None = await self._main.run(ask)
        except asyncio.CancelledError:  # the gate has another word
            prompt.end()
            raise
        if word is not None and word.choice == ALWAYS:
            self._always.add((request.run_id, request.tool))
        return word


def _is_waiting(cell: Cell | None) -> bool:
    return cell is not None and cell.is_waiting


def _decision(word: Word) -> Decision:
    from victor_nb.agents.approvals import Decision

    by = "prompt (always)" if word.choice == ALWAYS else "prompt"
    return Decision(word.approved, by=by, arguments=word.arguments, message=word.message)


def _denied(request: ApprovalRequest, why: str) -> Exception:
    from victor_nb.agents.errors import ApprovalDenied

    return ApprovalDenied(
        f"tool {request.tool!r} needs approval, and {why}",
        where=f"run {request.run_id}, call {request.call_id}",
        hint=f"%victor approve {request.run_id} {request.call_id}   then: %victor resume {request.run_id}",
    )
