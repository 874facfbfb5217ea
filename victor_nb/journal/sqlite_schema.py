"""The tables of a journal in SQLite.

Events are clustered by (run, seq), so reading a run is one scan and a number that is taken is refused by the key.
Nearly all events of a long run are finished steps; the few others have an index, because resuming looks for them.
`removals` has at most one row: how often runs were removed, and the greatest number that a removed one had, which is
not given again. Format 2 added it, `summaries` and `pins`; a file of format 1 gets them when it is opened for writing.
"""

from typing import Final

SCHEMA_VERSION: Final = 2
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
CREATE INDEX IF NOT EXISTS runs_with_parent ON runs (parent, run_id) WHERE parent != '';
CREATE TABLE IF NOT EXISTS removals (id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, newest INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS summaries (id INTEGER PRIMARY KEY AUTOINCREMENT, packed INTEGER NOT NULL,
    content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS pins (run_id TEXT PRIMARY KEY, time REAL NOT NULL);
"""
