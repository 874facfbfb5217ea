"""hnswlib, M = 16, efConstruction = 128, one thread."""

import os

import hnswlib

EFFORTS = (32, 64, 128, 256, 512)


class Index:
    def __init__(self, index):
        self._index = index

    def search(self, vector, k, effort):
        self._index.set_ef(effort)
        return self._index.knn_query(vector, k, num_threads=1)[0][0].tolist()

    def megabytes(self):
        self._index.save_index("index.bin")
        return os.path.getsize("index.bin") / 1e6


def build(base):
    index = hnswlib.Index("ip", base.shape[1])
    index.init_index(len(base), ef_construction=128, M=16)
    index.add_items(base, num_threads=1)
    return Index(index)
