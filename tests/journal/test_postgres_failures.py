"""Servers that fall, connections that break, writers that are killed: nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support import postgres as postgres_server
from tests.support.lossy import LossyProxy
from tests.support.require import library
from victor_nb.errors import Resumable
from victor_nb.journal import (
    Effect,
    Journal,
    JournalSetBack,
    JournalUnavailable,
    JournalUnreachable,
    Status,
    open_journal,
)

PostgresStore = library("victor_nb.journal.postgres", extra="postgres").PostgresStore
PROGRAM = Path(__file__).parent / "killed.py"
KILLS = int(os.environ.get("VICTOR_KILLS", "200")) // 20
STEPS = 60


@pytest.fixture(scope="module")
def fragile():
    """A server for tests that break it; what it acknowledged lies in its memory for long."""
    for cluster in postgres_server.running():
        cluster.sql("ALTER SYSTEM SET wal_writer_delay = '10s'", "SELECT pg_reload_conf()")
        yield cluster


def notes(journal, run_id):
    """The numbers that a run has noted, with the guarantee that its events have no gap."""
    events = journal.events(run_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    return [event.data["number"] for event in events if event.type == "note"]


def end_connections(cluster):
    """What an administrator, a firewall or a proxy does now and then."""
    cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victor-nb'")


class TestServersThatFall:
    """The journal's process lives on."""

    def test_what_a_fallen_server_forgot_is_sent_again(self, fragile):
        """One of the server's processes is killed; the others start anew without what was only in memory."""
        with open_journal(fragile.url()) as journal:
            run = journal.start()
            for number in range(100):
                run.record("note", {"number": number})
            fragile.kill(fragile.backends()[0])
            for number in range(100, 200):
                run.record("note", {"number": number})
            run.finish()

            assert notes(journal, run.id) == list(range(200))

    def test_a_server_that_forgot_has_really_forgotten(self, fragile):
        """Without the writer, the last moments are gone: that is what makes the test above one."""
        with open_journal(fragile.url()) as journal, open_journal(journal_url(fragile, journal)) as other:
            run = journal.start()
            for number in range(50):
                run.record("note", {"number": number})
            fragile.kill(fragile.backends()[0])

            assert len(notes(other, run.id)) < 50

    def test_a_run_that_waits_is_made_whole_by_the_heartbeat(self, fragile):
        """Readers elsewhere need not wait for its next step."""
        with open_journal(fragile.url()) as journal, open_journal(journal_url(fragile, journal)) as other:
            run = journal.start()
            for number in range(50):
                run.record("note", {"number": number})
            fragile.kill(fragile.backends()[0])
            journal._leases.renew()

            assert notes(other, run.id) == list(range(50))

    def test_a_full_tail_waits_for_the_disk(self, fragile):
        """However fast a run writes, what may have to be sent again stays short."""
        with open_journal(fragile.url()) as journal, open_journal(journal_url(fragile, journal)) as other:
            run = journal.start()
            for number in range(300):
                run.record("note", {"number": number})
            fragile.kill(fragile.backends()[0])

            assert len(notes(other, run.id)) >= 256

    def test_threads_and_their_runs_survive_a_fall(self, fragile):
        """Each run has all of its events, whichever connection noticed the fall first."""
        with open_journal(fragile.url()) as journal:
            half = threading.Barrier(5)

            def work(run):
                for number in range(100):
                    if number == 50:
                        half.wait(30)
                        half.wait(30)
                    run.record("note", {"number": number})
                run.finish()

            runs = [journal.start() for _ in range(4)]
            threads = [threading.Thread(target=work, args=(run,)) for run in runs]
            for thread in threads:
                thread.start()
            half.wait(30)
            fragile.kill(fragile.backends()[0])
            half.wait(30)
            for thread in threads:
                thread.join()

            assert [notes(journal, run.id) for run in runs] == [list(range(100))] * 4

    @pytest.mark.parametrize("mode", ["fast", "immediate"])
    def test_a_restart_is_waited_for(self, fragile, mode):
        """A step in the middle takes a little longer, and nobody is told."""
        with open_journal(fragile.url()) as journal:
            run = journal.start()
            run.record("note", {"number": 0})
            fragile.stop(mode)
            starting = threading.Thread(target=fragile.start)
            starting.start()
            run.record("note", {"number": 1})
            starting.join()

            assert notes(journal, run.id) == [0, 1]

    def test_a_server_that_stays_away_stops_the_run_which_can_be_resumed(self, fragile):
        """It is waited for once; who asks after that is told at once, until it is back."""
        with Journal(PostgresStore(fragile.url(), reconnect_s=0.3)) as journal:
            run = journal.start()
            assert run.step_sync("first", lambda: "kept") == "kept"
            fragile.stop("immediate")
            try:
                with pytest.raises(JournalUnreachable, match=r"not back[\s\S]*victor resume") as raised:
                    run.step_sync("second", lambda: 2)
                assert isinstance(raised.value, Resumable)
                with pytest.raises(JournalUnreachable):
                    journal.runs()
                with pytest.raises(JournalUnavailable, match="pg_isready"):
                    open_journal(journal_url(fragile, journal))
            finally:
                fragile.start()
            journal.release(run.id)
            resumed = journal.resume(run.id)
            done = []

            assert resumed.step_sync("first", lambda: done.append(1)) == "kept"
            assert resumed.step_sync("second", lambda: 2) == 2
            assert not done

    def test_a_run_that_ends_in_an_outage_is_free_when_the_server_is_back(self, fragile, caplog):
        """The lease is given back later, and the end of the block tells both troubles."""
        with Journal(PostgresStore(fragile.url(), reconnect_s=0.1)) as journal:
            run = journal.start()

            def work():
                with run:
                    fragile.stop("fast")
                    run.record("lost", {})

            with pytest.raises(JournalUnreachable) as raised:
                work()
            fragile.start()
            journal._leases.renew()

            assert any("could not note the end" in note for note in raised.value.__notes__)
            assert not journal.is_live(journal.find(run.id))
            journal.resume(run.id).finish()

    def test_a_server_set_back_further_than_we_can_help_is_told(self, fragile):
        """A failover to a standby that lagged behind, a restored backup: the run stops and can be resumed."""
        with open_journal(fragile.url()) as journal:
            run = journal.start()
            for number in range(10):
                run.step_sync("s", lambda: 1, inputs=number, effect=Effect.EFFECT)
            schema = journal.store.server.address.schema
            fragile.sql(f"DELETE FROM {schema}.events WHERE seq > 15")
            end_connections(fragile)

            with pytest.raises(JournalSetBack, match="after number 15"):
                run.record("note", {})
            journal.release(run.id)
            assert journal.resume(run.id).step_sync("s", lambda: 2, inputs=0, effect=Effect.EFFECT) == 1

    def test_a_run_that_was_lost_altogether_does_not_write_into_another(self, fragile):
        """Its number in the tables may be another run's by now."""
        with open_journal(fragile.url()) as journal, open_journal(journal_url(fragile, journal)) as other:
            run = journal.start()
            run.record("note", {"number": 0})
            schema = journal.store.server.address.schema
            fragile.sql(
                f"DELETE FROM {schema}.events",
                f"DELETE FROM {schema}.runs",
                f"ALTER TABLE {schema}.runs ALTER COLUMN id RESTART",
            )
            stranger = other.start()
            end_connections(fragile)
            with pytest.raises(JournalSetBack, match=f"without run {run.id}"):
                run.record("note", {"number": 1})
            stranger.record("note", {"number": 7})

            assert notes(other, stranger.id) == [7]


