"""How good are the answers: nDCG@10 and recall@100 over judged collections, ours and those of the peers as they come.

A collection is a folder with `docs.jsonl`, `queries.jsonl` and `qrels.tsv`. One rule serves all of them: every engine
is given title and text, ours with the title as a field of its own, and fuses by its embedder's own weight.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from measuring import CACHE

from victor_nb import Index
from victor_nb.retrieval.core import K1, B, core
from victor_nb.retrieval.embedders.embedder import HashingEmbedder
from victor_nb.retrieval.embedders.static import StaticEmbedder

DEEP, BEST = 100, 10
Figures = dict[str, dict[str, float]]
Rankings = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Collection:
    """Documents, questions, and which answers are right."""

    folder: Path

    @cached_property
    def documents(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in (self.folder / "docs.jsonl").open(encoding="utf-8")]

    @cached_property
    def grades(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for line in (self.folder / "qrels.tsv").open():
            query, document, grade = line.split("\t")
            found.setdefault(query, {})[document] = int(grade)
        return found

    @cached_property
    def queries(self) -> list[dict[str, str]]:
        every = map(json.loads, (self.folder / "queries.jsonl").open(encoding="utf-8"))
        return [one for one in every if one["id"] in self.grades]

    @cached_property
    def asked(self) -> list[str]:
        return [one["text"] for one in self.queries]

    @cached_property
    def is_code(self) -> bool:
        """Whether its documents are functions of Python."""
        return self.documents[0]["text"].lstrip().startswith(("def ", "async def ", "@"))

    def written(self) -> Path:
        """Return the path (without endings) of texts and questions as contestants read them."""
        stem = CACHE / f"search-judged-{self.folder.name}"
        lines = (json.dumps(f"{one['title']}\n{one['text']}") + "\n" for one in self.documents)
        stem.with_suffix(".jsonl").write_text("".join(lines))
        stem.with_suffix(".queries.json").write_text(json.dumps(self.asked))
        return stem

    def named(self, rankings: Sequence[Sequence[int]]) -> Rankings:
        """Places as ids."""
        return [[self.documents[place]["id"] for place in found] for found in rankings]

    def judged(self, rankings: Rankings) -> dict[str, float]:
        """The means over the questions."""
        pairs = [(found, self.grades[query["id"]]) for found, query in zip(rankings, self.queries, strict=True)]
        gains = [ndcg(*pair) for pair in pairs]
        return {"ndcg_10": mean(gains), "recall_100": mean([recall(*pair) for pair in pairs])}


def ours(collection: Collection) -> Figures:
    """The arms, alone and fused, and `Index` as users have it."""
    documents, asked = collection.documents, collection.asked
    words = core().Lexical.in_memory(k1=K1, b=B)
    words.add(range(len(documents)), [[(one["title"], 3), (one["text"], 1)] for one in documents])
    lexical = [words.search(query, DEEP) for query in asked]
    found = {"words": lexical}
    for name, embedder in (("static", StaticEmbedder()), ("hashing", HashingEmbedder(384))):
        nearest = core().Dense.in_memory(embedder.dimension)
        nearest.add(range(len(documents)), embedder.embed([f"{one['title']} {one['text']}" for one in documents]))
        meant = nearest.search_many(embedder.embed(asked), DEEP)
        both = list(zip(lexical, meant, strict=True))
        found[name] = meant
        found[f"words and {name}"] = [core().fuse_convex(*one, embedder.alpha, DEEP) for one in both]
        found[f"words and {name}, reciprocal ranks"] = [core().fuse_ranks(one, 60.0, DEEP) for one in both]
    figures = {
        name: collection.judged(collection.named([[key for key, _ in one] for one in ranking]))
        for name, ranking in found.items()
    }
    return figures | {f"Index, {mode}": collection.judged(as_used(collection, mode)) for mode in ("lexical", "hybrid")}


def as_used(collection: Collection, mode: str) -> Rankings:
    """What `Index.search` finds: documents, each once, at its best chunk."""
    index = Index()
    language = {"language": "python"} if collection.is_code else {}
    index.add([{**one, **language} for one in collection.documents])
    return [list(dict.fromkeys(hit.id for hit in index.search(query, DEEP, mode=mode))) for query in collection.asked]


def theirs(collection: Collection, lexical: Callable[[Path], dict[str, Sequence[Sequence[int]]]]) -> Figures:
    """The peers as they come; `lexical` gives what each finds in a corpus that was written."""
    found = lexical(collection.written())
    return {name: collection.judged(collection.named(rankings)) for name, rankings in found.items()}


def ndcg(found: Sequence[str], grades: dict[str, int]) -> float:
    """Normalized discounted cumulative gain of the best."""
    gained = sum(grades.get(one, 0) / math.log2(place + 2) for place, one in enumerate(found[:BEST]))
    ideal = sum(
        grade / math.log2(place + 2) for place, grade in enumerate(sorted(grades.values(), reverse=True)[:BEST])
    )
    return gained / ideal if ideal else 0.0


def recall(found: Sequence[str], grades: dict[str, int]) -> float:
    """The part of the right answers that is among the first hundred."""
    right = {one for one, grade in grades.items() if grade > 0}
    return len(right & set(found[:DEEP])) / len(right) if right else 0.0


def mean(numbers: Sequence[float]) -> float:
    return round(sum(numbers) / len(numbers), 4)
