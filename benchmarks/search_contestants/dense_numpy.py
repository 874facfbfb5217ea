"""NumPy: a product and a partition."""

import numpy as np

EFFORTS = (0,)


class Index:
    def __init__(self, base):
        self._base = base

    def search(self, vector, k, effort):
        scores = self._base @ vector
        best = np.argpartition(-scores, k)[:k]
        return best[np.argsort(-scores[best])].tolist()

    def megabytes(self):
        return self._base.nbytes / 1e6


def build(base):
    return Index(base.copy())
