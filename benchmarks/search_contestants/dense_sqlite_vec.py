"""sqlite-vec: a virtual table that is read through; apsw, because many builds of sqlite3 load no extensions."""

import os

import apsw
import sqlite_vec

EFFORTS = (0,)


class Index:
    def __init__(self, database):
        self._database = database

    def search(self, vector, k, effort):
        asked = "SELECT rowid FROM t WHERE v MATCH ? AND k = ? ORDER BY distance"
        return [row[0] for row in self._database.execute(asked, (vector.tobytes(), k))]

    def megabytes(self):
        return os.path.getsize("index.db") / 1e6


def build(base):
    database = apsw.Connection("index.db")
    database.enable_load_extension(True)
    database.load_extension(sqlite_vec.loadable_path())
    database.execute("PRAGMA synchronous=OFF")
    database.execute(f"CREATE VIRTUAL TABLE t USING vec0(v float[{base.shape[1]}] distance_metric=cosine)")
    with database:
        rows = ((number, row.tobytes()) for number, row in enumerate(base))
        database.executemany("INSERT INTO t (rowid, v) VALUES (?, ?)", rows)
    return Index(database)
