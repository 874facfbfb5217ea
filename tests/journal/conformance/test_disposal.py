"""Runs that leave a journal: whole, at one stroke, and only if nothing came between; whatever the store."""

from __future__ import annotations

import sqlite3

import pytest
from msgspec.structs import replace

from victor_nb.insight import metrics
from victor_nb.journal import RunNotFound, open_journal
from victor_nb.journal.disposal import names_in
from victor_nb.journal.rows import Row
from victor_nb.journal.sqlite import SqliteStore

LONG = "a long text " * 10_000


def finished(journal, name="poet", result="a verse"):
    """A finished run with one step."""
    with journal.start("agent", name) as run:
        run.step_sync("write", lambda: result, kind="tool")
        run.finish(result)
    return run.id


def head_of(journal, run_id):
    """Where a run stands."""
    return next(head for head in journal.store.heads(0) if head.run_id == run_id)


def clear(journal):
    """Delete the events of runs that are gone."""
    disposal = journal.store.disposal
    for number in disposal.orphans():
        while disposal.clear(number, 1):
            pass


def test_a_run_leaves_with_everything_that_belongs_to_it(journal):
    """It is not found, its events are cleared away, the others stay; what is remembered is there instead."""
    gone, stays = finished(journal), finished(journal)
    journal.signal(gone, "stop")

    assert journal.store.disposal.remove([head_of(journal, gone)], b"remembered") == []

    with pytest.raises(RunNotFound):
        journal.find(gone)
    clear(journal)
    assert journal.store.disposal.orphans() == []
    assert journal.events(gone) == []
    assert journal.store.take_mail(gone) == []
    assert journal.result(stays) == "a verse"
    remains = journal.store.disposal.remains(0)
    assert [summary.content for summary in remains.summaries] == [b"remembered"]
    assert remains.numbers == {head_of(journal, stays).number}
    assert journal.store.disposal.remains(remains.generation) is None


def test_the_number_of_a_run_is_never_given_again(journal):
    """What is left of a run that was the newest does not become part of the next one."""
    gone = head_of(journal, finished(journal))
    journal.store.disposal.remove([gone], b"")

    new = head_of(journal, finished(journal))

    assert new.number > gone.number
    assert [event.seq for event in journal.events(new.run_id)] == [1, 2, 3]
    clear(journal)
    assert len(journal.events(new.run_id)) == 3


@pytest.mark.parametrize("change", ["resumed", "pinned", "built on"])
def test_a_run_that_changed_since_it_was_looked_at_stays(journal, change):
    """Nothing at all is removed then, and the number of that run is told."""
    other = head_of(journal, finished(journal))
    with journal.start("agent", "poet") as run:
        run.step_sync("write", lambda: 1, kind="tool")
        run.stop("interrupt")
    head = head_of(journal, run.id)
    if change == "resumed":
        journal.resume(run.id).stop("interrupt")
    elif change == "pinned":
        assert journal.store.disposal.pin(run.id, 0.0)
    else:
        journal.fork(run.id, 2, type="run.forked")

    assert journal.store.disposal.remove([other, head], b"") == [head.number]

    assert journal.find(run.id)
    assert journal.find(other.run_id)
    assert journal.store.disposal.remains(0) is None


def test_a_run_may_leave_together_with_those_that_are_built_on_it(journal):
    """A whole line goes at one stroke."""
    parent = finished(journal)
    child = journal.fork(parent, 2, type="run.forked").run_id

    assert journal.store.disposal.children() == {parent: frozenset({child})}
    assert journal.store.disposal.remove([head_of(journal, parent), head_of(journal, child)], b"") == []
    assert journal.runs() == []


def test_nothing_can_be_built_on_a_run_that_has_left(journal):
    """Whoever found it before is told, and no run is made that lacks its past."""
    parent = finished(journal)
    info = journal.find(parent)
    journal.store.disposal.remove([head_of(journal, parent)], b"")

    late = replace(info, run_id=f"{parent}-late", parent=parent, through=2)
    with pytest.raises(RunNotFound, match="was removed meanwhile"):
        journal.store.create_run(late, "", [Row(1, 0.0, "run.started", "", "", b"{}")], {})

    assert journal.runs() == []


def test_pins_come_and_go(journal):
    """Only a run that is there can be pinned."""
    run_id, disposal = finished(journal), journal.store.disposal

    assert disposal.pin(run_id, 1.0)
    assert disposal.pin(run_id, 2.0)
    assert disposal.pinned() == {run_id}
    assert (disposal.unpin(run_id), disposal.unpin(run_id)) == (True, False)
    assert not disposal.pin("nobody", 1.0)
    assert disposal.pinned() == frozenset()


def test_summaries_are_merged_once(journal):
    """One takes the place of several; who comes too late changes nothing."""
    disposal = journal.store.disposal
    for content in (b"one", b"two"):
        disposal.remove([head_of(journal, finished(journal))], content)
    old = [summary.number for summary in disposal.remains(0).summaries]

    assert disposal.merge(old, b"both")
    assert not disposal.merge(old, b"twice")
    assert [summary.content for summary in disposal.remains(0).summaries] == [b"both"]


def test_blobs_are_known_by_what_refers_to_them(journal):
    """Events and requests name what they need; sizes and weights are those of what is stored."""
    run_id = finished(journal, result=LONG)
    with journal.start("agent", "poet", {"prompt": LONG[1:]}) as run:
        run.finish()
    disposal, number = journal.store.disposal, head_of(journal, run_id).number

    referring = list(disposal.referring(1, number + 1, after=0, through=100))

    assert {name for _, raw in referring for name in names_in(raw)} == set(disposal.blobs())
    assert len(disposal.blobs()) == 2
    assert {one for one, _ in referring} == {number, number + 1}
    assert list(disposal.referring(number, number, after=3, through=100)) == []
    assert disposal.weights(number, number)[number] >= sum(len(event.raw) for event in journal.events(run_id))


