"""What a large journal costs: opening it, listing, measuring, resuming a run, looking what may go, and clearing it.

`python benchmarks/journal_size.py [--gigabytes 1] [--folder FOLDER]`. Each run has five steps with a result of 50 KB
that nothing compresses and that no other run has; every hundredth run is stopped and can be resumed. The journal is
written by bulk SQL, so only what is measured goes through the store. Each figure is of a fresh process: seconds of wall
time and the most memory that it had. Needs the journal's size twice on the disk.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from measuring import run

from victor_nb.journal import open_journal

STEPS, RESULT_BYTES = 5, 50_000
RUN_BYTES = STEPS * (RESULT_BYTES + 800)

PROGRAM = """
import json, os, resource, sys, time
from pathlib import Path
from victor_nb import gc, metrics, open_journal
from victor_nb.config import Settings
from victor_nb.journal import Status

what, path, root = sys.argv[1:]
began = time.perf_counter()
journal = open_journal(f"sqlite:///{path}")
settings = Settings(root=Path(root))
if what == "list":
    assert len(journal.runs(limit=20)) == 20
elif what == "find":
    journal.result(journal.runs(limit=1)[0].run_id)
elif what == "metrics":
    assert metrics("agent,hour", journal=journal)["runs"].sum()
elif what == "resume":
    with journal.resume(journal.runs(status=Status.STOPPED, limit=1)[0].run_id) as run:
        run.step_sync("write", lambda: 1, kind="tool")
elif what == "look":
    assert gc(keep=10, journal=journal, settings=settings).runs
elif what == "clear a tenth":
    count = len(journal.runs(limit=10**9))
    assert gc(keep=count * 9 // 10, journal=journal, settings=settings, yes=True).runs
elif what == "clear":
    assert gc(keep=10, journal=journal, settings=settings, yes=True).runs
journal.close()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": time.perf_counter() - began, "peak_mb": peak, "size_gb": os.path.getsize(path) / 1e9}))
"""


def build(path: Path, gigabytes: float) -> int:
    """Write the journal; return how many runs it has."""
    open_journal(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -64000")
    runs = max(200, int(gigabytes * 1e9 / RUN_BYTES))
    for first in range(1, runs + 1, 500):
        connection.execute("BEGIN")
        for number in range(first, min(first + 500, runs + 1)):
            add_run(connection, number)
        connection.execute("COMMIT")
    connection.close()
    return runs


def add_run(connection: sqlite3.Connection, number: int) -> None:
    """Add one run with its results."""
    began, status = 1.76e9 + 60 * number, "finished" if number % 100 else "stopped"
    values = (number, f"run{number:09}", "agent", "poet", status, began, began + 9, "", 0, "", 0.0, b"{}", f"{number}")
    connection.execute(f"INSERT INTO runs VALUES ({','.join('?' * len(values))})", values)
    body = b'{"kind":"agent","name":"poet","request":{}}'
    events = [(number, 1, began, "run.started", "", "", body)]
    for step in range(STEPS):
        name = os.urandom(16).hex()
        connection.execute("INSERT INTO blobs VALUES (?, 0, ?)", (name, os.urandom(RESULT_BYTES)))
        head = f'{{"kind":"tool","name":"tool {step}","ms":{step + 1},"inputs":{{"text":"{"x" * 600}"}},'
        body = f'{head}"result":{{"$bytes":{{"blob":"{name}"}}}}}}'.encode()
        events.append((number, step + 2, began + step, "step.finished", f"tool/{step}", "", body))
    end = ("run.finished", b'{"result":null,"seconds":9}') if number % 100 else ("run.stopped", b'{"seconds":9}')
    events.append((number, STEPS + 2, began + 9, end[0], "", "", end[1]))
    connection.executemany("INSERT INTO events VALUES (?,?,?,?,?,?,?)", events)


def main() -> None:
    """Build a journal and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gigabytes", type=float, default=1.0)
    options.add_argument("--folder", type=Path, help="where the journal is written; by default a temporary one")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        path = Path(folder) / "victor.db"
        began = time.perf_counter()
        runs = build(path, chosen.gigabytes)
        size = path.stat().st_size / 1e9
        print(f"{runs} runs, {size:.1f} GB, written in {time.perf_counter() - began:.0f} s\n")
        print(f"| {'what':<14} | seconds | peak MB | GB after |\n| {'-' * 14} | ------: | ------: | -------: |")
        for what in ("open", "list", "find", "metrics", "resume", "look", "clear a tenth", "clear"):
            figures = run(sys.executable, PROGRAM, what, str(path), folder)
            if figures is None:
                print(f"| {what:<14} | failed  |         |          |")
                continue
            told = (figures["seconds"], figures["peak_mb"], figures["size_gb"])
            print(f"| {what:<14} | {told[0]:7.2f} | {told[1]:7.0f} | {told[2]:8.2f} |", flush=True)


if __name__ == "__main__":
    main()
