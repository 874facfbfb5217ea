"""Our `Index`, in memory, with the embedder that it has by default."""

from victor_nb import Index as Documents


class Index:
    def __init__(self, documents):
        self._documents = documents

    def search(self, query, k):
        return [hit.path for hit in self._documents.search(query, k)]


def build(folder, model):
    documents = Documents()
    documents.add_folder(folder, include=["*.py"])
    return Index(documents)
