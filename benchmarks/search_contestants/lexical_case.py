"""Measures one engine of words, the module `engine` beside it; it runs where the engine is installed.

`python lexical_case.py STEM` reads `STEM.jsonl` and `STEM.queries.json` and prints one JSON object; with `--open` it
opens what another process built and prints how long that and the first answer took.

An engine has `build(texts)`, which makes the index in the folder `index`, and `opened()`; both give back something with
`search(query, k)` and, if it can do them, `add(number, text)` and `delete(number)`. Numbers are places.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from timing import latencies, timed

FOLDER = Path("index")
CHANGES = 20
ADDED = "def added{number}(path): return read_the_whole_zygomorphic_thing(path)"


def main() -> None:
    stem = sys.argv[1]
    queries = json.loads(Path(f"{stem}.queries.json").read_text())
    print(json.dumps(opening(queries[0]) if "--open" in sys.argv else whole(stem, queries)))


def whole(stem: str, queries: list[str]) -> dict[str, float]:
    """Everything: what one process does, and what another one does with the files."""
    texts = [json.loads(line) for line in Path(f"{stem}.jsonl").read_text(encoding="utf-8").splitlines()]
    figures = used(import_module("engine"), texts, queries)  # and let go of it: one process has it open at a time
    evict()
    fresh = subprocess.run([sys.executable, *sys.argv, "--open"], capture_output=True, text=True, check=True)
    return figures | json.loads(fresh.stdout)


def used(engine: ModuleType, texts: list[str], queries: list[str]) -> dict[str, float]:
    """Build, search, change."""
    index, build_s, build_cpu_s = timed(lambda: engine.build(texts))
    figures = {"build_s": build_s, "build_cpu_s": build_cpu_s, "chunks_per_cpu_s": len(texts) / build_cpu_s}
    figures["index_mb"] = sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) / 1e6
    figures |= latencies(lambda query: index.search(query, 10), queries)
    if hasattr(index, "add"):
        figures |= changing(index, len(texts))
    return figures


def opening(query: str) -> dict[str, float]:
    """Import, open and answer once, in a process that has done nothing else and with the files out of memory."""
    engine, import_s, _ = timed(lambda: import_module("engine"))
    index, open_s, _ = timed(engine.opened)
    _, first_s, _ = timed(lambda: index.search(query, 10))
    return {"import_ms": import_s * 1e3, "open_ms": open_s * 1e3, "first_query_ms": first_s * 1e3}


def changing(index: object, count: int) -> dict[str, float]:
    """The middle of some single additions and deletions, each seen by the next search."""
    added, deleted = [], []
    for number in range(count, count + CHANGES):
        text = ADDED.format(number=number)
        added.append(timed(lambda number=number, text=text: index.add(number, text))[1])
        assert number in index.search(f"added{number} zygomorphic", 100), "what was added is not found"
    for number in range(count, count + CHANGES):
        deleted.append(timed(lambda number=number: index.delete(number))[1])
        assert number not in index.search(f"added{number} zygomorphic", 100), "what was deleted is found"
    return {"add_us": statistics.median(added) * 1e6, "delete_us": statistics.median(deleted) * 1e6}


def evict() -> None:
    """Take the index out of the memory of the system, as far as it lets us."""
    for file in FOLDER.rglob("*"):
        if file.is_file() and hasattr(os, "posix_fadvise"):
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    main()
