"""Texts of 128 pieces through MiniLM: `python embed_case.py FOLDER` prints how long loading, texts and a query take.

CPU time beside wall time, the best of the passes; `docs_s` is of CPU time, so that other work does not show in it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import engine

TEXTS, PIECES, PASSES = 64, 128, 5
QUERY = "how do i read a file line by line"


def timed(task: Callable[[], object], passes: int) -> tuple[float, float]:
    """The least CPU and wall seconds of a task."""
    taken = []
    for _ in range(passes):
        start = time.process_time(), time.perf_counter()
        task()
        taken.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    return min(cpu for cpu, _ in taken), min(wall for _, wall in taken)


folder = Path(sys.argv[1])
# Whole words of the vocabulary: each is one piece, and two more frame a text.
known = [word for word in (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[2_000:8_000] if word.isalpha()]
draw = Random(0)
texts = [" ".join(draw.choices(known, k=PIECES - 2)) for _ in range(TEXTS)]
models: list[Callable[[list[str]], object]] = []
load = timed(lambda: models.append(engine.load(folder)), 1)
embed = models[0]
embed(texts[:4])
whole, query = timed(lambda: embed(texts), PASSES), timed(lambda: embed([QUERY]), 4 * PASSES)
print(
    json.dumps(
        {
            "load_cpu_ms": load[0] * 1e3,
            "load_ms": load[1] * 1e3,
            "docs_s": TEXTS / whole[0],
            "docs_s_wall": TEXTS / whole[1],
            "query_cpu_ms": query[0] * 1e3,
            "query_ms": query[1] * 1e3,
        }
    )
)
