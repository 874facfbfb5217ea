"""Our core: everything added is found before it is on disk; `flush` is counted as part of building."""

from pathlib import Path

from victor_nb.retrieval.core import K1, B, core

AT_ONCE = 1_000
CORE = core()  # finding it loads the compiled module: importing, as it is for other engines


class Index:
    def __init__(self, lexical):
        self._lexical = lexical

    def search(self, query, k):
        return [key for key, _ in self._lexical.search(query, k)]

    def add(self, number, text):
        self._lexical.add([number], [[(text, 1)]])

    def delete(self, number):
        self._lexical.delete([number])


def build(texts):
    lexical = CORE.Lexical.create(Path("index"), k1=K1, b=B)
    for at in range(0, len(texts), AT_ONCE):
        part = texts[at : at + AT_ONCE]
        lexical.add(range(at, at + len(part)), [[(text, 1)] for text in part])
    lexical.flush(0)
    while lexical.merge():
        pass
    return Index(lexical)


def opened():
    return Index(CORE.Lexical.open(Path("index"), k1=K1, b=B))
