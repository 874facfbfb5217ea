"""Ten processes, one journal, a thousand appends each: what fails, and how long the unluckiest one waits.

`python benchmarks/ten_writers.py [--rounds 3]`
"""

from __future__ import annotations

import argparse
import sys

from measuring import medians, report, run

PROGRAM = """
import json, subprocess, sys, time
from victor_nb.journal import open_journal
WRITER = '''
import json, time
from victor_nb.journal import open_journal
journal = open_journal("sqlite:///bench.db")
run, worst = journal.start("writer", ""), 0.0
for number in range(1000):
    began = time.perf_counter()
    run.record("note", {"number": number, "payload": "x" * 1000})
    worst = max(worst, time.perf_counter() - began)
print(json.dumps(worst))
run.finish()
'''
open_journal("sqlite:///bench.db").close()
began = time.perf_counter()
writers = [subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, text=True) for _ in range(10)]
outputs = [writer.communicate()[0] for writer in writers]
wall = time.perf_counter() - began
failed = sum(writer.returncode != 0 for writer in writers)
journal = open_journal("sqlite:///bench.db")
rows = sum(len(journal.events(info.run_id, types=["note"])) for info in journal.runs())
worst_ms = max(map(json.loads, outputs)) * 1e3
print(json.dumps({"failed": failed, "rows": rows, "worst_wait_ms": worst_ms, "seconds": wall}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    taken = [figures for _ in range(rounds) if (figures := run(sys.executable, PROGRAM))]
    report("ten_writers", {"rounds": rounds, "medians": medians(taken)})


if __name__ == "__main__":
    main()