class TestBrokenConnections:
    """The server is well; the network is not."""

    def test_a_connection_that_was_ended_is_made_again(self, fragile):
        """Between two steps, by whomever."""
        with open_journal(fragile.url()) as journal:
            run = journal.start()
            for number in range(5):
                run.record("note", {"number": number})
                end_connections(fragile)

            assert notes(journal, run.id) == list(range(5))

    @pytest.fixture
    def lossy(self, fragile):
        """A journal behind a network that loses answers: the journal, and the network."""
        proxy = LossyProxy(fragile.port)
        with open_journal(fragile.url(host="127.0.0.1", port=str(proxy.port))) as journal:
            journal.start().finish()
            yield journal, proxy
        proxy.close()

    def test_an_append_whose_answer_was_lost_is_there_once(self, lossy):
        """It is recognised by what it says, not taken for somebody else's."""
        journal, proxy = lossy
        run = journal.start()
        run.record("note", {"number": 0})
        proxy.losses = 1
        run.record("note", {"number": 1})
        proxy.losses = 1
        run._log.write_all([entry(2), entry(3)])
        proxy.losses = 1
        run.step_sync("s", lambda: 1, effect=Effect.EFFECT)
        proxy.losses = 1
        run.finish()

        assert proxy.losses == 0
        assert notes(journal, run.id) == [0, 1, 2, 3]
        assert journal.find(run.id).status is Status.FINISHED

    def test_a_beginning_whose_answer_was_lost_is_one_run(self, lossy):
        """Its id is ours, and nobody else's."""
        journal, proxy = lossy
        before = len(journal.runs())
        proxy.losses = 1
        with journal.start() as run:
            run.record("note", {"number": 0})

        assert len(journal.runs()) == before + 1

    def test_a_take_over_whose_answer_was_lost_is_ours(self, lossy):
        """The run is not lost to ourselves."""
        journal, proxy = lossy
        run = journal.start()
        journal.release(run.id)
        info = journal.find(run.id)
        proxy.losses = 1

        assert journal._leases.take_over(info).owner

    def test_mail_whose_answer_was_lost_is_delivered_once(self, lossy):
        """When it is sent, and when it is fetched."""
        journal, proxy = lossy
        run = journal.start()
        proxy.losses = 1
        journal.store.send(run.id, "approve", b"{}", 1.0)
        proxy.losses = 1

        assert run.take_signals() == [("approve", {})]
        assert run.take_signals() == []

    def test_every_answer_lost_for_a_while_is_waited_out(self, lossy):
        """As long as the server can be reached in the end."""
        journal, proxy = lossy
        run = journal.start()
        proxy.losses = 4
        run.record("note", {"number": 0})

        assert proxy.losses == 0
        assert notes(journal, run.id) == [0]


