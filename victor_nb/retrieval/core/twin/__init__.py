"""The search core in NumPy: everything the compiled core does, with the same results."""

from victor_nb.retrieval.core.twin.cache import Cache
from victor_nb.retrieval.core.twin.classify import Classifier
from victor_nb.retrieval.core.twin.code import chunks, symbols
from victor_nb.retrieval.core.twin.dense import Dense
from victor_nb.retrieval.core.twin.embed import hash_embed
from victor_nb.retrieval.core.twin.fuse import fuse_convex, fuse_ranks
from victor_nb.retrieval.core.twin.hybrid import Candidates
from victor_nb.retrieval.core.twin.lexical import Lexical
from victor_nb.retrieval.core.twin.minilm import MiniLM
from victor_nb.retrieval.core.twin.near import near_duplicates
from victor_nb.retrieval.core.twin.passages import Passages, cut
from victor_nb.retrieval.core.twin.rank import CodeRanks
from victor_nb.retrieval.core.twin.similar import top_k
from victor_nb.retrieval.core.twin.table import StaticTable
from victor_nb.retrieval.core.twin.words import terms

NAME = "twin"

__all__ = [
    "NAME",
    "Cache",
    "Candidates",
    "Classifier",
    "CodeRanks",
    "Dense",
    "Lexical",
    "MiniLM",
    "Passages",
    "StaticTable",
    "chunks",
    "cut",
    "fuse_convex",
    "fuse_ranks",
    "hash_embed",
    "near_duplicates",
    "symbols",
    "terms",
    "top_k",
]
