"""The one writer of a run, when it is interrupted, forked or in company."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from victor_nb.journal import JournalFull, JournalUnreachable, LeaseLost, open_journal
from victor_nb.journal.journal import Journal
from victor_nb.journal.log import Entry
from victor_nb.journal.memory import MemoryStore


class Interrupting(MemoryStore):
    """A store whose user presses Ctrl-C while it writes: just before, or just after, it has committed."""

    def __init__(self):
        super().__init__()
        self.when = ""

    def append(self, run_id, rows, blobs, **options):
        when, self.when = self.when, ""
        if when == "before":
            raise KeyboardInterrupt
        super().append(run_id, rows, blobs, **options)
        if when == "after":
            raise KeyboardInterrupt


class Distant(MemoryStore):
    """A store behind a connection that breaks: before an append arrived, after it, or until it is mended."""

    def __init__(self):
        super().__init__()
        self.breaks, self.is_away = "", False

    def append(self, run_id, rows, blobs, **options):
        breaks, self.breaks = self.breaks, ""
        if breaks == "before" or self.is_away:
            raise JournalUnreachable("gone")
        super().append(run_id, rows, blobs, **options)
        if breaks == "after":
            raise JournalUnreachable("gone")

    def events(self, run_id, **options):
        if self.is_away:
            raise JournalUnreachable("gone")
        return super().events(run_id, **options)


class Blocking(MemoryStore):
    """A store that holds its next append until it is told to go on."""

    def __init__(self):
        super().__init__()
        self.is_blocking, self.entered, self.go_on = False, threading.Event(), threading.Event()

    def append(self, run_id, rows, blobs, **options):
        if self.is_blocking:
            self.is_blocking = False
            self.entered.set()
            assert self.go_on.wait(10)
        super().append(run_id, rows, blobs, **options)


@pytest.mark.parametrize(("when", "recorded"), [("before", ["b"]), ("after", ["a", "b"])])
def test_an_interrupt_while_committing_leaves_no_doubt_about_the_numbers(when, recorded):
    """Whether the commit had happened is found out before the next event; the run goes on without a gap."""
    store = Interrupting()
    journal = Journal(store)
    run = journal.start()
    store.when = when
    with pytest.raises(KeyboardInterrupt):
        run.record("a", {})

    run.record("b", {})

    assert [event.type for event in journal.events(run.id)] == ["run.started", *recorded]
    assert [event.seq for event in journal.events(run.id)] == list(range(1, len(recorded) + 2))


def test_an_interrupted_writer_does_not_hide_another_process():
    """What stands where our event should stand is compared: somebody else's event means that the run is lost."""
    store = Interrupting()
    journal, other = Journal(store), Journal(store)
    run = journal.start()
    store.when = "before"
    with pytest.raises(KeyboardInterrupt):
        run.record("a", {})
    journal.release(run.id)
    other.resume(run.id)

    with pytest.raises(LeaseLost, match="taken over"):
        run.record("b", {})


@pytest.mark.parametrize(("breaks", "recorded"), [("before", ["b"]), ("after", ["a", "b"])])
def test_a_connection_that_broke_while_committing_leaves_no_doubt_about_the_numbers(breaks, recorded):
    """Who wrote is told; whether it arrived is found out before the next event, so nobody takes it for a stranger's."""
    store = Distant()
    journal = Journal(store)
    run = journal.start()
    store.breaks = breaks
    with pytest.raises(JournalUnreachable):
        run.record("a", {})

    run.record("b", {})

    assert [event.type for event in journal.events(run.id)] == ["run.started", *recorded]


def test_an_event_that_was_refused_while_the_store_was_away_does_not_come_later():
    """What its writer takes for lost is lost, by every way of writing."""

    async def together(run):
        async def body(number):
            await asyncio.sleep(0)

        steps = (run.step("s", lambda n=n: body(n), inputs=n) for n in range(3))
        return await asyncio.gather(*steps, return_exceptions=True)

    store = Distant()
    journal = Journal(store)
    run = journal.start()
    store.is_away = True
    for _ in range(2):
        with pytest.raises(JournalUnreachable):
            run.record("lost", {})
    with pytest.raises(JournalUnreachable):
        run._log.write_all([Entry("lost", b"{}"), Entry("lost", b"{}")])
    assert {type(one) for one in asyncio.run(together(run))} == {JournalUnreachable}

    store.is_away = False
    run.record("b", {})

    assert [event.type for event in journal.events(run.id)] == ["run.started", "b"]


def test_events_that_wait_for_one_another_are_committed_together():
    """Threads that come while a commit is under way share the next one."""
    store = Blocking()
    journal = Journal(store)
    run = journal.start()
    store.is_blocking = True
    first = threading.Thread(target=run.record, args=("first", {}))
    first.start()
    assert store.entered.wait(10)
    waiting = [threading.Thread(target=run.record, args=(f"n{number}", {})) for number in range(5)]
    for thread in waiting:
        thread.start()
    while len(run._log._waiting) < 5:
        threading.Event().wait(0.001)
    before = store.stats()["appends"]
    store.go_on.set()
    for thread in (first, *waiting):
        thread.join()

    assert store.stats()["appends"] - before == 2
    assert len(journal.events(run.id)) == 7


def test_a_cancelled_step_whose_body_is_done_is_recorded(journal):
    """Cancelling while the group is committed does not lose what was done."""

    async def main(run):
        async def body():
            return "done"

        async def company():
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return "there"

        tasks = [asyncio.ensure_future(run.step("s", body)), asyncio.ensure_future(run.step("t", company))]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    run = journal.start()
    asyncio.run(main(run))
    names = {event.data["name"] for event in journal.events(run.id, types=["step.finished"])}

    assert names == {"s", "t"}


def test_a_store_that_fails_fails_every_task_of_the_turn():
    """No task waits for ever for a group that could not be committed."""
    store = Interrupting()
    journal = Journal(store)
    run = journal.start()

    def full(*_, **__):
        raise JournalFull("no room")

    async def main():
        async def body(number):
            await asyncio.sleep(0)
            return number

        store.append = full
        return await asyncio.gather(
            *(run.step("s", lambda n=n: body(n), inputs=n) for n in range(5)), return_exceptions=True
        )

    assert {type(one) for one in asyncio.run(main())} == {JournalFull}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_cannot_write_to_its_parents_run(tmp_path):
    """The child is refused, the parent never notices, and the child's own runs work."""
    url = f"sqlite:///{tmp_path}/victor.db"
    with open_journal(url) as journal:
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
        types = [event.type for event in journal.events(run.id)]
        assert types == ["run.started", "before", "after", "run.finished"]
        assert {info.name: str(info.status) for info in journal.runs()} == {
            "parent's": "finished",
            "child's": "finished",
        }
        assert journal.store.integrity() == []
