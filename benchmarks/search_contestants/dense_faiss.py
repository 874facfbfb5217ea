"""faiss on one thread; the word after the module's name chooses the kind of index: flat, hnsw or pq."""

import sys

import faiss

faiss.omp_set_num_threads(1)
KIND = sys.argv[2]
EFFORTS = {"flat": (0,), "hnsw": (32, 64, 128, 256, 512), "pq": (4, 8, 16, 32, 64)}[KIND]
TRAINED_ON = 50_000


class Index:
    def __init__(self, index):
        self._index = index

    def search(self, vector, k, effort):
        if KIND == "hnsw":
            self._index.hnsw.efSearch = effort
        elif KIND == "pq":
            self._index.k_factor = effort
        return self._index.search(vector[None], k)[1][0].tolist()

    def megabytes(self):
        return len(faiss.serialize_index(self._index)) / 1e6


def build(base):
    named = {"flat": "Flat", "hnsw": "HNSW32", "pq": f"PQ{base.shape[1] // 4}x4fs,RFlat"}[KIND]
    index = faiss.index_factory(base.shape[1], named, faiss.METRIC_INNER_PRODUCT)
    if KIND == "hnsw":
        index.hnsw.efConstruction = 128
    index.train(base[:TRAINED_ON])
    index.add(base)
    return Index(index)
