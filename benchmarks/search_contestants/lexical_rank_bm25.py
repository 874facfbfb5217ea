"""rank_bm25 over lower-case words; it has no files, so it is pickled, and can only be built anew."""

import os
import pickle
import re

import numpy as np
from rank_bm25 import BM25Okapi


def tokens(text):
    return re.findall(r"\w+", text.lower())


class Index:
    def __init__(self, index):
        self._index = index

    def search(self, query, k):
        scores = self._index.get_scores(tokens(query))
        k = min(k, len(scores))
        best = np.argpartition(-scores, k - 1)[:k]
        return [int(number) for number in best[np.argsort(-scores[best], kind="stable")] if scores[number] > 0]


def build(texts):
    index = BM25Okapi([tokens(text) for text in texts])
    os.makedirs("index")
    with open("index/index.pickle", "wb") as file:
        pickle.dump(index, file)
    return Index(index)


def opened():
    with open("index/index.pickle", "rb") as file:
        return Index(pickle.load(file))