def entry(number):
    """A note on its way."""
    from victor_nb.journal.log import Entry

    return Entry("note", b'{"number":%d}' % number)


def journal_url(cluster, journal):
    """The URL of the same journal."""
    return cluster.url(journal.store.server.address.schema)


TELLER = """
import sys
from victor_nb.journal import Effect, open_journal
run = open_journal(sys.argv[1]).start()
print(run.id, flush=True)
for number in range(10**9):
    run.step_sync("s", lambda: number, inputs=number, effect=Effect[sys.argv[2]])
    print(number, flush=True)
"""


class TestKilledWriters:
    """The server lives on, or does not."""

    def told_then_killed(self, url, effect, lines=30):
        """Let a program tell what was acknowledged to it, and kill it; return its run and the last number told."""
        with subprocess.Popen([sys.executable, "-c", TELLER, url, effect], stdout=subprocess.PIPE, text=True) as child:
            run_id, *told = [child.stdout.readline().strip() for _ in range(lines + 1)]
            child.kill()
        return run_id, int(told[-1])

    def test_a_killed_writer_loses_nothing_that_was_acknowledged(self, fragile):
        """And its run can be taken over at once."""
        url = fragile.url()
        run_id, last = self.told_then_killed(url, "PURE")
        with open_journal(url) as journal:
            again = []
            resumed = journal.resume(run_id)
            for number in range(last + 1):
                resumed.step_sync("s", lambda number=number: again.append(number), inputs=number)
            resumed.finish()

            assert again == []

    def test_an_effect_survives_the_fall_of_both(self, fragile):
        """Its beginning was on the server's disk before it began, and with it everything before."""
        url = fragile.url()
        run_id, last = self.told_then_killed(url, "EFFECT")
        with open_journal(url) as journal:
            fragile.kill(fragile.backends()[0])
            begun = [event.data["inputs"] for event in journal.events(run_id, types=["step.started"])]

            assert begun[: last + 1] == list(range(last + 1))
            assert len(journal.events(run_id, types=["step.finished"])) >= last, (
                "the last result alone may be forgotten"
            )

    def test_a_program_killed_at_random_points_does_everything_once(self, fragile, tmp_path):
        """Finished steps answer from the journal, effects are never repeated, whoever takes over."""
        chance, kills, lives = random.Random(21), 0, 0
        while kills < KILLS:
            lives += 1
            url, marks = fragile.url(), tmp_path / f"marks-{lives}"
            run_id, is_finished = None, False
            with open_journal(url) as journal:
                while not is_finished:
                    before = finished(journal, run_id)
                    marks_before = marked(marks)
                    run_id = execute(url, marks, run_id, chance.uniform(0.0, 0.06))
                    is_finished = run_id is not None and journal.find(run_id).status is Status.FINISHED
                    kills += not is_finished
                    assert not before & set(marked(marks) - marks_before), "a finished step was done again"
            seen = marked(marks)
            assert len(seen) == STEPS
            assert all(times == 1 for name, times in seen.items() if name.startswith(f"{Effect.EFFECT}-"))

    def test_a_program_survives_a_server_that_falls_again_and_again(self, fragile, tmp_path):
        """Every step once, although the server is killed under its hands."""
        url, marks = fragile.url(), tmp_path / "marks"
        command = [sys.executable, str(PROGRAM), url, str(marks), "200"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            run_id = child.stdout.readline().strip()
            for fall in range(3):
                while len(marked(marks)) < 40 * (fall + 1):
                    time.sleep(0.005)
                if victims := fragile.backends():
                    fragile.kill(victims[0])
                wait_until_up(fragile)
            assert child.wait(60) == 0
        with open_journal(url) as journal:
            assert journal.find(run_id).status is Status.FINISHED
            assert Counter(event.data["name"] for event in journal.events(run_id, types=["step.finished"])) == marked(
                marks
            )


def wait_until_up(cluster):
    """Let a server that was killed come back."""
    import psycopg

    while True:
        try:
            cluster.sql("SELECT 1")
            return
        except psycopg.OperationalError:
            time.sleep(0.01)


def execute(url, marks, run_id, kill_after_s):
    """Run the program and kill it some time after it has begun to work; return the run."""
    command = [sys.executable, str(PROGRAM), url, str(marks), str(STEPS), *([run_id] if run_id else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        found = child.stdout.readline().strip()
        time.sleep(kill_after_s)
        child.kill()
    return found or run_id


def marked(marks):
    """How often each step had its effect."""
    return Counter(marks.read_text().split()) if marks.exists() else Counter()


def finished(journal, run_id):
    """The names of the steps that the journal says are finished."""
    if run_id is None:
        return set()
    return {event.data["name"] for event in journal.events(run_id, types=["step.finished"])}
