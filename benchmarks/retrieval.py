"""The search core and `Index` against their peers in one run: words, vectors, code, quality, and the hot paths.

`python benchmarks/retrieval.py [lexical|dense|code|quality|paths|floor|minilm …] [--sizes 10000 100000 300000]
[--rounds 3] [--million] [--collections FOLDER]`

Contestants are the programs of `search_contestants/`, each a fresh process in an environment of its own, one after the
other; figures are medians of the rounds, and `ratio` is theirs over ours (of building and of searching, wall time). Of
those that take minutes only the first round is taken. Every latency is the best of three passes for each query; p50
and p99 are over the queries. What a size or a peer needs is fetched or made before anything is measured. `minilm` is
measured only when it is named, because its peer torch is an install of 5 GB.

semble is given our table of static vectors, because its own model lies on a hub; so the tables are the same, and the
rest of both is compared.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import retrieval_corpus
from measuring import CACHE, ROOT, medians, peer, report, run
from retrieval_corpus import collections, corpus, tree, vectors

PROGRAMS = Path(__file__).parent / "search_contestants"
TABLE = ROOT / "victor_nb" / "retrieval" / "data" / "minilm.table"
OURS = "victor_nb"
PARTS = ("lexical", "dense", "code", "quality", "paths", "floor")
CODE_QUERIES = 200
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "RAYON", "NUMBA")
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in LIBRARIES} | {"LANCE_CPU_THREADS": "1"}
Figures = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Contestant:
    """An engine: its program, the packages that it needs, and whether one round of it is enough.

    Attributes:
        needs: the name of its environment and what is installed there; empty for ours.
        words: given to the program.
    """

    name: str
    program: str
    needs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    slow: bool = False
    most: int = 10_000_000

    def takes_part(self, size: int, number: int) -> bool:
        """Whether it is measured at a size in a round."""
        return size <= self.most and (not self.slow or number == 0)

    def measure(self, case: str, *arguments: str) -> dict[str, float] | None:
        """Run one case in a new process; None if it fails or cannot be installed."""
        python = python_of(self.needs)
        if python is None:
            return None
        beside = {"timing.py": text("timing"), "engine.py": text(self.program)}
        return run(python, text(case), *arguments, *self.words, beside=beside, variables=ONE_THREAD)


LEXICAL = (
    Contestant(OURS, "lexical_victor"),
    Contestant("tantivy", "lexical_tantivy", ("tantivy", "tantivy")),
    Contestant("bm25s, numba", "lexical_bm25s", ("bm25s", "bm25s", "numba", "PyStemmer")),
    Contestant("SQLite FTS5", "lexical_fts5", slow=True),
    Contestant("rank_bm25", "lexical_rank_bm25", ("rank_bm25", "rank_bm25"), slow=True, most=100_000),
    Contestant("LanceDB", "lexical_lancedb", ("lancedb", "lancedb", "pyarrow"), slow=True),
)
SLOW_AT_MOST = 100_000
"""Vectors. With more, graphs take minutes to build; LanceDB was ended after twelve minutes at a million."""
DENSE = (
    Contestant(OURS, "dense_victor"),
    Contestant("faiss, PQ fast scan", "dense_faiss", ("faiss", "faiss-cpu", "numpy"), ("pq",)),
    Contestant("numpy", "dense_numpy"),
    Contestant("faiss, flat", "dense_faiss", ("faiss", "faiss-cpu", "numpy"), ("flat",), slow=True),
    Contestant("faiss, HNSW", "dense_faiss", ("faiss", "faiss-cpu", "numpy"), ("hnsw",), True, SLOW_AT_MOST),
    Contestant("hnswlib", "dense_hnswlib", ("hnswlib", "hnswlib", "numpy"), (), True, SLOW_AT_MOST),
    Contestant("usearch", "dense_usearch", ("usearch", "usearch", "numpy"), (), True, SLOW_AT_MOST),
    Contestant("sqlite-vec", "dense_sqlite_vec", ("sqlite-vec", "sqlite-vec", "apsw", "numpy"), slow=True),
    Contestant("LanceDB", "dense_lancedb", ("lancedb", "lancedb", "pyarrow"), (), True, SLOW_AT_MOST),
)
MINILM = (
    Contestant(OURS, "embed_victor"),
    Contestant("torch, bfloat16", "embed_torch", ("torch", "torch", "transformers", "safetensors")),
    Contestant("victor_nb, NumPy", "embed_victor", words=("twin",)),
)
CODE = (Contestant(OURS, "code_victor"), Contestant("semble", "code_semble", ("semble", "semble")))


@cache
def python_of(needs: tuple[str, ...]) -> str | None:
    """The interpreter that has these packages."""
    return peer(*needs) if needs else sys.executable


@cache
def text(program: str) -> str:
    return (PROGRAMS / f"{program}.py").read_text(encoding="utf-8")


def in_turn(field: Sequence[Contestant], case: str, size: int, rounds: int, *arguments: str) -> Figures:
    """The medians of everybody's figures, with what theirs are over ours."""
    taken: dict[str, list[dict[str, float]]] = {one.name: [] for one in field}
    for number in range(rounds):
        for one in field:
            if one.takes_part(size, number) and (figures := one.measure(case, *arguments)):
                taken[one.name].append(figures)
                print(case, size, one.name, shown(figures), file=sys.stderr)
    return with_ratios({name: medians(figures) for name, figures in taken.items() if figures})


