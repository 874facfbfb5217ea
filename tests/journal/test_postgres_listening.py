"""Readers of a run that another process executes: told by the server, and asking where it cannot tell."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tests.support import postgres as postgres_server
from tests.support.require import library
from victor_nb.journal import open_journal, subscription

psycopg = library("psycopg", extra="postgres")


@pytest.fixture
def pair(postgres):
    """Two journals at one place, as two processes would open them: one writes, one reads."""
    url = postgres.url()
    with open_journal(url) as writing, open_journal(url) as reading:
        yield writing, reading


@pytest.fixture
def never_ask(monkeypatch):
    """Readers do not ask by themselves, so whatever they hear they were told."""
    monkeypatch.setattr(subscription, "POLL_S", 3600.0)
    monkeypatch.setattr(subscription, "RARE_POLL_S", 3600.0)


def until_live(stream):
    """Let the server learn that somebody listens."""
    while stream._watch is None or not stream._watch.is_live:
        time.sleep(0.005)


def test_a_reader_elsewhere_is_told_of_each_event(pair, never_ask):
    """Also of those that came between its look at the past and the server's word that it will tell."""
    writing, reading = pair
    run = writing.start()
    stream = reading.subscribe(run.id)
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(event.type for event in stream))
    reader.start()
    run.record("a", {})
    until_live(stream)
    run.record("b", {})
    run.finish()
    reader.join(30)

    assert seen == ["run.started", "a", "b", "run.finished"]


def test_an_async_reader_elsewhere_is_told(pair, never_ask):
    """On its own event loop."""
    writing, reading = pair
    run = writing.start()
    stream = reading.subscribe(run.id)

    async def read():
        return [event.type async for event in stream]

    def write():
        until_live(stream)
        run.record("a", {})
        run.finish()

    writer = threading.Thread(target=write)
    writer.start()
    assert asyncio.run(asyncio.wait_for(read(), 30)) == ["run.started", "a", "run.finished"]
    writer.join()


def test_who_may_only_read_is_told_too(postgres, never_ask):
    """Watching takes no right to write."""
    url = postgres.url()
    with open_journal(url) as writing, open_journal(f"{url}&mode=ro") as reading:
        run = writing.start()
        with reading.subscribe(run.id, after=1) as stream:
            assert stream.next(0.001) is None
            until_live(stream)
            run.finish()

            assert stream.next(30).type == "run.finished"


def test_a_reader_in_the_writers_process_needs_no_server(postgres, pair, never_ask):
    """It hears every event as it is committed, and costs the writer nothing."""
    writing, _ = pair
    run = writing.start()
    with writing.subscribe(run.id, after=1) as stream:
        threading.Timer(0.05, run.finish).start()

        assert stream.next(30).type == "run.finished"
        assert stream._watch is None


def test_a_run_that_nobody_watches_tells_nobody(postgres, pair):
    """A notification would hold a lock of the whole server until its transaction is on the disk."""
    writing, reading = pair
    run = writing.start()
    with psycopg.connect(postgres.url().partition("&schema")[0], autocommit=True) as ear:
        ear.execute("LISTEN victor_nb")
        run.record("a", {})
        run.step_sync("s", lambda: b"x" * 100_000)
        assert not list(ear.notifies(timeout=0.1))

        with reading.subscribe(run.id, after=run._log.seq) as stream:
            assert stream.next(0.01) is None
            until_live(stream)
            run.record("b", {})
            assert list(ear.notifies(timeout=10, stop_after=1))
        while postgres.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"):
            time.sleep(0.005)  # the server takes a moment to notice that nobody listens any more
        run.record("c", {})
        assert not list(ear.notifies(timeout=0.1))


def test_many_readers_of_many_runs_share_one_connection(postgres, pair, never_ask):
    """Whoever closes is forgotten, and the connection goes with the last."""
    writing, reading = pair
    runs = [writing.start() for _ in range(3)]
    before = len(postgres.backends())
    streams = [reading.subscribe(run.id, after=1) for run in runs for _ in range(3)]
    for stream in streams:
        assert stream.next(0.001) is None
    for stream in streams:
        until_live(stream)
    assert len(postgres.backends()) == before + 1
    for run in runs:
        run.record("a", {})
    assert [stream.next(30).type for stream in streams] == ["a"] * 9
    for stream in streams:
        stream.close()
    while reading.store._listening._thread is not None:
        time.sleep(0.005)

    with reading.subscribe(runs[0].id, after=2) as again:
        assert again.next(0.001) is None
        until_live(again)
        runs[0].finish()
        assert again.next(30).type == "run.finished"


def test_a_reader_asks_while_the_server_cannot_tell(postgres, pair, monkeypatch):
    """Without a listening connection events are late, and never lost."""
    writing, reading = pair
    monkeypatch.setattr(subscription, "RARE_POLL_S", 3600.0)
    monkeypatch.setattr(reading.store._listening, "_listen", lambda: None)
    run = writing.start()
    stream = reading.subscribe(run.id)
    threading.Timer(0.05, run.finish).start()

    assert [event.type for event in stream] == ["run.started", "run.finished"]


def test_a_reader_outlives_a_server_that_falls(monkeypatch):
    """It listens again as soon as the server is back."""
    monkeypatch.setattr("victor_nb.journal.postgres_listening.TRY_AGAIN_S", 0.02)
    for cluster in postgres_server.running():
        url = cluster.url()
        with open_journal(url) as writing, open_journal(url) as reading:
            run = writing.start()
            stream = reading.subscribe(run.id, after=1)
            assert stream.next(0.001) is None
            until_live(stream)
            watch = stream._watch
            cluster.stop("immediate")
            while watch.is_live:
                time.sleep(0.005)
            cluster.start()
            until_live(stream)
            monkeypatch.setattr(subscription, "RARE_POLL_S", 3600.0)
            run.record("a", {})

            assert stream.next(30).type == "a"
            stream.close()


def test_closing_a_journal_ends_its_listening(postgres):
    """Also while somebody still reads."""
    url = postgres.url()
    with open_journal(url) as writing, open_journal(url) as reading:
        run = writing.start()
        stream = reading.subscribe(run.id, after=1)
        assert stream.next(0.001) is None
        until_live(stream)
    assert not [thread for thread in threading.enumerate() if thread.name == "victor-journal-listen"]
