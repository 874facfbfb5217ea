"""Measures one engine of code search end to end, the module `engine` beside it.

`python code_case.py TREE QUERIES MODEL` walks, cuts and indexes a folder and asks the questions of a JSON file;
`python code_case.py --judged FILES QUERIES MODEL` asks only, and prints the files that each question found.

An engine has `build(folder, model)`, which gives back something with `search(query, k)`, the paths of the best chunks.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from timing import latencies, timed

JUDGED = 100


def main() -> None:
    *kind, folder, asked, model = sys.argv[1:]
    queries = json.loads(Path(asked).read_text())
    engine, import_s, _ = timed(lambda: import_module("engine"))
    index, build_s, build_cpu_s = timed(lambda: engine.build(folder, model))
    if kind:
        print(json.dumps([first_of_each(index.search(query, JUDGED)) for query in queries]))
        return
    megabytes = sum(file.stat().st_size for file in Path(folder).rglob("*.py")) / 1e6
    figures = {"import_ms": import_s * 1e3, "build_s": build_s, "build_cpu_s": build_cpu_s}
    figures["mb_per_cpu_s"] = megabytes / build_cpu_s
    print(json.dumps(figures | latencies(lambda query: index.search(query, 10), queries)))


def first_of_each(paths: list[str]) -> list[str]:
    """Each path once, at its best place."""
    return list(dict.fromkeys(Path(path).name for path in paths))


if __name__ == "__main__":
    main()
