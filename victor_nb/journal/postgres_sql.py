"""The statements by which the PostgreSQL store writes; each is a transaction of its own.

1. `told`, in every statement that adds events, wakes whoever watches the run from elsewhere. Nobody else is told
   anything: a notification holds a lock of the whole server until its transaction is on the disk. Whoever watches
   holds a shared advisory lock of the run, and its one writer finds out by trying to get it alone.
2. Blobs that are there already are held while the statement lasts. Where one was cleared away before, no row is added.
3. `synchronous_commit` is set for the statement alone, in the same place: what must not be forgotten waits.
"""

from __future__ import annotations

from functools import cache
from typing import Final, LiteralString

CHANNEL: Final = "victor_nb"

CLOCK: Final = "extract(epoch FROM clock_timestamp())::float8"

RUN_COLUMNS: Final = "run_id, kind, name, status, created, updated, parent, through, owner, lease_until, request"

_TOLD: Final = """(
    SELECT set_config('synchronous_commit', %(sync)b, true),
        CASE WHEN NOT pg_try_advisory_xact_lock(%(lock)b::bigint) THEN pg_notify('victor_nb', %(lock)b::text) END
) AS told"""

_ROWS: Final = """unnest(%(seqs)b::bigint[], %(times)b::float8[], %(types)b::text[], %(step_ids)b::text[],
    %(parent_ids)b::text[], %(raws)b::bytea[])"""

_KEEP_BLOBS: Final = """kept AS (
    INSERT INTO blobs SELECT * FROM unnest(%(names)b::text[], %(packed)b::boolean[], %(contents)b::bytea[])
    ON CONFLICT (name) DO UPDATE SET packed = excluded.packed
)"""

_HELD: Final = "held AS (SELECT name FROM blobs WHERE name = ANY(%(known)b::text[]) FOR KEY SHARE)"
_ALL_HELD: Final = "(SELECT count(*) FROM held) = %(held)b"

_SET_STATUS: Final = "marked AS (UPDATE runs SET status = %(status)b, updated = %(updated)b WHERE id = %(run)b::bigint)"

_PARENTS: Final = "parents AS (SELECT id FROM runs WHERE run_id = %(parent)b FOR KEY SHARE)"
_HAS_PARENT: Final = "(SELECT count(*) FROM parents) = 1"

APPEND_ONE: Final = f"""INSERT INTO events
    SELECT %(run)b::bigint, %(seq)b::bigint, %(time)b::float8, %(type)b::text, %(step_id)b::text, %(parent_id)b::text,
        %(raw)b::bytea FROM {_TOLD}"""

SEND_AGAIN: Final = f"""INSERT INTO events SELECT %(run)b::bigint, item.* FROM {_TOLD}, {_ROWS} AS item"""

HOLDER: Final = (
    """SELECT (SELECT max(seq) FROM events WHERE run = %(run)b), (SELECT run_id FROM runs WHERE id = %(run)b)"""
)

RENEW: Final = f"""UPDATE runs SET updated = %(now)b, lease_until = %(until)b
    FROM unnest(%(runs)b::text[], %(owners)b::text[]) AS held (run_id, owner)
    WHERE runs.run_id = held.run_id AND runs.owner = held.owner RETURNING {CLOCK}"""

SWAP_OWNER: Final = """UPDATE runs SET owner = %(owner)b, lease_until = %(until)b, updated = %(now)b
    FROM (SELECT set_config('synchronous_commit', %(sync)b, true)) AS told
    WHERE run_id = %(run_id)b AND (owner = %(expected)b OR (owner = %(owner)b AND owner <> ''))"""

HEADS: Final = """SELECT id, run_id, kind, name, status, created, updated, owner, lease_until,
    coalesce((SELECT max(seq) FROM events WHERE run = runs.id), 0)
    FROM runs WHERE id > %b OR id = ANY(%b::bigint[]) ORDER BY id"""

_RESULT, _OTHER = "FILTER (WHERE type = 'step.finished')", "FILTER (WHERE type <> 'step.finished')"
SWEEP: Final = f"""SELECT run, array_agg(time ORDER BY seq) {_RESULT}, string_agg(raw, ',' ORDER BY seq) {_RESULT},
    array_agg(time ORDER BY seq) {_OTHER}, array_agg(type ORDER BY seq) {_OTHER}, array_agg(raw ORDER BY seq) {_OTHER}
    FROM events WHERE run BETWEEN %b AND %b AND seq > %b AND seq <= %b
    AND (type = 'step.finished' OR type = ANY(%b::text[])) GROUP BY run ORDER BY run"""

SIZE: Final = """SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
    WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %b)"""

SEND: Final = """INSERT INTO mail (letter, run_id, name, raw, time)
    SELECT %(letter)b::text, %(run_id)b::text, %(name)b::text, %(raw)b::bytea, %(time)b::float8
    FROM (SELECT set_config('synchronous_commit', %(sync)b, true)) AS told
    ON CONFLICT (letter) DO NOTHING"""


@cache
def append(has_blobs: bool, has_status: bool, has_known: bool) -> LiteralString:
    """Return the statement for several events of one run, with what comes along."""
    condition: LiteralString = f" WHERE {_ALL_HELD}" if has_known else ""
    mark: LiteralString = f"{_SET_STATUS[:-1]} AND {_ALL_HELD})" if has_known else _SET_STATUS
    wanted = ((_HELD, has_known), (_KEEP_BLOBS, has_blobs), (mark, has_status))
    beside = [part for part, is_wanted in wanted if is_wanted]
    first: LiteralString = f"WITH {', '.join(beside)} " if beside else ""
    return f"{first}{SEND_AGAIN}{condition}"


@cache
def create_run(has_blobs: bool, has_parent: bool, has_known: bool) -> LiteralString:
    """Return the statement for a run with its first events; a run that is there already is left as it is."""
    wanted = ((_HELD, has_known), (_PARENTS, has_parent))
    ahead = "".join([f"{part}, " for part, is_wanted in wanted if is_wanted])
    conditions = [part for part, is_wanted in ((_ALL_HELD, has_known), (_HAS_PARENT, has_parent)) if is_wanted]
    condition = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    beside: LiteralString = f", {_KEEP_BLOBS}" if has_blobs else ""
    return f"""WITH {ahead}made AS (
            INSERT INTO runs ({RUN_COLUMNS}, key)
            SELECT %(run_id)b::text, %(kind)b::text, %(name)b::text, %(status)b::text, %(created)b::float8,
                %(updated)b::float8, %(parent)b::text, %(through)b::bigint, %(owner)b::text, %(until)b::float8,
                %(request)b::bytea, %(key)b::text
            FROM (SELECT set_config('synchronous_commit', %(sync)b, true)) AS told{condition}
            ON CONFLICT (run_id) DO NOTHING RETURNING id
        ){beside}, added AS (INSERT INTO events SELECT made.id, item.* FROM made, {_ROWS} AS item)
        SELECT id FROM made"""
