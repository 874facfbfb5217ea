"""SQLite FTS5 with the Porter stemmer; no syncs."""

import os
import re
import sqlite3


class Index:
    def __init__(self, database):
        self._database = database

    def search(self, query, k):
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", query))
        if not words:
            return []
        rows = self._database.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (words, k))
        return [row[0] for row in rows]

    def add(self, number, text):
        self._database.execute("INSERT INTO t (rowid, text) VALUES (?, ?)", (number, text))
        self._database.commit()

    def delete(self, number):
        self._database.execute("DELETE FROM t WHERE rowid = ?", (number,))
        self._database.commit()


def build(texts):
    os.makedirs("index")
    index = opened()
    index._database.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='porter unicode61')")
    index._database.executemany("INSERT INTO t (rowid, text) VALUES (?, ?)", enumerate(texts))
    index._database.commit()
    return index


def opened():
    database = sqlite3.connect("index/index.db")
    database.execute("PRAGMA synchronous=OFF")
    return Index(database)