def with_ratios(figures: Figures) -> Figures:
    """The same, with what each one's time of building and of searching is over ours."""
    base = figures.get(OURS, {})
    for name, one in figures.items():
        for key in ("build_s", "p50_us", "p99_us"):
            if name != OURS and base.get(key):
                one[f"{key.rpartition('_')[0]}_ratio"] = round(one[key] / base[key], 2)
    return figures


def shown(figures: dict[str, float]) -> dict[str, float]:
    """The figures that say most, while one waits."""
    return {key: round(figures[key], 2) for key in ("build_s", "p50_us", "p99_us", "recall") if key in figures}


def lexical(sizes: Sequence[int], rounds: int) -> dict[str, Figures]:
    """Building, size, latency, opening and changing of the search for words."""
    return {str(size): in_turn(LEXICAL, "lexical_case", size, rounds, str(corpus(size))) for size in sizes}


def dense(sizes: Sequence[int], rounds: int, *, million: bool) -> dict[str, Figures]:
    """Building, recall and latency of the search for vectors."""
    found = {
        str(size): in_turn(DENSE, "dense_case", size, rounds, str(vectors(size))) for size in sizes if size <= 100_000
    }
    if million:
        stem = str(retrieval_corpus.million())
        found["1000000 of 256"] = in_turn(DENSE, "dense_case", 1_000_000, 1, stem)
    return found


def code(rounds: int) -> Figures:
    """Walking, cutting and indexing a tree of code, and asking it."""
    folder = tree()
    asked = CACHE / "search-tree.queries.json"
    asked.write_text(json.dumps(json.loads(corpus(10_000).with_suffix(".queries.json").read_text())[:CODE_QUERIES]))
    return in_turn(CODE, "code_case", 0, rounds, str(folder), str(asked), model())


def model() -> str:
    """The folder of our table in the form that semble reads; empty if it cannot be made."""
    folder = CACHE / "search-semble-model"
    python = python_of(CODE[1].needs)
    if not folder.exists() and (python is None or run(python, text("semble_model"), str(TABLE), str(folder)) is None):
        return ""
    return str(folder)


def quality(given: Path) -> dict[str, Figures]:
    """nDCG@10 and recall@100 of ours and theirs over every collection."""
    from retrieval_quality import Collection, ours, theirs

    found: dict[str, Figures] = {}
    for folder in collections(given):
        collection = Collection(folder)
        found[folder.name] = ours(collection) | theirs(collection, lexical_rankings)
        if collection.is_code:
            found[folder.name] |= {f"{name}, code": collection.judged(one) for name, one in by_files(collection)}
        print(folder.name, json.dumps(found[folder.name]), file=sys.stderr)
    return found


def lexical_rankings(stem: Path) -> dict[str, list[list[int]]]:
    """What the peers find in a corpus, by their names."""
    found = {one.name: one.measure("quality_case", str(stem)) for one in LEXICAL if one.name != OURS}
    return {name: rankings for name, rankings in found.items() if rankings is not None}


def by_files(collection: object) -> list[tuple[str, list[list[str]]]]:
    """What `Index` and semble find in a folder that has the functions of a collection as files."""
    folder = retrieval_corpus.as_files(collection.folder)
    asked = f"{collection.written()}.queries.json"
    found = []
    for one in CODE:
        if (files := one.measure("code_case", "--judged", str(folder), asked, model())) is not None:
            places = [[int(Path(file).stem) for file in ranking] for ranking in files]
            found.append((one.name, collection.named(places)))
    return found


def floor() -> dict[str, float]:
    """What one core reads: no search that looks at everything can be faster than that."""
    return run(sys.executable, text("floor"), beside={"timing.py": text("timing")}, variables=ONE_THREAD) or {}


def minilm(rounds: int) -> Figures:
    """MiniLM in our two cores and in torch; `ratio` is our documents a CPU second over theirs."""
    from static_table import model_folder

    figures = in_turn(MINILM, "embed_case", 0, rounds, str(model_folder()))
    for name, one in figures.items():
        if name != OURS:
            one["ratio"] = round(figures[OURS]["docs_s"] / one["docs_s"], 2)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, "minilm", []], default=PARTS)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 300_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--million", action="store_true", help="a million vectors of 256 numbers too")
    parser.add_argument("--collections", type=Path, default=ROOT / "benchmarks" / "collections")
    chosen = parser.parse_args()
    measures = {
        "floor": floor,
        "lexical": lambda: lexical(chosen.sizes, chosen.rounds),
        "dense": lambda: dense(chosen.sizes, chosen.rounds, million=chosen.million),
        "code": lambda: code(chosen.rounds),
        "quality": lambda: quality(chosen.collections),
        "paths": lambda: hot_paths(chosen.rounds),
        "minilm": lambda: minilm(chosen.rounds),
    }
    for part in chosen.parts:
        report(f"retrieval_{part}", measures[part]())


def hot_paths(rounds: int) -> Figures:
    """The compiled core over its twin."""
    from retrieval_paths import paths

    return paths(corpus(10_000), rounds)


if __name__ == "__main__":
    main()
