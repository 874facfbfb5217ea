"""Our core: bits, then bytes, then floats; nothing is trained."""

from victor_nb.retrieval.core import core

EFFORTS = (0,)


class Index:
    def __init__(self, dense):
        self._dense = dense

    def search(self, vector, k, effort):
        return [key for key, _ in self._dense.search(vector, k)]

    def megabytes(self):
        return self._dense.stats().bytes / 1e6


def build(base):
    dense = core().Dense.in_memory(base.shape[1])
    dense.add(range(len(base)), base)
    dense.flush(0)
    return Index(dense)
