"""The last failure of a cell, kept for `%victor fix`.

1. A listener, not an exception handler: `set_custom_exc` would take over every traceback of the notebook.
2. With `notebook.auto_fix` each failure is explained below its traceback, unasked.
3. One reference, replaced by the next failure: what IPython keeps in `sys.last_value` lives as long.
"""

from __future__ import annotations

from typing import Any

from victor_nb.config import glimpse


class LastFailure:
    """Listens to cells that ended (event post_run_cell)."""

    def __init__(self) -> None:
        self._last: tuple[BaseException, str] | None = None

    def note(self, result: Any) -> None:
        """Keep the exception of a cell that failed; the result is None when a cell was cut off."""
        error = getattr(result, "error_in_exec", None) or getattr(result, "error_before_exec", None)
        if error is not None:
            self._last = (error, getattr(getattr(result, "info", None), "raw_cell", "") or "")
            if glimpse("notebook", "auto_fix"):
                _explain(*self._last)

    def __call__(self) -> tuple[BaseException, str] | None:
        """The last exception with the source of its cell; None if nothing failed yet."""
        return self._last


def _explain(error: BaseException, source: str) -> None:
    from IPython.display import display

    from victor_nb.commands.failure import failure_of
    from victor_nb.commands.fix import explained

    display(explained(failure_of(error, source)))  # type: ignore[no-untyped-call]
