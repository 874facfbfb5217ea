"""The tables of a journal in SQLite.

Events are clustered by (run, seq), so reading a run is one scan and a number that is taken is refused by the key.
Nearly all events of a long run are finished steps; the few others have an index, because resuming looks for them.
"""

from typing import Final

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x56_4E_42_4A  # "VNBJ", so that `file` and we can tell a journal from any other database

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, parent TEXT NOT NULL, through INTEGER NOT NULL,
    owner TEXT NOT NULL, lease_until REAL NOT NULL, request BLOB NOT NULL, key TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_by_key ON runs (key, run_id);
CREATE TABLE IF NOT EXISTS events (
    run INTEGER NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL, type TEXT NOT NULL,
    step_id TEXT NOT NULL, parent_id TEXT NOT NULL, raw BLOB NOT NULL, PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_but_results ON events (run, type) WHERE type != 'step.finished';
CREATE TABLE IF NOT EXISTS blobs (name TEXT PRIMARY KEY, packed INTEGER NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS mail (id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, name TEXT NOT NULL,
    raw BLOB NOT NULL, time REAL NOT NULL);
CREATE INDEX IF NOT EXISTS mail_by_run ON mail (run_id, id);
"""
