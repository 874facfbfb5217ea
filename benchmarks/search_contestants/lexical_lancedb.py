"""LanceDB's full-text index as it comes: English stems and stop words; the text is kept with it."""

import lancedb
import pyarrow as pa


class Index:
    def __init__(self, table):
        self._table = table

    def search(self, query, k):
        found = self._table.search(query, query_type="fts").limit(k).select(["number", "_score"]).to_arrow()
        return found["number"].to_pylist()

    def add(self, number, text):
        self._table.add(pa.table({"number": [number], "text": [text]}))

    def delete(self, number):
        self._table.delete(f"number = {number}")


def build(texts):
    rows = pa.table({"number": list(range(len(texts))), "text": texts})
    table = lancedb.connect("index").create_table("t", rows)
    table.create_fts_index("text")
    table.wait_for_index(["text_idx"])
    return Index(table)


def opened():
    return Index(lancedb.connect("index").open_table("t"))
