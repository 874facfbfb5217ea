"""Streams: who listens hears every event once, in order; whatever the store."""

from __future__ import annotations

import asyncio
import threading

from victor_nb.journal import Effect, open_journal


def test_a_listener_hears_events_after_they_were_committed(journal):
    """What a listener is told is in the journal already."""
    run = journal.start()
    heard = []
    disconnect = journal.listen(run.id, lambda event: heard.append((event.seq, len(journal.outline(run.id)))))
    run.record("a", {})
    run.record("b", {})
    disconnect()
    run.record("c", {})

    assert heard == [(2, 2), (3, 3)]


def test_a_listener_that_fails_is_dropped_and_the_run_goes_on(journal, caplog):
    """A view can never stop the run that it shows."""
    run = journal.start()
    journal.listen(run.id, lambda event: 1 / 0)

    run.record("a", {})
    run.record("b", {})

    assert len(journal.outline(run.id)) == 3
    assert "was dropped" in caplog.text


def test_what_is_only_live_is_heard_and_not_kept(journal):
    """Token deltas reach listeners and never the journal."""
    run = journal.start()
    heard = []
    journal.listen(run.id, heard.append)
    run.publish("model.delta", {"text": "Hel"})

    assert [(event.type, event.seq, event.data) for event in heard] == [("model.delta", 0, {"text": "Hel"})]
    assert [event.type for event in journal.events(run.id)] == ["run.started"]


def test_a_late_reader_sees_the_past_marked_replayed_and_the_present_not(journal):
    """The stream is the same whenever one joins it."""
    run = journal.start()
    run.record("old", {})
    with journal.subscribe(run.id) as stream:
        run.record("new", {})
        run.finish()
        seen = [(event.type, event.replayed) for event in stream]

    assert seen == [("run.started", True), ("old", True), ("new", False), ("run.finished", False)]


def test_a_reader_can_begin_where_it_had_stopped(journal):
    """Nothing is told twice."""
    run = journal.start()
    run.record("old", {})
    with journal.subscribe(run.id, after=2) as stream:
        run.finish()
        assert [event.type for event in stream] == ["run.finished"]


def test_an_async_reader_hears_another_thread(journal):
    """A view on an event loop follows a run on another one."""
    run = journal.start()

    async def read():
        return [event.type async for event in journal.subscribe(run.id)]

    writer = threading.Thread(target=lambda: (run.record("a", {}), run.finish()))
    writer.start()
    assert asyncio.run(read()) == ["run.started", "a", "run.finished"]
    writer.join()


def test_waiting_for_the_next_event_can_time_out(journal):
    """A reader that has other things to do is not held."""
    run = journal.start()
    stream = journal.subscribe(run.id, after=1)

    assert stream.next(timeout_s=0.0) is None
    stream.close()
    assert list(stream) == []


def test_a_reader_in_another_journal_object_follows_the_run(tmp_path):
    """A process that only shares the file sees each event, and the end."""
    url = f"sqlite:///{tmp_path}/victor.db"
    with open_journal(url) as writing, open_journal(url) as reading:
        run = writing.start()
        stream = reading.subscribe(run.id)
        run.record("a", {})
        threading.Timer(0.05, run.finish).start()

        assert [event.type for event in stream] == ["run.started", "a", "run.finished"]


def test_a_replay_shows_its_steps_again(journal):
    """Whoever watches a replay sees the steps as they were, marked."""
    with journal.start() as run:
        run.step_sync("s", lambda: 1, inputs={"q": 1}, effect=Effect.READ)
    heard = []
    journal.listen(run.id, heard.append)
    with journal.replay(run.id) as replay:
        replay.step_sync("s", lambda: 2, inputs={"q": 1}, effect=Effect.READ)

    assert [event.type for event in heard] == ["step.started", "step.finished", "run.finished"]
    assert all(event.replayed for event in heard)
    assert heard[0].data["inputs"] == {"q": 1}
