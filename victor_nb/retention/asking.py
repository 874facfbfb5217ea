"""The one question that a cell, a terminal and a program ask: what may go, and clear it away if that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Journal
from victor_nb.retention.clearance import Clearance
from victor_nb.retention.policy import STATES, Policy

if TYPE_CHECKING:
    from victor_nb.config import Settings
    from victor_nb.insight.moments import Moment
    from victor_nb.journal.store import Store
    from victor_nb.retention.collecting import Freed
    from victor_nb.retention.planning import Plan

LAST_OF_THREAD: Final = "they are the last of their threads"


def gc(
    older_than: Moment | None = None,
    *,
    keep: int | None = None,
    kinds: Sequence[str] = (),
    names: Sequence[str] = (),
    states: Sequence[str] = ("finished",),
    runs: Sequence[str] = (),
    to_budget: bool = False,
    yes: bool = False,
    rewrite: bool = False,
    journal: Journal | str | None = None,
    settings: Settings | None = None,
) -> Clearance:
    """Take old runs out of a journal, with the blobs that only they needed; what they did stays in `metrics()`.

    A run goes when it fits every condition. One that somebody executes, that is pinned, that another is built on, or
    that is the last of its thread stays in any case.

    Args:
        older_than: "30d", "12h", a date, …: only runs that were not changed since then. By default the settings'
            `retention.older_than`, unless `keep`, `runs` or `to_budget` is given.
        keep: so many newest runs of each kind and name stay; by default the settings' `retention.keep`.
        kinds, names: only these; any if empty.
        states: "finished", "failed", "stopped", "interrupted".
        runs: only these, by id or the beginning of one, in whatever state; no other condition counts then.
        to_budget: only as many, the longest unchanged first, as it takes to come down to `retention.max_bytes`.
        yes: do it. Without it nothing is changed.
        rewrite: write the whole journal anew at the end, so that a file of an earlier version becomes smaller too;
            nobody can write meanwhile.
        journal: an open journal or its URL; by default the one that the settings name.
        settings: by default those of the working directory.
    Raises:
        UsageError: there is no such state or point in time, or there is no budget to come down to.
        RunNotFound: there is no such run.

    Example:
        >>> from victor_nb import gc, open_journal
        >>> with open_journal("memory:") as journal:
        ...     with journal.start("agent", "poet") as run:
        ...         run.finish("a verse")
        ...     looked, done = (gc(runs=["last"], journal=journal, yes=yes) for yes in (False, True))
        ...     looked.runs, done.runs, journal.runs()
        (1, 1, [])
    """
    from victor_nb.insight.frames import journal_of

    if settings is None:
        from victor_nb.config import Settings

        settings = Settings.load()
    opened = journal_of(settings.journal_url if journal is None else journal)
    asked = _Asked(older_than, keep, tuple(kinds), tuple(names), tuple(states), tuple(runs), to_budget)
    policy = _policy(asked, opened, settings)
    return _cleared(opened, policy, settings, yes=yes, rewrite=rewrite)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for, as it was said."""

    older_than: Moment | None
    keep: int | None
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    states: tuple[str, ...]
    runs: tuple[str, ...]
    to_budget: bool

    @property
    def says_when(self) -> bool:
        """Whether it says by itself which runs may go."""
        return self.older_than is not None or self.keep is not None or bool(self.runs) or self.to_budget


def _policy(asked: _Asked, journal: Journal, settings: Settings) -> Policy:
    from victor_nb.insight.moments import seconds_of

    for state in asked.states:
        if state not in STATES:
            raise UsageError(f"runs do not stand {state!r}.{nearest(state, STATES)}", "states", ", ".join(STATES))
    retention = settings.retention
    budget = retention.max_bytes if asked.to_budget else None
    if asked.to_budget and budget is None:
        raise UsageError(
            "the journal has no budget to come down to", "retention.max_bytes", "VICTOR_RETENTION__MAX_BYTES=1000000000"
        )
    older_than = asked.older_than if asked.says_when else retention.older_than
    return Policy(
        before=None if older_than is None else seconds_of(older_than, journal.clock()),
        keep=retention.keep if asked.keep is None else asked.keep,
        kinds=asked.kinds,
        names=asked.names,
        states=asked.states,
        runs=tuple(journal.find(run_id).run_id for run_id in asked.runs),
        max_bytes=budget,
    )


def _cleared(journal: Journal, policy: Policy, settings: Settings, *, yes: bool, rewrite: bool) -> Clearance:
    from victor_nb.journal.sizes import bytes_below
    from victor_nb.retention.collecting import collect
    from victor_nb.retention.notebooks import folders_of
    from victor_nb.retention.planning import planned
    from victor_nb.workflows.conversations import ends_of_threads

    plan = planned(journal, policy, dict.fromkeys(ends_of_threads(journal), LAST_OF_THREAD))
    store = journal.store
    run_ids = tuple(head.run_id for head in plan.heads)
    folders = folders_of(settings.root, run_ids)
    looked = Clearance(
        is_done=False,
        groups=plan.groups(run_ids),
        run_ids=run_ids,
        blobs=plan.blobs,
        blob_bytes=plan.blob_bytes,
        notebooks=len(folders),
        notebook_bytes=sum(map(bytes_below, folders)),
        stays=plan.stays,
        size_bytes=store.size_bytes(),
        free_bytes=store.disposal.free_bytes(),
        max_bytes=settings.retention.max_bytes,
    )
    return _done(looked, plan, collect(journal, plan, root=settings.root, rewrite=rewrite), store) if yes else looked


def _done(looked: Clearance, plan: Plan, freed: Freed, store: Store) -> Clearance:
    groups = plan.groups(freed.run_ids)
    return replace(
        looked,
        is_done=True,
        groups=groups,
        run_ids=freed.run_ids,
        blobs=freed.blobs,
        blob_bytes=freed.blob_bytes,
        left_bytes=max(0, freed.event_bytes - sum(group.bytes for group in groups)),
        notebooks=freed.notebooks,
        notebook_bytes=freed.notebook_bytes,
        size_bytes=store.size_bytes(),
        freed_bytes=freed.freed_bytes,
        free_bytes=store.disposal.free_bytes(),
        needs_rewrite=freed.needs_rewrite,
    )
