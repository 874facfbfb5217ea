"""How long metrics take over a journal of a million events, at first and after a thousand more.

`python benchmarks/metrics.py [--rounds 3] [--journal URL]`. Ten thousand runs of a hundred events each: requests to
models, calls of tools, what a step begins and what it ends with, 250 bytes an event. A PostgreSQL journal is given by
the URL of an empty schema. Targets: less than 2 s, then less than 50 ms.
"""

from __future__ import annotations

import argparse
import sys

from measuring import medians, report, run

WRITE = """
import random
from msgspec.json import encode
from victor_nb.journal.events import RunInfo, Status
from victor_nb.journal.store import Row

random.seed(1)
TOOLS = ("search", "read", "sql", "plot")

def rows(began):
    yield Row(1, began, "run.started", "", "", encode({"kind": "agent", "name": "a", "request": {"prompt": "x" * 80}}))
    for number in range(49):
        kind, name = ("model", "gpt-5") if number % 2 == 0 else ("tool", random.choice(TOOLS))
        step, seq, time = f"{kind}/{number}", 2 * number + 2, began + number
        body = {"kind": kind, "name": name}
        inputs = {"inputs": {"q": "y" * 60}, "effect": "read"}
        yield Row(seq, time, "step.started", step, "", encode({**body, **inputs}))
        body |= {"result": {"parts": ["z" * 120]}, "ms": random.random() * 3000}
        if kind == "model":
            body |= {"usage": {"input_tokens": 500, "output_tokens": 30}, "cost_usd": 0.002}
        yield Row(seq + 1, time + 0.5, "step.finished", step, "", encode(body))
    yield Row(100, began + 50, "run.finished", "", "", encode({"result": "ok", "seconds": 50 * random.random()}))

def write(store, first, last):
    for number in range(first, last):
        began, status = 1.76e9 + 8 * number, Status.FINISHED
        info = RunInfo(f"run{number:08}", "agent", f"agent {number % 7}", status, began, began + 50)
        store.create_run(info, "key", list(rows(began)), {})
"""

PROGRAM = """
import json, os, resource, sys, time
from events_of_agents import write
from victor_nb import open_journal
from victor_nb.insight import Projection, measured

url = sys.argv[1]
if os.fork() == 0:
    write(open_journal(url).store, 0, 10_000)
    os._exit(0)
os.wait()
journal = open_journal(url)
import numpy

figures = {}
def timed(name, work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    figures[name + "_cpu_ms"] = (time.process_time() - cpu) * 1e3
    figures[name + "_ms"] = (time.perf_counter() - wall) * 1e3
    return result

projection = Projection(journal)
def asked():
    projection.refresh()
    return measured(projection)
whole = timed("cold", asked)
assert whole.values["events"][0] == 1_000_000
write(journal.store, 10_000, 10_010)
whole = timed("after_1000_more", asked)
assert whole.values["events"][0] == 1_001_000 and whole.values["tool_calls"][0] == 24 * 10_010
for word in ("agent", "tool", "hour", "run"):
    timed(f"by_{word}", lambda: measured(projection, [word]))
figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(figures))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--journal", default="sqlite:///bench.db")
    given = parser.parse_args()
    beside = {"events_of_agents.py": WRITE}
    taken = [run(sys.executable, PROGRAM, given.journal, beside=beside) for _ in range(given.rounds)]
    figures = [one for one in taken if one]
    report("metrics", {"rounds": len(figures), "journal": given.journal.partition(":")[0], "medians": medians(figures)})


if __name__ == "__main__":
    main()
