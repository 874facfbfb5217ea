"""The search core against peers in one run: lexical and dense search, the hot paths against their twins, and quality.

`python benchmarks/retrieval.py [lexical|dense|paths|quality …] [--chunks 100000] [--rounds 3] [--collections FOLDER]`

The corpus is cut from the Python files of this interpreter's library and packages; queries are sentences of docstrings
(60 %) and names (40 %). Every latency is CPU time of one thread, the best of three passes for each query, so that other
work on the machine counts little; p50 and p99 are over the queries. Vectors are 384 dimensions of latent semantic
analysis. Quality is nDCG@10 over folders with `docs.jsonl`, `queries.jsonl` and `qrels.tsv`, and over the collection
that `pydoc_collection.py` makes.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pydoc_collection
from measuring import CACHE, ROOT, medians, peer, report, run

COMMON = """
import json, sys, time
clock = time.process_time
def latencies(search, queries):
    for query in queries[:50]:
        search(query)
    best = [1e9] * len(queries)
    for _ in range(3):
        for at, query in enumerate(queries):
            start = clock()
            search(query)
            best[at] = min(best[at], clock() - start)
    best.sort()
    return {"p50_us": best[len(best) // 2] * 1e6, "p99_us": best[int(len(best) * 0.99)] * 1e6}
"""
TEXTS = """
texts = [json.loads(line) for line in open(sys.argv[1] + ".jsonl")]
queries = json.load(open(sys.argv[1] + ".queries.json"))
"""
OURS_LEXICAL = """
from pathlib import Path
from victor_nb.retrieval.core import B, K1, core
index = core().Lexical.create(Path("index"), k1=K1, b=B)
start = clock()
for at in range(0, len(texts), 1000):
    part = texts[at : at + 1000]
    index.add(range(at, at + len(part)), [[(text, 1)] for text in part])
index.flush(0)
figures = {"chunks_per_s": len(texts) / (clock() - start), "index_mb": index.stats().bytes / 1e6}
figures |= latencies(lambda query: index.search(query, 10), queries)
start = clock()
index.add([len(texts)], [[("def added(path): return read(path)", 1)]])
figures["add_us"] = (clock() - start) * 1e6
start = clock()
index.delete([7])
figures["delete_us"] = (clock() - start) * 1e6
print(json.dumps(figures))
"""
BM25S = """
import bm25s, os, Stemmer
stemmer = Stemmer.Stemmer("english")
tokens = lambda text: bm25s.tokenize(text, stopwords="en", stemmer=stemmer, show_progress=False)
start = clock()
index = bm25s.BM25(backend="numba")
index.index(tokens(texts), show_progress=False)
figures = {"chunks_per_s": len(texts) / (clock() - start)}
index.save("index")
figures["index_mb"] = sum(entry.stat().st_size for entry in os.scandir("index")) / 1e6
search = lambda query: index.retrieve(tokens(query), k=10, show_progress=False, n_threads=1)
print(json.dumps(figures | latencies(search, queries)))
"""
TANTIVY = """
import os, re, tantivy
os.makedirs("index")
builder = tantivy.SchemaBuilder()
builder.add_text_field("text", tokenizer_name="en_stem")
builder.add_integer_field("number", fast=True)
index = tantivy.Index(builder.build(), path="index")
writer = index.writer(256 << 20, num_threads=1)
start = clock()
for number, text in enumerate(texts):
    writer.add_document(tantivy.Document(text=text, number=number))
writer.commit()
writer.wait_merging_threads()
figures = {"chunks_per_s": len(texts) / (clock() - start)}
figures["index_mb"] = sum(entry.stat().st_size for entry in os.scandir("index")) / 1e6
index.reload()
searcher = index.searcher()
def search(query):
    plain = " ".join(word.lower() for word in re.findall(r"\\w+", query))
    return searcher.search(index.parse_query(plain, ["text"]), 10).hits
print(json.dumps(figures | latencies(search, queries)))
"""
VECTORS = """
import numpy as np
base, queries = np.load(sys.argv[1] + ".base.npy"), np.load(sys.argv[1] + ".query.npy")
truth = [set(np.argsort(-(base @ query), kind="stable")[:10].tolist()) for query in queries]
def measured(search):
    found = sum(len(true & set(search(query))) for true, query in zip(truth, queries))
    return {"recall": found / len(queries) / 10, **latencies(search, list(queries))}
"""
OURS_DENSE = """
from victor_nb.retrieval.core import core
index = core().Dense.in_memory(base.shape[1])
start = clock()
index.add(range(len(base)), base)
index.flush(0)
figures = {"build_s": clock() - start}
print(json.dumps(figures | measured(lambda query: [key for key, _ in index.search(query, 10)])))
"""
FAISS = """
import faiss
faiss.omp_set_num_threads(1)
start = clock()
index = faiss.index_factory(base.shape[1], f"PQ{base.shape[1] // 4}x4fs,RFlat", faiss.METRIC_INNER_PRODUCT)
index.train(base[:50_000])
index.add(base)
index.k_factor = 32
figures = {"build_s": clock() - start}
print(json.dumps(figures | measured(lambda query: index.search(query[None], 10)[1][0].tolist())))
"""
NUMPY = """
def search(query):
    scores = base @ query
    best = np.argpartition(-scores, 10)[:10]
    return best[np.argsort(-scores[best])].tolist()
print(json.dumps({"build_s": 0.0} | measured(search)))
"""


def corpus(count: int) -> Path:
    """Return the path (without endings) of the corpus, made at the first call."""
    stem = CACHE / f"retrieval-{count}"
    if stem.with_suffix(".jsonl").exists():
        return stem
    from victor_nb.retrieval.core import core

    files = sorted(
        {*Path(sysconfig.get_path("stdlib")).rglob("*.py"), *Path(sysconfig.get_path("purelib")).rglob("*.py")}
    )
    random.Random(3).shuffle(files)
    texts: list[str] = []
    sentences, names = set(), set()
    for file in files:
        try:
            source = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        lines = source.split("\n")
        for first, last, defined in core().chunks(source, "py"):
            texts.append("\n".join(lines[first - 1 : last]))
            names.update(name.rpartition(".")[2] for name in defined)
            if match := re.search(r'"""([A-Z][^\n.]{25,110})[.\n]', texts[-1]):
                sentences.add(match[1])
        if len(texts) >= count:
            break
    choose = random.Random(5)
    queries = choose.sample(sorted(sentences), 600) + choose.sample(
        [name for name in sorted(names) if len(name) > 4], 400
    )
    choose.shuffle(queries)
    CACHE.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".queries.json").write_text(json.dumps(queries))
    stem.with_suffix(".jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts[:count]))
    return stem


def vectors(stem: Path) -> None:
    """Write the vectors of the corpus and of its queries beside it, once."""
    if stem.with_suffix(".base.npy").exists():
        return
    import numpy as np
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [json.loads(line) for line in stem.with_suffix(".jsonl").open()]
    queries = json.loads(stem.with_suffix(".queries.json").read_text())
    words = TfidfVectorizer(max_features=30_000, sublinear_tf=True, min_df=3, token_pattern=r"[A-Za-z]{2,}")
    table = words.fit_transform(texts)
    space = TruncatedSVD(384, n_iter=2, random_state=0).fit(table[::8])
    for name, rows in (("base", space.transform(table)), ("query", space.transform(words.transform(queries)))):
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        known = rows if name == "base" else rows[lengths[:, 0] > 0.3][:400]
        kept = known / np.maximum(np.linalg.norm(known, axis=1, keepdims=True), 1e-9)
        np.save(stem.with_suffix(f".{name}.npy"), kept.astype(np.float32))


def in_turn(contestants: dict[str, tuple[str | None, str]], stem: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Run the contestants in turn and return the medians of their figures; those that cannot run are left out."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, (python, program) in contestants.items():
            if python and (figures := run(python, program, str(stem))):
                taken[name].append(figures)
    return {name: medians(figures) for name, figures in taken.items() if figures}


def lexical(stem: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Build, size and latency of lexical search against bm25s and tantivy."""
    contestants = {
        "victor_nb": (sys.executable, COMMON + TEXTS + OURS_LEXICAL),
        "bm25s, numba": (peer("bm25s", "bm25s", "numba", "PyStemmer"), COMMON + TEXTS + BM25S),
        "tantivy": (peer("tantivy", "tantivy"), COMMON + TEXTS + TANTIVY),
    }
    return in_turn(contestants, stem, rounds)


def dense(stem: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Build, recall and latency of dense search against faiss (product quantization with refinement) and NumPy."""
    vectors(stem)
    contestants = {
        "victor_nb": (sys.executable, COMMON + VECTORS + OURS_DENSE),
        "faiss, PQ fast scan": (peer("faiss", "faiss-cpu", "numpy"), COMMON + VECTORS + FAISS),
        "numpy": (sys.executable, COMMON + VECTORS + NUMPY),
    }
    return in_turn(contestants, stem, rounds)


def paths(stem: Path, rounds: int) -> dict[str, dict[str, float]]:
    """CPU milliseconds of every hot path in both cores, and how many times faster the compiled one is."""
    import numpy as np

    from victor_nb.retrieval import compiled, twin
    from victor_nb.retrieval.core import K1, B

    texts = [json.loads(line) for line, _ in zip(stem.with_suffix(".jsonl").open(), range(2_000), strict=False)]
    source = "\n".join(texts[:500])
    rows = np.random.default_rng(0).normal(size=(20_000, 384)).astype(np.float32)
    loaded = {}
    for core in (compiled, twin):
        loaded[core] = (core.Dense.in_memory(384), core.Lexical.in_memory(k1=K1, b=B), core.Classifier())
        loaded[core][0].add(range(len(rows)), rows)
        loaded[core][1].add(range(len(texts)), [[(text, 1)] for text in texts])
        for number, text in enumerate(texts):
            loaded[core][2].learn(text, f"label {number % 4}")

    keys = [f"key {min(number * 7 % 1_300, number * 11 % 900)}" for number in range(20_000)]

    def cached(core: object) -> None:
        cache = core.Cache(1_000, 3_600.0)
        get, put = cache.get, cache.put
        for key in keys:
            if get(key) is None:
                put(key, key)

    tasks: dict[str, Callable] = {
        "nearest vectors": lambda core: [loaded[core][0].search(row, 10) for row in rows[:20]],
        "similar rows": lambda core: core.top_k(rows[0], rows, 10),
        "lexical search": lambda core: [loaded[core][1].search(text[:80], 10) for text in texts[:100]],
        "terms": lambda core: [core.terms(text) for text in texts[:300]],
        "near-duplicates": lambda core: core.near_duplicates(texts[:400], 0.8),
        "chunks": lambda core: core.chunks(source, "py"),
        "symbols": lambda core: core.symbols(source, "py"),
        "hashing embedder": lambda core: core.hash_embed(texts[:300], 384),
        "classifier": lambda core: [loaded[core][2].probabilities(text) for text in texts[:300]],
        "cache": cached,
    }
    figures = {}
    for name, task in tasks.items():
        best = {core: min(timed(task, core) for _ in range(max(rounds, 3))) for core in loaded}
        fast, slow = best[compiled], best[twin]
        figures[name] = {
            "compiled_ms": round(fast * 1e3, 3),
            "twin_ms": round(slow * 1e3, 3),
            "ratio": round(slow / fast, 1),
        }
    return figures


def timed(task: Callable, core: object) -> float:
    """Return the CPU seconds of one call."""
    start = time.process_time()
    task(core)
    return time.process_time() - start


def quality(folders: list[Path]) -> dict[str, dict[str, float]]:
    """nDCG@10 of lexical search and of the embedders that need nothing, alone and fused by their own weight."""
    from victor_nb.retrieval.core import K1, B, core
    from victor_nb.retrieval.embedders.embedder import HashingEmbedder
    from victor_nb.retrieval.embedders.static import StaticEmbedder

    embedders = {"static": StaticEmbedder(), "hashing": HashingEmbedder(384)}
    figures = {}
    for folder in folders:
        documents = [json.loads(line) for line in (folder / "docs.jsonl").open()]
        grades: dict[str, dict[str, int]] = {}
        for line in (folder / "qrels.tsv").open():
            query, document, grade = line.split("\t")
            grades.setdefault(query, {})[document] = int(grade)
        queries = [one for one in map(json.loads, (folder / "queries.jsonl").open()) if one["id"] in grades]
        index = core().Lexical.in_memory(k1=K1, b=B)
        index.add(range(len(documents)), [[(one["title"], 3), (one["text"], 1)] for one in documents])
        rankings = {"lexical": [index.search(one["text"], 100) for one in queries]}
        for name, embedder in embedders.items():
            nearest = core().Dense.in_memory(embedder.dimension)
            nearest.add(range(len(documents)), embedder.embed([f"{one['title']} {one['text']}" for one in documents]))
            meant = nearest.search_many(embedder.embed([one["text"] for one in queries]), 100)
            both = list(zip(rankings["lexical"], meant, strict=True))
            rankings[name] = meant
            rankings[f"convex, {name}"] = [core().fuse_convex(*one, embedder.alpha, 10) for one in both]
            rankings[f"rrf, {name}"] = [core().fuse_ranks(one, 60.0, 10) for one in both]
        figures[folder.name] = {
            name: round(
                sum(
                    ndcg([documents[key]["id"] for key, _ in found], grades[query["id"]])
                    for found, query in zip(ranking, queries, strict=True)
                )
                / len(queries),
                4,
            )
            for name, ranking in rankings.items()
        }
    return figures


def ndcg(found: list[str], grades: dict[str, int], k: int = 10) -> float:
    """Normalized discounted cumulative gain of the first `k`."""
    gained = sum(grades.get(one, 0) / math.log2(place + 2) for place, one in enumerate(found[:k]))
    ideal = sum(grade / math.log2(place + 2) for place, grade in enumerate(sorted(grades.values(), reverse=True)[:k]))
    return gained / ideal if ideal else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["lexical", "dense", "paths", "quality"])
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--collections", type=Path, default=ROOT / "benchmarks" / "collections")
    chosen = parser.parse_args()
    measure = {"lexical": lexical, "dense": dense, "paths": paths}
    for part in chosen.parts:
        if part == "quality":
            made = CACHE / "collections" / "pydoc"
            pydoc_collection.make(made)
            folders = [*sorted(path.parent for path in chosen.collections.glob("*/qrels.tsv")), made]
            report("retrieval_quality", quality(folders))
        else:
            report(f"retrieval_{part}", measure[part](corpus(chosen.chunks), chosen.rounds))


if __name__ == "__main__":
    main()
