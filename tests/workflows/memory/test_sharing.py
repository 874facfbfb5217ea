"""Several processes and one memory; and one that is killed in the middle."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from victor_nb.journal import open_journal
from victor_nb.workflows.memory import Memory

WRITER = """
import sys
from victor_nb.journal import open_journal
from victor_nb.workflows.memory import Memory
memory = Memory(open_journal(sys.argv[1]))
for number in range(100):
    memory.put(("writers", sys.argv[2]), str(number), {"text": f"word{number} by writer{sys.argv[2]}"})
    memory.change(("shared",), "count", lambda count: count + 1, default=0)
    memory.put(("shared",), "last", {"writer": sys.argv[2], "number": number})
"""
KILLED = """
import sys
from victor_nb.journal import open_journal
from victor_nb.workflows.memory import Memory, Put
memory = Memory(open_journal(sys.argv[1]))
number = 0
while True:
    number += 1
    memory.batch([Put(("pair",), side, {"number": number, "text": f"word{number}"}) for side in ("left", "right")])
    print(number, flush=True)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """A journal that several processes can open."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres").url()
    return f"sqlite:///{tmp_path}/victor.db"


def is_sound(journal):
    """Whether a file's own check finds nothing; a server keeps itself sound."""
    return not journal.url.startswith("sqlite") or journal.store.integrity() == []


def test_four_processes_that_write_at_once_lose_nothing(url):
    """Every item is there and can be found, every count was counted, and the file is sound."""
    with ThreadPoolExecutor(4) as pool:
        command = [sys.executable, "-c", WRITER, url]
        done = list(pool.map(lambda n: subprocess.run([*command, str(n)], capture_output=True, text=True), range(4)))
    assert [one.stderr for one in done] == [""] * 4

    with open_journal(url) as journal:
        memory = Memory(journal)
        assert memory.get(("shared",), "count").value == 400
        assert memory.get(("shared",), "last").value["number"] == 99
        assert len(memory.search(("writers",), limit=1000)) == 400
        assert len(memory.search(("writers",), query="word7", limit=10)) == 4
        assert {item.namespace for item in memory.search(query="writer2", limit=200)} == {("writers", "2")}
        assert is_sound(journal)


def test_a_process_killed_while_it_writes_leaves_whole_batches(url):
    """Both halves of a pair are of one batch, at least the last that was acknowledged, and found by its words."""
    for kill_after in (1, 5, 20, 40):
        with subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True) as child:
            for _ in range(kill_after):
                told = int(child.stdout.readline())
            child.kill()
        with open_journal(url) as journal:
            memory = Memory(journal)
            left, right = (memory.get(("pair",), side).value["number"] for side in ("left", "right"))
            assert left == right >= told
            assert len(memory.search(query=f"word{left}")) == 2
            assert len(memory.search()) == 2
            assert is_sound(journal)
