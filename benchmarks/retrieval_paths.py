"""The hot paths in both cores: CPU milliseconds, and how many times faster the compiled one is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import ModuleType

import numpy as np

from victor_nb.retrieval.core import K1, B, compiled, twin

ROWS, DIMENSION, TEXTS = 20_000, 384, 2_000
KEYS = [f"key {min(number * 7 % 1_300, number * 11 % 900)}" for number in range(20_000)]


def paths(stem: Path, rounds: int) -> dict[str, dict[str, float]]:
    """The best of the rounds for each path, over the first texts of a corpus."""
    texts: list[str] = [json.loads(line) for line in islice(stem.with_suffix(".jsonl").open(), TEXTS)]
    source = "\n".join(texts[:500])
    rows = np.random.default_rng(0).normal(size=(ROWS, DIMENSION)).astype(np.float32)
    loaded = {core: prepared(core, texts, rows) for core in (compiled, twin)}
    tasks: dict[str, Callable[[ModuleType], object]] = {
        "nearest vectors": lambda core: [loaded[core][0].search(row, 10) for row in rows[:20]],
        "similar rows": lambda core: core.top_k(rows[0], rows, 10),
        "lexical search": lambda core: [loaded[core][1].search(text[:80], 10) for text in texts[:100]],
        "terms": lambda core: [core.terms(text) for text in texts[:300]],
        "near-duplicates": lambda core: core.near_duplicates(texts[:400], 0.8),
        "chunks": lambda core: core.chunks(source, "py"),
        "symbols": lambda core: core.symbols(source, "py"),
        "hashing embedder": lambda core: core.hash_embed(texts[:300], DIMENSION),
        "classifier": lambda core: [loaded[core][2].probabilities(text) for text in texts[:300]],
        "cache": cached,
    }
    figures = {}
    for name, task in tasks.items():
        best = {core: min(cpu_seconds(task, core) for _ in range(max(rounds, 3))) for core in loaded}
        fast, slow = best[compiled], best[twin]
        figures[name] = {
            "compiled_ms": round(fast * 1e3, 3),
            "twin_ms": round(slow * 1e3, 3),
            "ratio": round(slow / fast, 1),
        }
    return figures


def prepared(core: ModuleType, texts: list[str], rows: np.ndarray) -> tuple:
    """Vectors, words and a classifier that know the texts."""
    dense, words, classifier = core.Dense.in_memory(DIMENSION), core.Lexical.in_memory(k1=K1, b=B), core.Classifier()
    dense.add(range(len(rows)), rows)
    words.add(range(len(texts)), [[(text, 1)] for text in texts])
    for number, text in enumerate(texts):
        classifier.learn(text, f"label {number % 4}")
    return dense, words, classifier


def cached(core: ModuleType) -> None:
    """Keys that come again after a while, as they do."""
    cache = core.Cache(1_000, 3_600.0)
    get, put = cache.get, cache.put
    for key in KEYS:
        if get(key) is None:
            put(key, key)


def cpu_seconds(task: Callable[[ModuleType], object], core: ModuleType) -> float:
    """The CPU seconds of one call."""
    start = time.process_time()
    task(core)
    return time.process_time() - start