def test_blobs_that_nothing_refers_to_can_be_dropped(journal):
    """They are counted; what is dropped is gone."""
    run_id = finished(journal, result=LONG)
    disposal, head = journal.store.disposal, head_of(journal, run_id)
    disposal.remove([head], b"")
    clear(journal)
    (name,) = disposal.blobs()

    count, size = disposal.drop_blobs([name], head.number, {})

    assert count == 1
    assert size > 0
    assert disposal.blobs() == {}


@pytest.mark.parametrize("where", ["a new run", "its request", "a run that goes on"])
def test_a_blob_that_was_written_of_since_is_not_dropped(journal, where):
    """Nothing is done, whatever else was to be dropped with it."""
    disposal = journal.store.disposal
    running = journal.start("agent", "poet")
    other = head_of(journal, finished(journal, result=LONG))
    disposal.remove([other], b"")
    clear(journal)
    (name,) = disposal.blobs()
    seen = {head_of(journal, running.id).number: 1}
    if where == "a new run":
        finished(journal, result=LONG)
    elif where == "its request":
        journal.start("agent", "poet", {"prompt": LONG})
    else:
        running.step_sync("write", lambda: LONG, kind="tool")

    assert disposal.drop_blobs([name], other.number, seen) is None
    assert name in disposal.blobs()


def test_who_relies_on_a_blob_that_is_dropped_at_that_moment_writes_it_anew(journal, monkeypatch):
    """Between the look whether it is there and the writing it goes: the event is stored with it all the same."""
    if journal.url == "memory:":
        return  # one lock, no moment between
    finished(journal, result=LONG)
    ours = journal.start("agent", "poet")
    store, disposal = journal.store, journal.store.disposal
    names = list(disposal.blobs())
    where, name = (store.file, "transaction") if isinstance(store, SqliteStore) else (store, "_write")
    original, is_first = getattr(where, name), [True]

    def late(*arguments):
        if is_first.pop() if is_first else False:
            disposal.drop_blobs(names, 2**40, {})
            assert disposal.blobs() == {}
        return original(*arguments)

    monkeypatch.setattr(where, name, late)
    ours.step_sync("write", lambda: LONG, kind="tool")
    ours.finish(LONG)

    assert list(disposal.blobs()) == names
    assert journal.result(ours.id) == LONG


def test_a_journal_of_the_first_format_gets_what_it_lacks(tmp_path):
    """Opened for writing it is brought up to date; for reading only it is read as it is."""
    path = tmp_path / "victor.db"
    with open_journal(f"sqlite:///{path}") as journal:
        run_id = finished(journal)
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE removals; DROP TABLE summaries; DROP TABLE pins; PRAGMA user_version = 1")
    connection.close()

    with open_journal(f"sqlite:///{path}?mode=ro") as journal:
        assert journal.store.disposal.remains(0) is None
        assert journal.store.disposal.pinned() == frozenset()
        assert metrics(journal=journal)["runs"].tolist() == [1]
    with open_journal(f"sqlite:///{path}") as journal:
        assert journal.store.disposal.remove([head_of(journal, run_id)], b"") == []
        assert finished(journal)


def test_a_journal_of_the_first_format_on_a_server_gets_what_it_lacks(postgres):
    """The same in PostgreSQL."""
    url = postgres.url()
    with open_journal(url) as journal:
        run_id = finished(journal)
        schema = journal.store.server.address.schema
    gone = ", ".join(f"{schema}.{table}" for table in ("removals", "summaries", "pins"))
    postgres.sql(f"DROP TABLE {gone}", f"DROP INDEX {schema}.runs_with_parent", f"UPDATE {schema}.journal SET format=1")

    with open_journal(f"{url}&mode=ro") as journal:
        assert journal.store.disposal.remains(0) is None
        assert journal.store.disposal.pinned() == frozenset()
    with open_journal(url) as journal:
        assert journal.store.disposal.remove([head_of(journal, run_id)], b"") == []
        assert journal.runs() == []


def test_free_room_of_a_file_is_given_back(tmp_path):
    """Page by page, until nothing is free; a file of an earlier version has to be written anew once."""
    path = tmp_path / "victor.db"
    with open_journal(f"sqlite:///{path}") as journal:
        text = "".join(map(chr, range(32, 2000))) * 500
        head = head_of(journal, finished(journal, result=[text[place:] for place in range(20)]))
        disposal, before = journal.store.disposal, journal.store.size_bytes()
        disposal.remove([head], b"")
        clear(journal)
        disposal.drop_blobs(list(disposal.blobs()), head.number, {})

        free = disposal.free_bytes()
        assert free > 100_000
        given = [*iter(disposal.give_back, 0)]

        assert sum(given) >= free
        assert disposal.free_bytes() == 0
        assert journal.store.size_bytes() == before - sum(given)
        assert path.stat().st_size == journal.store.size_bytes()


def test_a_file_that_cannot_give_back_is_written_anew(tmp_path):
    """Such a file says so, and can give back from then on."""
    path = tmp_path / "victor.db"
    with open_journal(f"sqlite:///{path}") as journal:
        journal.store.file.retried(lambda connection: connection.execute("PRAGMA auto_vacuum = NONE"))
        journal.store.file.retried(lambda connection: connection.execute("VACUUM"))
        disposal = journal.store.disposal
        assert disposal.give_back() is None

        disposal.rewrite()

        assert disposal.give_back() == 0
