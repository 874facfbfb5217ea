"""The face itself: words in, the verb's view out; one object for each shell.

1. A verb that can be answered at once runs here; one that runs agents hands back an awaitable, which goes to the
   agent thread while this thread waits.
2. An error of ours leaves with a short traceback: the frames in between tell a user nothing, and the journal has them.
"""

from __future__ import annotations

import atexit
import contextlib
import inspect
import shlex
import sys
from collections.abc import Awaitable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from victor_nb.errors import UsageError, VictorError
from victor_nb.notebook.approvals import CellApprover
from victor_nb.notebook.awaiting import MainThread, Work, awaited, blocked, waiting_cell
from victor_nb.notebook.displaying import Displays
from victor_nb.notebook.errors import LineUnreadable, rendered
from victor_nb.notebook.failing import LastFailure
from victor_nb.notebook.prompting import CannotPrompt
from victor_nb.notebook.python_cells import run_code

if TYPE_CHECKING:
    from victor_nb.commands import Session
    from victor_nb.journal import Journal
    from victor_nb.tools.builtin.python_cell import CellOutcome
    from victor_nb.views.offers import Answer

_PARTING_S: Final = 2.0


class Face:
    """Runs verbs for one IPython shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.main = MainThread()
        self.last_failure = LastFailure()
        self.displays = Displays(_deliver)
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """What the verbs get from this shell; made on first use."""
        if self._session is None:
            from victor_nb.commands import Session

            self._session = Session(
                namespace=self.shell.user_ns,
                person=CellApprover(self.main, self._read_line),
                watch=self.displays.watch,
                keep_open=self.displays.keep_open,
                display=_display,
                execute=self.execute,
                last_failure=self.last_failure,
                cell=lambda: self.shell.execution_count,
                next_cell=lambda code: self.shell.set_next_input(code),
            )
            atexit.register(self.close)
        return self._session

    def call(self, line: str, body: str | None = None) -> object:
        """Run a verb, blocking this thread: for lines inside a larger cell, scripts and terminals."""
        self.main.adopt_running_loop()
        try:
            with waiting_cell():
                result = self._invoke(line, body)
                return blocked(_submitted(result), self.main) if inspect.isawaitable(result) else result
        except VictorError as error:
            raise _alone(error) from None

    async def awaited(self, line: str, body: str | None = None) -> object:
        """Run a verb in a cell that awaits it, so that front ends reach the kernel meanwhile."""
        self.main.adopt_running_loop()
        try:
            with waiting_cell():
                result = self._invoke(line, body)
                return await awaited(_submitted(result), self.main) if inspect.isawaitable(result) else result
        except VictorError as error:
            raise _alone(error) from None

    async def execute(self, code: str) -> CellOutcome:
        """Run approved code on the main thread in the user's namespace; called on the agent thread."""
        kept = await self.main.run(lambda: run_code(self.shell, code))
        outcome: CellOutcome = kept.outcome()
        return outcome

    def close(self) -> None:
        """Stop what runs in the background, so that its journal says so, and close the journals."""
        atexit.unregister(self.close)
        self.displays.close()
        session, self._session = self._session, None
        if session is None:
            return
        if session.tasks:
            with contextlib.suppress(Exception):
                _submitted(_all_cancelled(session)).done.result(_PARTING_S)
        session.close()

    def _invoke(self, line: str, body: str | None) -> object:
        from victor_nb.commands import invoke

        return invoke(words(line, body), self.session, body)

    def _read_line(self, text: str) -> str:
        """Print all but the last line: some front ends show a prompt in a box of one line."""
        kernel = getattr(self.shell, "kernel", None)
        # Private, so only a hint that saves printing a question in vain; `raw_input` itself has the last word.
        can_type = getattr(kernel, "_allow_stdin", True) if kernel is not None else sys.stdin and sys.stdin.isatty()
        if not can_type:
            raise CannotPrompt
        question, _, last = text.rpartition("\n")
        if question:
            print(question)
        return _asked_front_end(kernel, last) if kernel is not None else input(last)


def words(line: str, body: str | None) -> list[str]:
    """Split the line of a magic as a POSIX shell would; a cell without a verb asks.

    Raises: LineUnreadable for a quote that nobody closed.
    """
    from victor_nb.commands import VERBS

    try:
        argv = shlex.split(line)
    except ValueError as error:
        raise LineUnreadable(f"cannot split the line {line!r}: {error}", hint="close the quote") from None
    if body is not None and (not argv or argv[0] not in VERBS):
        return ["ask", *argv]
    return argv


def _deliver(journal: Journal, answer: Answer) -> None:
    """Send what a button said the way that every word goes; the run checks the hash once more.

    Raises:
        UsageError: it answers a question that is not open any more.
    """
    if answer.kind == "answer":
        _send_answer(journal, answer)
        return
    said = {name: value for name, value in asdict(answer).items() if name not in ("kind", "run_id") and value}
    reason = {"reason": "stopped by button"} if answer.kind == "stop" else {}
    journal.signal(answer.run_id, answer.kind, {**said, **reason, "by": "button"})


def _send_answer(journal: Journal, answer: Answer) -> None:
    from victor_nb.workflows import WorkflowRun

    if answer.call_id not in {asked.id for asked in WorkflowRun(journal, answer.run_id).interrupts}:
        raise UsageError("this question was answered already", f"run {answer.run_id}", f"victor show {answer.run_id}")
    journal.signal(answer.run_id, "answer", {"id": answer.call_id, "value": answer.value, "by": "button"})


def _submitted(result: Awaitable[Any]) -> Work[Any]:
    from victor_nb.agents.background import submit

    async def work() -> Any:
        return await result

    return submit(work())


async def _all_cancelled(session: Session) -> None:
    import asyncio

    tasks = list(session.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _alone(error: VictorError) -> VictorError:
    """Take away what led to the error: the journal has it, and IPython 9 shows no error with a group behind it."""
    error.__cause__ = error.__context__ = None
    # IPython asks the error for its lines; a partial of a function, so that the error can still be pickled.
    vars(error)["_render_traceback_"] = partial(rendered, type(error).__name__, str(error))
    return error.with_traceback(None)


def _display(view: object) -> None:
    from IPython.display import display

    display(view)  # type: ignore[no-untyped-call]


def _asked_front_end(kernel: Any, text: str) -> str:
    from IPython.core.error import StdinNotImplementedError

    try:
        return str(kernel.raw_input(text))
    except StdinNotImplementedError:
        raise CannotPrompt from None
