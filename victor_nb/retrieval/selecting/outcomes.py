"""Where outcomes are kept that a learner learns from: items of the journal's database, one a run.

1. They belong to the journal and not to a process: whoever opens it next learns from all of them.
2. Secrets are taken out of requests on the way in, as out of everything else that a journal keeps.
3. The latest 2,000 count; older ones are taken away when one is added.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import uuid4

import msgspec

from victor_nb.errors import UsageError
from victor_nb.journal import Journal
from victor_nb.journal.items import FOREVER, LABEL_END, ROOM, ItemRow, Removal
from victor_nb.retrieval.selecting.learning import Outcome

PLACE: Final = f"{ROOM}outcomes of tools{LABEL_END}"
MOST: Final = 2_000
REMOVED_AT_ONCE: Final = 50

_written = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Outcome).decode


def exported(outcomes: Iterable[Outcome]) -> bytes:
    """Write outcomes as text: one a line, JSON, the oldest first."""
    return b"".join(_written(outcome) + b"\n" for outcome in outcomes)


def imported(text: bytes, where: str) -> list[Outcome]:
    """Read what `exported` wrote.

    Raises: UsageError naming the line that is no outcome.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found.append(_read(line))
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise UsageError(
                f"line {number} is no outcome: {problem}", where, "give a file that victor tools learner export wrote"
            ) from problem
    return found


class ToolOutcomes:
    """The outcomes of a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._items = journal, journal.store.items

    def all(self) -> list[Outcome]:
        """Return them, the oldest first."""
        return [_read(row.raw) for row in reversed(self._rows())]

    def add(self, outcome: Outcome) -> None:
        """Keep one; another one of the same run takes its place."""
        self.restore([outcome])

    def restore(self, outcomes: Iterable[Outcome]) -> None:
        """Keep several, the oldest first: what `all` returned, here or elsewhere."""
        now = self._journal.clock()
        over = self._items.below(PLACE, now, limit=REMOVED_AT_ONCE, offset=MOST - 1)
        too_old = [Removal(row.place, row.name) for row in over]
        self._items.write([*too_old, *(self._row(one, now) for one in outcomes)], now)

    def reset(self) -> int:
        """Forget all; return how many there were."""
        rows = self._rows(limit=None)
        self._items.write([Removal(row.place, row.name) for row in rows], self._journal.clock())
        return len(rows)

    def _rows(self, limit: int | None = MOST) -> list[ItemRow]:
        return self._items.below(PLACE, self._journal.clock(), limit=limit, offset=0)

    def _row(self, outcome: Outcome, now: float) -> ItemRow:
        request = self._journal.redactor.clean_text(outcome.request)
        raw = _written(Outcome(outcome.run_id, request, outcome.offered, outcome.used, outcome.failed))
        return ItemRow(PLACE, outcome.run_id, raw, b"", "", b"", "", uuid4().hex, now, now, FOREVER, FOREVER)
