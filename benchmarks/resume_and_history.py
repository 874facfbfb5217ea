"""How long a killed run keeps one waiting, and how long its history: 9,000 of 10,000 steps of 1 KB are done.

`python benchmarks/resume_and_history.py [--rounds 5]`. The first new step is timed from `resume` on, through every step
that answers from the journal.
"""

from __future__ import annotations

import argparse
import sys

from measuring import medians, report, run

PROGRAM = """
import json, os, sys, time
from victor_nb.journal import open_journal
if os.fork() == 0:
    run = open_journal("sqlite:///bench.db").start("chain", "bench")
    for number in range(9000):
        run.step_sync("node", lambda: "x" * 1000)
    os.kill(os.getpid(), 9)
os.wait()
figures = {}
def timed(name, work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    figures[name + "_cpu_ms"] = (time.process_time() - cpu) * 1e3
    figures[name + "_ms"] = (time.perf_counter() - wall) * 1e3
    return result
journal = open_journal("sqlite:///bench.db")
run_id = journal.find("last").run_id
def first_new_step():
    run = journal.resume(run_id)
    for number in range(9000):
        run.step_sync("node", None)
    run.step_sync("node", lambda: "new")
    return run
run = timed("first_new_step", first_new_step)
for number in range(998):
    run.step_sync("node", lambda: "x" * 1000)
assert len(timed("outline_10k", lambda: journal.outline(run_id))) >= 10_000
timed("events_10k", lambda: journal.events(run_id))
timed("last_50", lambda: journal.events(run_id, last=50))
run.finish()
print(json.dumps(figures))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    taken = [figures for _ in range(rounds) if (figures := run(sys.executable, PROGRAM))]
    report("resume_and_history", {"rounds": rounds, "medians": medians(taken)})


if __name__ == "__main__":
    main()
