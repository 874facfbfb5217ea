"""The PostgreSQL store and everything that can be wrong with a server: clear errors, and nothing lost."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from victor_nb.journal import (
    Effect,
    Journal,
    JournalBusy,
    JournalCorrupt,
    JournalError,
    JournalFull,
    JournalReadOnly,
    JournalTooNew,
    JournalUnavailable,
    LeaseLost,
    RunInUse,
    Unstorable,
    open_journal,
)
from victor_nb.journal.lease import Owner
from victor_nb.journal.rows import Row


def schema_of(url):
    """The schema that a test's URL names."""
    return url.rpartition("schema=")[2]


@pytest.fixture
def url(postgres):
    """Where an empty journal can be opened."""
    return postgres.url()


@pytest.fixture
def journal(url):
    """An empty journal."""
    with open_journal(url) as opened:
        yield opened


class TestPlaces:
    """One database, many journals."""

    def test_two_schemas_are_two_journals(self, postgres):
        """Neither sees the other's runs."""
        with open_journal(postgres.url()) as one, open_journal(postgres.url()) as other:
            one.start(name="mine").finish()

            assert other.runs() == []

    def test_a_schema_may_have_any_name(self, postgres):
        """Names are quoted, not trusted."""
        url = postgres.url('My "lab"; DROP TABLE runs--')
        with open_journal(url) as journal:
            journal.start().finish()
        with open_journal(url) as journal:
            assert len(journal.runs()) == 1

    def test_the_url_of_a_journal_opens_it_again(self, url):
        """What is shown is where it is."""
        with open_journal(url) as journal:
            journal.start(name="kept").finish()
        with open_journal(journal.url) as again:
            assert again.runs()[0].name == "kept"

    def test_many_that_open_a_new_journal_at_once_find_one(self, url):
        """One makes the tables, the others use them."""
        with ThreadPoolExecutor(8) as pool:
            opened = list(pool.map(lambda _: open_journal(url), range(8)))
        for journal in opened:
            journal.start().finish()

        assert len(opened[0].runs()) == 8
        for journal in opened:
            journal.close()

    def test_a_journal_from_a_later_version_is_refused(self, postgres, url):
        """An old version does not write into what it does not understand."""
        open_journal(url).close()
        postgres.sql(f"UPDATE {schema_of(url)}.journal SET format = 99")

        with pytest.raises(JournalTooNew, match=r"format 99[\s\S]*upgrade"):
            open_journal(url)

    def test_the_tables_of_another_program_are_refused_and_left_alone(self, postgres, url):
        """Nothing is written among what is not ours."""
        schema = schema_of(url)
        postgres.sql(f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.events (id int)")

        with pytest.raises(JournalCorrupt, match=r"another program[\s\S]*schema="):
            open_journal(url)
        assert postgres.sql(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'") == [("events",)]

    def test_other_tables_beside_the_journal_do_no_harm(self, postgres, url):
        """A schema that somebody shares with us."""
        schema = schema_of(url)
        postgres.sql(f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.addresses (id int)")

        with open_journal(url) as journal:
            journal.start().finish()

    def test_a_journal_that_does_not_say_its_format_is_refused(self, postgres, url):
        """Whoever made that, it was not we."""
        open_journal(url).close()
        postgres.sql(f"DELETE FROM {schema_of(url)}.journal")

        with pytest.raises(JournalCorrupt, match="does not say its format"):
            open_journal(url)


class TestRefusals:
    """Everything a server can say at the door, as an error that says what to do."""

    def refused(self, postgres, error, pattern, **options):
        with pytest.raises(error, match=pattern) as raised:
            open_journal(postgres.url(**options))
        assert "sesame" not in str(raised.value) + repr(raised.value) + repr(raised.value.__cause__)

    def test_nobody_is_there(self, postgres):
        """Said at once, with what to check."""
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            port = str(nobody.getsockname()[1])
            pattern = r"no PostgreSQL server answers[\s\S]*pg_isready"
            self.refused(postgres, JournalUnavailable, pattern, host="127.0.0.1", port=port)

    def test_there_is_no_such_machine(self, postgres):
        """A name that cannot be resolved."""
        self.refused(postgres, JournalUnavailable, "check host and port", host="nowhere.invalid")

    def test_a_password_is_wrong_or_missing(self, postgres):
        """The error says where passwords belong, and not which one was tried."""
        there = {"host": "127.0.0.1", "user": "locked"}
        self.refused(postgres, JournalUnavailable, "does not let this user in", password="wrong sesame", **there)
        self.refused(postgres, JournalUnavailable, r"no password supplied[\s\S]*PGPASSWORD", **there)

    def test_a_user_is_unknown(self, postgres):
        """The name is in the server's own words."""
        self.refused(postgres, JournalUnavailable, 'role "nobody" does not exist', user="nobody")

    def test_a_database_is_missing(self, postgres):
        """The command that makes it is named."""
        self.refused(postgres, JournalUnavailable, r"no such database[\s\S]*createdb", dbname="nothing")

    def test_a_server_is_full_of_connections(self, postgres):
        """Busy is not broken."""
        postgres.sql("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")

        self.refused(postgres, JournalBusy, "no free connection", user="crowded")

    def test_the_right_password_opens(self, postgres):
        """And is not part of what the journal calls itself."""
        url = postgres.url(host="127.0.0.1", user="locked", password="open sesame")
        schema = schema_of(url)
        postgres.sql(f"CREATE SCHEMA {schema} AUTHORIZATION locked")
        with open_journal(url) as journal:
            journal.start().finish()

            assert "sesame" not in journal.url
            assert "sesame" not in repr(vars(journal.store)) + repr(vars(journal.store.server))


class TestRights:
    """A user who may read, or not even that."""

    @pytest.fixture
    def reader(self, postgres, url):
        """The URL of a journal with one run, for a user who may only read it."""
        with open_journal(url) as journal:
            journal.start(name="kept").finish()
        schema = schema_of(url)
        role = f"reader_of_{schema}"
        postgres.sql(
            f"CREATE ROLE {role} LOGIN",
            f"GRANT USAGE ON SCHEMA {schema} TO {role}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
        )
        return postgres.url(schema, user=role)

    def test_who_may_read_reads_and_is_told_when_writing(self, reader):
        """The error names the right that is missing."""
        with open_journal(reader) as journal:
            assert journal.runs()[0].name == "kept"
            with pytest.raises(JournalReadOnly, match=r"permission denied[\s\S]*GRANT"):
                journal.start()

    def test_who_asks_to_read_only_cannot_write(self, url):
        """`mode=ro` protects a journal from its own user."""
        open_journal(url).close()
        with open_journal(f"{url}&mode=ro") as journal:
            assert journal.runs() == []
            with pytest.raises(JournalReadOnly, match="read-only transaction"):
                journal.start()

    def test_a_journal_to_be_read_must_exist(self, url):
        """Reading makes no tables."""
        with pytest.raises(JournalUnavailable, match="there is no journal in schema"):
            open_journal(f"{url}&mode=ro")

    def test_who_may_not_make_a_schema_is_told_who_may(self, postgres, url):
        """The command for the database's owner is named."""
        postgres.sql("CREATE ROLE guest LOGIN")

        with pytest.raises(JournalReadOnly, match=r"this user may not make one[\s\S]*CREATE SCHEMA"):
            open_journal(postgres.url(user="guest"))

    def test_a_user_whom_the_server_lets_only_read_is_told(self, postgres, url):
        """What an administrator has set is not overridden."""
        open_journal(url).close()
        schema = schema_of(url)
        role = f"still_{schema}"
        postgres.sql(
            f"CREATE ROLE {role} LOGIN SUPERUSER", f"ALTER ROLE {role} SET default_transaction_read_only TO on"
        )
        with (
            open_journal(postgres.url(schema, user=role)) as journal,
            pytest.raises(JournalReadOnly, match="read-only transaction"),
        ):
            journal.start()


class TestTrouble:
    """A server that fails while a run is under way."""

    def failing(self, postgres, url, code):
        """Have the server refuse every event with an error code of its own."""
        schema = schema_of(url)
        postgres.sql(
            f"""CREATE OR REPLACE FUNCTION {schema}.fail() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{code}'; END $$""",
            f"CREATE TRIGGER failing BEFORE INSERT ON {schema}.events EXECUTE FUNCTION {schema}.fail()",
        )

    def mended(self, postgres, url):
        postgres.sql(f"DROP TRIGGER failing ON {schema_of(url)}.events")

    @pytest.mark.parametrize(
        ("code", "error", "words"),
        [
            ("53100", JournalFull, "what was written before is safe"),
            ("XX001", JournalCorrupt, "backup"),
            ("53300", JournalBusy, "pg_stat_activity"),
            ("58030", JournalUnavailable, "could not extend file"),
        ],
    )
    def test_what_goes_wrong_stops_the_step_and_keeps_what_was_written(
        self, postgres, url, journal, code, error, words
    ):
        """And once the server is well, the run goes on."""
        run = journal.start()
        run.step_sync("first", lambda: "kept")
        self.failing(postgres, url, code)
        with pytest.raises(error, match=words):
            run.step_sync("second", lambda: 2)
        self.mended(postgres, url)
        journal.release(run.id)

        resumed = journal.resume(run.id)
        assert resumed.step_sync("first", lambda: "again") == "kept"
        assert resumed.step_sync("second", lambda: 2) == 2

    def test_what_passes_by_itself_is_tried_again(self, postgres, url, journal):
        """A deadlock with somebody else's work is nobody's error."""
        run = journal.start()
        self.failing(postgres, url, "40P01")
        mending = threading.Timer(0.05, self.mended, (postgres, url))
        mending.start()
        run.step_sync("s", lambda: 1)
        mending.join()

        assert [event.type for event in journal.events(run.id)] == ["run.started", "step.finished"]

    def test_a_lock_is_waited_for_and_then_reported(self, postgres, url, monkeypatch):
        """An administrator at work does not hang the notebook for ever."""
        import psycopg

        monkeypatch.setattr("victor_nb.journal.postgres_server.LOCK_TIMEOUT", "50ms")
        with open_journal(url) as journal:
            run = journal.start()
            with psycopg.connect(
                host=str(postgres.folder), port=postgres.port, user="victor", dbname="postgres"
            ) as held:
                held.execute(f"LOCK TABLE {schema_of(url)}.events IN EXCLUSIVE MODE")
                with pytest.raises(JournalBusy, match="kept the journal locked"):
                    run.record("a", {})
            run.record("b", {})

            assert [event.type for event in journal.events(run.id)] == ["run.started", "b"]

    def test_a_table_that_is_gone_is_reported(self, postgres, url, journal):
        """Somebody tidied up too much."""
        run = journal.start()
        postgres.sql(f"DROP TABLE {schema_of(url)}.events")

        with pytest.raises(JournalCorrupt, match="not what they should be"):
            run.record("a", {})

    def test_a_name_that_postgresql_cannot_hold_is_refused(self, journal):
        """Its texts hold no NUL; the run goes on."""
        run = journal.start()
        with pytest.raises(Unstorable, match="0x00"):
            run.record("a\0b", {})
        run.record("c", {"text": "a\0b"})

        assert journal.events(run.id)[-1].data == {"text": "a\0b"}

    def test_more_than_a_message_can_hold_is_refused(self, journal, monkeypatch):
        """Before it is sent, since the server would hang up."""
        monkeypatch.setattr("victor_nb.journal.postgres_blobs.MOST_BYTES", 10_000)
        run = journal.start()

        with pytest.raises(Unstorable, match="more than PostgreSQL takes"):
            run.step_sync("s", lambda: os.urandom(100_000))

    def test_an_interrupt_while_the_server_is_slow_leaves_a_run_that_goes_on(self, postgres, url, journal):
        """Ctrl-C ends the wait; whether the event arrived is found out."""
        run = journal.start()
        schema = schema_of(url)
        postgres.sql(
            f"""CREATE FUNCTION {schema}.doze() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$""",
            f"CREATE TRIGGER dozing BEFORE INSERT ON {schema}.events EXECUTE FUNCTION {schema}.doze()",
        )

        def interrupt():
            query = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = 'victor-nb'"
            while not postgres.sql(query):
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        pressing = threading.Thread(target=interrupt)
        pressing.start()
        with pytest.raises(KeyboardInterrupt):
            run.record("a", {})
        pressing.join()
        postgres.sql(f"DROP TRIGGER dozing ON {schema}.events")
        run.record("b", {})

        assert [event.type for event in journal.events(run.id)] == ["run.started", "b"]


class TestContents:
    """Large values, and many at once."""

    def test_a_large_value_is_stored_once_beside_the_events(self, postgres, url, journal):
        """Also by runs that hold it at the same time."""
        huge = os.urandom(2_000_000)
        with ThreadPoolExecutor(3) as pool:
            runs = [journal.start() for _ in range(3)]
            list(pool.map(lambda run: run.step_sync("huge", lambda: huge), runs))

        events = [journal.events(run.id, types=["step.finished"])[0] for run in runs]
        assert all(len(event.raw) < 300 for event in events)
        assert [journal.load(event.data["result"]) for event in events] == [huge] * 3
        assert postgres.sql(f"SELECT count(*) FROM {schema_of(url)}.blobs") == [(1,)]

    def test_threads_of_many_runs_share_a_few_connections(self, postgres, journal):
        """A hundred threads do not ask the server for a hundred connections."""
        before = len(postgres.backends())

        def work(number):
            with journal.start(name=str(number)) as run:
                for _ in range(5):
                    run.step_sync("s", lambda: number)

        with ThreadPoolExecutor(32) as pool:
            list(pool.map(work, range(64)))

        assert len(postgres.backends()) - before < 8
        assert len(journal.runs(limit=100)) == 64
        assert journal.stats()["rows"] == 64 * 6

    def test_what_comes_together_is_committed_together(self, journal):
        """A fan-out of a hundred tasks costs a few transactions."""
        import asyncio

        async def main(run):
            async def body():
                await asyncio.sleep(0)

            await asyncio.gather(*(run.step("s", body, inputs=number) for number in range(100)))

        run = journal.start()
        before = journal.stats()["appends"]
        asyncio.run(main(run))

        assert journal.stats()["appends"] - before < 5
        assert len(journal.events(run.id, types=["step.finished"])) == 100


class TestOwners:
    """Leases between machines, in the server's time."""

    def with_clock(self, postgres, schema, ahead_s):
        """A journal on a machine whose clock is wrong."""
        from victor_nb.journal.postgres import PostgresStore

        def clock():
            return time.time() + ahead_s

        return Journal(PostgresStore(postgres.url(schema), clock=clock), clock=clock)

    @pytest.mark.parametrize("ahead_s", [-3600, 0, 3600])
    def test_a_wrong_clock_neither_steals_a_run_nor_keeps_one(self, postgres, url, ahead_s):
        """A living owner elsewhere keeps its run, and one whose lease has run out loses it, whoever looks."""
        schema = schema_of(url)
        far = replace(Owner.here(), host="elsewhere").written()
        with self.with_clock(postgres, schema, 600) as theirs, self.with_clock(postgres, schema, ahead_s) as ours:
            run = theirs.start()
            now = theirs.clock()
            assert theirs.store.swap_owner(run.id, theirs.find(run.id).owner, far, now + 15, now)
            with pytest.raises(RunInUse, match="on elsewhere"):
                ours.resume(run.id)
            assert theirs.store.swap_owner(run.id, far, far, now - 1, now)
            ours.resume(run.id).finish()

    def test_renewing_follows_the_servers_clock(self, postgres, url):
        """Each renewal counts from the server's now."""
        schema = schema_of(url)
        with self.with_clock(postgres, schema, 3600) as journal:
            run = journal.start()
            postgres.sql(f"UPDATE {schema}.runs SET lease_until = 0")
            journal._leases.renew()
            [(left_s,)] = postgres.sql(f"SELECT lease_until - extract(epoch FROM now())::float8 FROM {schema}.runs")

            assert 5 < left_s < 16
            run.finish()

    def test_of_two_that_take_over_one_gets_it(self, url):
        """The other is told who did."""
        with open_journal(url) as one, open_journal(url) as other:
            run = one.start()
            one.release(run.id)
            info = other.find(run.id)
            first = one.resume(run.id)
            with pytest.raises(RunInUse):
                other._leases.take_over(info)
            first.finish()

    def test_an_owner_that_lost_its_run_cannot_write(self, url):
        """Two events cannot have one number."""
        with open_journal(url) as first, open_journal(url) as second:
            old = first.start()
            first.release(old.id)
            second.resume(old.id)

            with pytest.raises(LeaseLost, match="taken over by another process"):
                old.step_sync("s", lambda: 1, effect=Effect.EFFECT)

    def test_an_id_is_given_once(self, url):
        """A run that is there is never written over."""
        with open_journal(url) as journal:
            run = journal.start()
            with pytest.raises(JournalError, match="already"):
                journal.store.create_run(
                    replace(run.info, owner="x"), "key", [Row(1, 0.0, "run.started", "", "", b"{}")], {}
                )


WRITER = """
import sys
from victor_nb.journal import open_journal
journal = open_journal(sys.argv[1])
run = journal.start("writer", sys.argv[2])
for number in range(300):
    run.record("note", {"number": number})
run.finish()
print(run.id)
"""


def test_processes_that_write_at_once_lose_nothing(url):
    """All events are there, in order a run."""
    with ThreadPoolExecutor(5) as pool:
        command = [sys.executable, "-c", WRITER, url]
        done = list(pool.map(lambda n: subprocess.run([*command, str(n)], capture_output=True, text=True), range(5)))
    assert [one.stderr for one in done] == [""] * 5

    with open_journal(url) as journal:
        for one in done:
            numbers = [event.data["number"] for event in journal.events(one.stdout.strip(), types=["note"])]
            assert numbers == list(range(300))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_uses_connections_of_its_own(url, journal):
    """The child is refused its parent's run, its own runs work, and the parent's connections live on."""
    run = journal.start(name="parent's")
    run.record("before", {})
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            try:
                run.record("from the child", {})
            except LeaseLost:
                with journal.start(name="child's") as own:
                    own.step_sync("s", lambda: 1)
                journal.close()
                code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    run.record("after", {})
    run.finish()

    assert os.waitstatus_to_exitcode(status) == 0
    assert [event.type for event in journal.events(run.id)] == ["run.started", "before", "after", "run.finished"]
    assert {info.name for info in journal.runs()} == {"parent's", "child's"}


def test_a_closed_journal_says_so_and_leaves_no_connection(postgres, url):
    """Its connections are gone from the server."""
    before = postgres.backends()
    journal = open_journal(url)
    journal.start().finish()
    journal.close()

    with pytest.raises(JournalUnavailable, match="has been closed"):
        journal.runs()
    while set(postgres.backends()) - set(before):
        time.sleep(0.01)  # the server takes a moment to notice


def test_a_journal_that_is_forgotten_leaves_no_connection(postgres, url):
    """Not everybody closes what they open."""
    before = postgres.backends()
    open_journal(url).start().finish()
    gc.collect()

    while set(postgres.backends()) - set(before):
        time.sleep(0.01)  # the server takes a moment to notice
