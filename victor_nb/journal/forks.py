"""What a forked child must not take over from its parent: locks that nobody will release, connections, leases.

A child that only computes never notices. One that uses an inherited journal gets connections of its own, as SQLite
demands, and holds none of the parent's leases.
"""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet


class Inherited(Protocol):
    """Something that a forked child must make anew before it uses it."""

    def after_fork(self) -> None:
        """Called in the child, where no other thread exists."""


_INHERITED: Final[WeakSet[Inherited]] = WeakSet()


def renew_in_children(one: Inherited) -> None:
    """Have `one.after_fork()` called in every child that this process forks while `one` lives."""
    _INHERITED.add(one)


def _renew_all() -> None:
    for one in list(_INHERITED):
        one.after_fork()


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_renew_all)
