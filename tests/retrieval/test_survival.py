"""What an index survives: a kill at any moment, a second writer, threads, and a thousand updates."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from victor_nb.retrieval.core import CHOICE, K1, B
from victor_nb.retrieval.errors import IndexInUse, UnusableFile

WRITER = """
import sys
from pathlib import Path
import numpy as np
from victor_nb.retrieval.core import B, K1, core
words = core().Lexical.open(Path(sys.argv[1]), k1=K1, b=B)
vectors = core().Dense.open(Path(sys.argv[1]), 8)
for round in range(10_000):
    keys = range(round * 10, round * 10 + 10)
    words.add(keys, [[(f"word{key} common", 1)] for key in keys])
    vectors.add(keys, np.full((10, 8), round + 1, np.float32))
    words.delete([keys[0]])
    words.flush(round + 1)
    vectors.flush(round + 1)
    words.merge(), vectors.merge()
    print(round + 1, flush=True)
"""


@pytest.mark.parametrize("after", [1, 9, 23])
def test_a_kill_at_any_moment_loses_nothing_that_was_flushed(core, tmp_path, after, monkeypatch):
    """Between any two instructions: the index opens, and holds a whole number of rounds, at least those flushed."""
    monkeypatch.setenv(CHOICE, core.NAME.rpartition(".")[2])
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    flushed = 0
    while flushed < after:
        flushed = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    words, vectors = core.Lexical.open(tmp_path, k1=K1, b=B), core.Dense.open(tmp_path, 8)
    words.verify()
    vectors.verify()
    for stats in (words.stats(), vectors.stats()):
        assert stats.mark >= flushed
        assert stats.documents == stats.next_key == stats.mark * 10
    assert words.stats().dead == words.stats().mark
    assert words.search("word5", 1)[0][0] == 5


def test_a_second_writer_is_refused(compiled, tmp_path):
    """Two processes, or two objects of one, cannot both write."""
    first = compiled.Lexical.open(tmp_path, k1=K1, b=B)
    with pytest.raises(IndexInUse):
        compiled.Lexical.open(tmp_path, k1=K1, b=B)
    del first
    compiled.Lexical.open(tmp_path, k1=K1, b=B)


def test_a_folder_that_cannot_be_written_is_an_error_of_ours(core, tmp_path):
    """No permission, no room, no folder: it says so and what was there stays."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnusableFile):
        core.Lexical.open(tmp_path / "file" / "index", k1=K1, b=B)


def test_searches_go_on_while_documents_come_and_go(compiled):
    """Threads that add, delete, flush, merge and search at the same time see whole documents only."""
    words, vectors = compiled.Lexical.in_memory(k1=K1, b=B), compiled.Dense.in_memory(4)
    stop = threading.Event()
    problems: list[object] = []

    def search() -> None:
        try:
            while not stop.is_set():
                found = [key for key, _ in words.search("common", 20)]
                assert len(found) == len(set(found))
                vectors.search(np.ones(4, np.float32), 20)
        except Exception as problem:
            problems.append(problem)

    def maintain() -> None:
        while not stop.is_set():
            words.merge()
            vectors.merge()

    threads = [threading.Thread(target=target) for target in (search, search, maintain)]
    for thread in threads:
        thread.start()
    for key in range(600):
        words.add([key], [[(f"word{key} common", 1)]])
        vectors.add([key], np.random.default_rng(key).normal(size=(1, 4)).astype(np.float32))
        words.delete([key - 50] if key >= 50 else [])
        if key % 20 == 0:
            words.flush(key)
            vectors.flush(key)
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert words.stats().documents == 600
    words.compact()
    assert words.stats().documents == 50
