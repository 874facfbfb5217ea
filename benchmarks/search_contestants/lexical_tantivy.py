"""Tantivy with its English stemmer, one thread, numbers out of a fast field; it syncs at each commit."""

import os
import re

import tantivy


class Index:
    def __init__(self, index):
        self._index, self._searcher = index, index.searcher()

    def search(self, query, k):
        plain = " ".join(re.findall(r"\w+", query.lower()))
        if not plain:
            return []
        hits = self._searcher.search(self._index.parse_query(plain, ["text"]), k, count=False).hits
        return self._searcher.fast_field_values("number", [address for _, address in hits])

    def add(self, number, text):
        writer = self._index.writer(num_threads=1)
        writer.add_document(tantivy.Document(text=text, number=number))
        self._commit(writer)

    def delete(self, number):
        writer = self._index.writer(num_threads=1)
        writer.delete_documents_by_term("number", number)
        self._commit(writer)

    def _commit(self, writer):
        writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()


def build(texts):
    os.makedirs("index")
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", tokenizer_name="en_stem")
    schema.add_integer_field("number", fast=True, indexed=True)
    index = tantivy.Index(schema.build(), path="index")
    writer = index.writer(256 << 20, num_threads=1)
    for number, text in enumerate(texts):
        writer.add_document(tantivy.Document(text=text, number=number))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return Index(index)


def opened():
    return Index(tantivy.Index.open("index"))
