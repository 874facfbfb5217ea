"""The view of a run's history: a slider over its checkpoints, what each changed, and buttons to fork and to go on.

1. States are read when somebody looks at them, and kept: a history of ten thousand checkpoints opens at once.
2. A fork never touches the run that it leaves. Going on needs the workflow; without it the view names the command.
3. Work that a button starts runs on a thread of its own, so that the slider goes on moving; it reports when it ends.
4. Every message from a browser is checked; what is wrong with it is said in the view.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import anywidget

from victor_nb.errors import VictorError
from victor_nb.views.checkpoint_report import CheckpointReport
from victor_nb.views.checkpoint_state import differences, row, shown
from victor_nb.views.live import STATIC
from victor_nb.views.view import TERMINAL_WIDTH
from victor_nb.workflows.reducers import Overwrite
from victor_nb.workflows.travel import Checkpoint, WorkflowRun

_KEPT: Final = 64
"""States that are kept after they were looked at."""


class CheckpointView(anywidget.AnyWidget):
    """Shows the history of a workflow's run.

    Args:
        run: what is shown; with its workflow, forks can be run from here.
        on_end: called with the run that the view went on with when it has ended, on its thread.

    Attributes:
        run: the run that is shown now; a fork takes its place.
    """

    _esm = STATIC / "checkpoint_view.js"
    _css = STATIC / "checkpoint_view.css"

    def __init__(self, run: WorkflowRun, *, on_end: Callable[[WorkflowRun], None] | None = None) -> None:
        super().__init__()
        self.run = run
        self._on_end = on_end
        self._history: list[Checkpoint] = []
        self._states: dict[int, dict[str, Any]] = {}
        self._working = threading.RLock()
        self._thread: threading.Thread | None = None
        self.on_msg(self._hear)

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until work that a button has started is done."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """The report, as text."""
        return CheckpointReport(self.run).to_text(width)

    def to_markdown(self) -> str:
        """The report, as Markdown."""
        return CheckpointReport(self.run).to_markdown()

    def to_html(self) -> str:
        """The report, as HTML."""
        return CheckpointReport(self.run).to_html()

    def to_json(self) -> object:
        """The checkpoints as JSON values."""
        return CheckpointReport(self.run).to_json()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
        shown: Any = super()._repr_mimebundle_(**kwargs)
        data = dict(shown[0] if isinstance(shown, tuple) else shown)
        return data | CheckpointReport(self.run)._repr_mimebundle_(), {}

    # --- browser to kernel --------------------------------------------------------------------------

    def _hear(self, _widget: object, content: object, _buffers: object) -> None:
        if not isinstance(content, Mapping):
            return
        answers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "hello": lambda _: self._send_history(),
            "look": self._look,
            "fork": self._fork,
            "resume": self._resume,
        }
        answer = answers.get(str(content.get("kind")))
        if answer is None:
            return
        try:
            with self._working:
                answer(content)
        except VictorError as error:
            self._problem(error)

    def _look(self, message: Mapping[str, Any]) -> None:
        at = self._place(message)
        if at is None:
            return
        before = self._state(at - 1) if at else {}
        after = self._state(at)
        checkpoint = self._history[at]
        self.send(
            {
                "kind": "state",
                "run_id": self.run.id,
                "at": at,
                "state": shown(after),
                "changes": differences(before, after),
                "next": list(checkpoint.next),
            }
        )

    def _fork(self, message: Mapping[str, Any]) -> None:
        at, update = self._place(message), message.get("update")
        if at is None or not (update is None or isinstance(update, dict)):
            return
        written = {str(key): Overwrite(value) for key, value in (update or {}).items()}
        self.run = self.run.fork(self._history[at], written or None)
        self._history.clear()
        self._send_history()

    def _resume(self, message: Mapping[str, Any]) -> None:
        workflow, run = self.run.workflow, self.run
        if message.get("run_id") != run.id or (self._thread is not None and self._thread.is_alive()):
            return
        if workflow is None:
            self._problem(VictorError("the workflow is not here", hint=f"go on with: victor resume {run.id}"))
            return

        def work() -> None:
            try:
                workflow.run_sync(run_id=run.id, journal=run.journal)
            except Exception as error:  # a node may raise anything; the run has recorded it
                self._problem(error)
            with self._working:
                self._history.clear()
                self._send_history()
            if self._on_end is not None:
                self._on_end(run)

        self._thread = threading.Thread(target=work, name="victor-resume", daemon=True)
        self.send({"kind": "working", "run_id": run.id})
        self._thread.start()

    # --- kernel to browser --------------------------------------------------------------------------

    def _send_history(self) -> None:
        run = self.run
        if not self._history:
            self._history, self._states = run.history(), {}
        self.send(
            {
                "kind": "history",
                "run": {
                    "run_id": run.id,
                    "name": run.info.name,
                    "status": run.status,
                    "parent": run.info.parent,
                    "can_run": run.workflow is not None,
                    "asks": [shown({"value": asked.value})["value"] for asked in run.interrupts],
                },
                "checkpoints": [row(checkpoint) for checkpoint in self._history],
            }
        )

    def _place(self, message: Mapping[str, Any]) -> int | None:
        """The place in the history that a message is about; None if it is about another run, or none."""
        if not self._history:
            self._history, self._states = self.run.history(), {}
        at = message.get("at")
        is_ours = message.get("run_id") == self.run.id and isinstance(at, int) and not isinstance(at, bool)
        return at if isinstance(at, int) and is_ours and 0 <= at < len(self._history) else None

    def _state(self, at: int) -> dict[str, Any]:
        if at not in self._states:
            while len(self._states) >= _KEPT:
                self._states.pop(next(iter(self._states)))
            self._states[at] = self.run.state(self._history[at])
        return self._states[at]

    def _problem(self, error: Exception) -> None:
        hint = error.hint if isinstance(error, VictorError) else ""
        what = error.what if isinstance(error, VictorError) else f"{type(error).__name__}: {error}"
        self.send({"kind": "problem", "what": what, "hint": hint})
