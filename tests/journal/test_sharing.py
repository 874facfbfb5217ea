"""Several processes and one journal: nothing is lost, and one run has one owner."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from victor_nb.journal import RunInUse, open_journal
from victor_nb.journal.lease import Owner

WRITER = """
import sys
from victor_nb.journal import open_journal
journal = open_journal(sys.argv[1])
run = journal.start("writer", sys.argv[2])
for number in range(1000):
    run.record("note", {"number": number})
stats = journal.stats()
run.finish()
print(run.id, stats["worst_lock_wait_s"])
"""
HOLDER = """
import sys
from victor_nb.journal import open_journal
run = open_journal(sys.argv[1]).start()
print(run.id, flush=True)
sys.stdin.read()
"""


def test_ten_processes_of_a_thousand_appends_lose_nothing(tmp_path):
    """All ten thousand events are there, in order a run, and the file is sound."""
    url = f"sqlite:///{tmp_path}/victor.db"
    with ThreadPoolExecutor(10) as pool:
        command = [sys.executable, "-c", WRITER, url]
        done = list(pool.map(lambda n: subprocess.run([*command, str(n)], capture_output=True, text=True), range(10)))
    assert [one.stderr for one in done] == [""] * 10

    with open_journal(url) as journal:
        for one in done:
            numbers = [event.data["number"] for event in journal.events(one.stdout.split()[0], types=["note"])]
            assert numbers == list(range(1000))
        assert journal.store.integrity() == []


@pytest.fixture
def holder(tmp_path):
    """Another process that executes a run: its id, and the process."""
    url = f"sqlite:///{tmp_path}/victor.db"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        yield url, child.stdout.readline().strip(), child
        child.kill()


def test_a_living_owner_keeps_its_run_and_a_dead_one_loses_it_at_once(holder):
    """On one machine the operating system knows who lives, so nobody waits for a lease to run out."""
    url, run_id, child = holder
    with open_journal(url) as journal:
        with pytest.raises(RunInUse, match=f"process {child.pid}"):
            journal.resume(run_id)
        child.kill()
        child.wait()
        journal.resume(run_id).finish()


def test_an_owner_elsewhere_loses_its_run_when_its_lease_runs_out(tmp_path):
    """On another machine only the clock can tell."""
    now = [1000.0]
    journal = open_journal(f"sqlite:///{tmp_path}/victor.db")
    journal.clock = lambda: now[0]
    run = journal.start()
    far = replace(Owner.here(), host="elsewhere").written()
    info = journal.find(run.id)
    assert journal.store.swap_owner(run.id, info.owner, far, now[0] + 15, now[0])

    with pytest.raises(RunInUse, match="on elsewhere"):
        journal.resume(run.id)
    now[0] += 16
    journal.resume(run.id).finish()
    journal.close()


def test_an_owner_that_lost_its_run_cannot_write(tmp_path):
    """Two events cannot have one number: who was taken over from notices at its next step."""
    url = f"sqlite:///{tmp_path}/victor.db"
    with open_journal(url) as first, open_journal(url) as second:
        old = first.start()
        first.release(old.id)
        second.resume(old.id)

        with pytest.raises(Exception, match="taken over by another process"):
            old.step_sync("s", lambda: 1)


def test_waiting_for_the_lock_is_measured(tmp_path):
    """Whoever wonders why a run is slow can see how long it waited for others."""
    with open_journal(f"sqlite:///{tmp_path}/victor.db") as journal:
        journal.start().finish()

        assert journal.stats()["appends"] > 0
        assert journal.stats()["lock_waits"] == 0
