"""The search core in NumPy: everything the compiled core does, with the same results."""

from victor_nb.retrieval.twin.dense import Dense
from victor_nb.retrieval.twin.fuse import fuse_convex, fuse_ranks
from victor_nb.retrieval.twin.lexical import Lexical
from victor_nb.retrieval.twin.rank import CodeRanks
from victor_nb.retrieval.twin.words import terms

NAME = "twin"

__all__ = ["NAME", "CodeRanks", "Dense", "Lexical", "fuse_convex", "fuse_ranks", "terms"]
