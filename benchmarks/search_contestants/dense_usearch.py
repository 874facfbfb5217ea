"""usearch: its graph over bytes, as it advises for speed, one thread."""

import numpy as np
from usearch.index import Index as Graph

EFFORTS = (64, 128, 256, 512)


class Index:
    def __init__(self, graph):
        self._graph = graph

    def search(self, vector, k, effort):
        self._graph.expansion_search = effort
        return self._graph.search(vector, k, threads=1).keys.tolist()

    def megabytes(self):
        return self._graph.serialized_length / 1e6


def build(base):
    graph = Graph(ndim=base.shape[1], metric="ip", dtype="i8")
    graph.add(np.arange(len(base)), base, threads=1)
    return Index(graph)
