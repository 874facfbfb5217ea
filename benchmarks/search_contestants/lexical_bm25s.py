"""bm25s with numba, Snowball stems and English stop words, as its documentation has it; it can only be built anew."""

import bm25s
import Stemmer

STEMMER = Stemmer.Stemmer("english")


def tokens(text):
    return bm25s.tokenize(text, stopwords="en", stemmer=STEMMER, show_progress=False)


class Index:
    def __init__(self, index, count):
        self._index, self._count = index, count

    def search(self, query, k):
        words = tokens(query)
        if not words.ids[0]:  # the compiled search fails for a query of stop words
            return []
        found, scores = self._index.retrieve(words, k=min(k, self._count), show_progress=False, n_threads=1)
        return found[0][scores[0] > 0].tolist()


def build(texts):
    index = bm25s.BM25(backend="numba")
    index.index(tokens(texts), show_progress=False)
    index.save("index")
    return Index(index, len(texts))


def opened():
    index = bm25s.BM25.load("index", mmap=True)
    index.activate_numba_scorer()
    return Index(index, index.scores["num_docs"])
