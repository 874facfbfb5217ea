"""The session: everything a verb may need from the face that called it.

1. A face fills in what it has; a verb that needs what is missing says so with a `UsageError`.
2. Settings are read anew for each verb, so that an edited `victor.toml` counts; a journal is opened once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from victor_nb.errors import UsageError, nearest

if TYPE_CHECKING:
    from victor_nb.agents import Approver
    from victor_nb.config import Settings
    from victor_nb.journal import Event, Journal
    from victor_nb.tools import CellOutcome

EventSink = Callable[["Event"], None]
"""Receives each event of a run, live deltas included, on the thread that runs the agent; must not block."""

Watch = Callable[["Journal"], AbstractContextManager[EventSink]]
"""Opens a live display of a run in that journal: entering shows it, the value takes events, leaving gives it its final
form."""

GoOn = Callable[[EventSink], Awaitable[bool]]
"""Goes on with a run that waits, with the answers in its mailbox; its events go to the sink. Tells whether it waits
again."""


_READ_ONLY: Final = frozenset({("", "")})
_IN_MEMORY: Final = "memory:"


def _ignore(event: Event) -> None:
    """Show nothing."""


async def _not_kept_open(go_on: GoOn) -> None:
    """Let the display become static: nobody answers there."""


def _no_display(journal: Journal) -> AbstractContextManager[EventSink]:
    return nullcontext(_ignore)


@dataclass(slots=True)
class Session:
    """What a face hands to the verbs; one for each kernel or process.

    Attributes:
        namespace: the user's variables; None without a kernel. Only names that a verb is given are read.
        person: who is asked for approvals; None where nobody is there, and then policies decide.
        watch: opens the live display of a run.
        keep_open: called inside `watch` when a run waits for a person: its display stays live, if it is, so that the
            person can answer there.
        display: shows a view now, before the verb returns (progress of long verbs).
        execute: runs code in the kernel's main thread, giving a `tools.CellOutcome`; None without a kernel.
        detach: runs the words given in a process of their own and returns the run's id; None where the caller
            lives on, so that a task is enough.
        last_failure: the last exception of a cell with the cell's source; None where cells do not exist.
        cell: the number of the cell that runs now; None where cells do not exist.
        next_cell: puts code into a new cell below, unrun; None where cells do not exist.
        start: where the search for `victor.toml` begins.
        run_ids: the runs that were answered in this session, oldest first.
        tasks: the runs that go on in the background.
    """

    namespace: MutableMapping[str, object] | None = None
    person: Approver | None = None
    watch: Watch = _no_display
    keep_open: Callable[[GoOn], Awaitable[None]] = _not_kept_open
    display: Callable[[object], None] = lambda view: None
    execute: Callable[[str], Awaitable[CellOutcome]] | None = None
    detach: Callable[[Sequence[str]], str] | None = None
    last_failure: Callable[[], tuple[BaseException, str] | None] = lambda: None
    cell: Callable[[], int | None] = lambda: None
    next_cell: Callable[[str], None] | None = None
    start: Path | None = None
    run_ids: list[str] = field(default_factory=list)
    tasks: set[asyncio.Task[object]] = field(default_factory=set)
    _journals: dict[tuple[str, frozenset[tuple[str, str]]], Journal] = field(default_factory=dict)

    def settings(self, arguments: Mapping[str, object] | None = None) -> Settings:
        """Load the settings, with the flags of this call as the highest layer."""
        from victor_nb.config import Settings

        return Settings.load(self.start, arguments)

    def journal(self, settings: Settings | None = None) -> Journal:
        """Return the open journal that the settings name; one object for each URL."""
        settings = settings or self.settings()
        key = (settings.journal_url, frozenset(settings.values_to_hide().items()))
        if key not in self._journals:
            from victor_nb.journal.following import open_followed

            self._journals[key] = open_followed(settings.journal_url, settings)
        return self._journals[key]

    def journal_to_read(self) -> Journal:
        """Return the journal for a verb that only looks, without loading all settings where that can be."""
        from victor_nb.config.layers import glimpse_journal

        url = glimpse_journal(self.start)
        known = next((journal for (one, _), journal in self._journals.items() if one == url), None)
        if known is not None or url is None or url == _IN_MEMORY:
            return known or self.journal()
        from victor_nb.journal import open_journal

        # Under a key of its own: what writes needs a journal that knows the secrets.
        made = self._journals[url, _READ_ONLY] = open_journal(url)
        return made

    def variables(self, names: Sequence[str]) -> dict[str, object]:
        """Return the named variables.

        Raises: UsageError for a name that the kernel does not hold.
        """
        known = self.namespace or {}
        for name in names:
            if name not in known:
                public = [key for key in known if not key.startswith("_")]
                raise UsageError(
                    f"there is no variable {name!r}.{nearest(name, public)}",
                    hint="define it in a cell first" if self.namespace is not None else "victor ask --data NAME=FILE",
                )
        return {name: known[name] for name in names}

    def bind(self, name: str, value: object) -> None:
        """Give the user's namespace a new value under `name`.

        Raises: UsageError where there is no namespace, or the name is none that Python allows.
        """
        self.check_bindable(name)
        assert self.namespace is not None
        self.namespace[name] = value

    def check_bindable(self, name: str) -> None:
        """Raise before the work what `bind` would raise after it."""
        if self.namespace is None:
            raise UsageError("there is no kernel whose variable could be set", f"-o {name}", "use --json and a pipe")
        if not name.isidentifier():
            raise UsageError(f"{name!r} is not a name that a variable can have", "-o", "-o answer")

    def close(self) -> None:
        """Close the journals that were opened."""
        for journal in self._journals.values():
            journal.close()
        self._journals.clear()
