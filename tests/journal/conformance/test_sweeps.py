"""Reading the whole journal: where every run stands, and the events of many runs at once; whatever the store."""

from __future__ import annotations

import pytest


def two_runs(journal) -> list[str]:
    """A finished run with a step, and one that goes on."""
    with journal.start("agent", "poet") as first:
        first.step_sync("write", lambda: "a verse", kind="tool")
    second = journal.start("workflow", "review")
    second.step_sync("read", lambda: 1, kind="node")
    return [first.id, second.id]


def test_heads_tell_where_every_run_stands(journal):
    """Kind, name, status and the number of the last event, oldest run first."""
    ids = two_runs(journal)

    heads = journal.store.heads(0)

    assert [(head.run_id, head.kind, head.name, head.status) for head in heads] == [
        (ids[0], "agent", "poet", "finished"),
        (ids[1], "workflow", "review", "running"),
    ]
    assert [head.newest for head in heads] == [len(journal.events(run_id)) for run_id in ids]
    assert heads[0].number < heads[1].number
    assert journal.is_live(journal.find(ids[1]))
    assert abs(heads[1].lease_until - journal.find(ids[1]).lease_until) < 1


def test_heads_after_a_number_come_with_those_that_are_asked_for(journal):
    """Who knows the finished runs asks only for new ones, and for those that can still change."""
    two_runs(journal)
    first, second = journal.store.heads(0)

    assert journal.store.heads(second.number) == []
    assert [head.run_id for head in journal.store.heads(first.number)] == [second.run_id]
    assert [head.run_id for head in journal.store.heads(second.number, [first.number])] == [first.run_id]


def test_a_sweep_gives_the_results_of_many_runs_and_events_of_other_types(journal):
    """Results are joined to be decoded at once; each run's events are in their order."""
    ids = two_runs(journal)
    first, second = (head.number for head in journal.store.heads(0))

    one, other = journal.store.sweep(first, second, ["run.started", "run.finished"], after=0, through=2**62)

    stored = journal.events(ids[0], types=["step.finished"])
    assert (one.number, other.number) == (first, second)
    assert bytes(one.results) == b",".join(event.raw for event in stored)
    assert one.times == pytest.approx([event.time for event in stored], abs=0.002)
    assert [type for _, type, _ in one.others] == ["run.started", "run.finished"]
    assert [type for _, type, _ in other.others] == ["run.started"]
    assert bytes(one.others[0][2]) == journal.events(ids[0])[0].raw


def test_a_sweep_may_leave_out_what_is_known_and_what_is_newer(journal):
    """Who counted up to an event goes on after it, and stops where the head stood that was read before."""
    two_runs(journal)
    first, second = journal.store.heads(0)

    known = journal.store.sweep(first.number, second.number, ["run.started"], after=first.newest, through=2**62)
    began = journal.store.sweep(second.number, second.number, ["run.started"], after=0, through=1)

    assert known == []
    assert [(swept.number, swept.times, len(swept.others)) for swept in began] == [(second.number, [], 1)]


def test_bodies_of_any_text_come_through_a_sweep(journal):
    """Quotes, brackets and every script."""
    with journal.start("agent", "poet") as run:
        run.step_sync("write", lambda: """["',] ä 日本 \x00 {""", kind="tool")
        run.record("note.made", {"text": """],["'"""})
    number = journal.store.heads(0)[0].number

    (swept,) = journal.store.sweep(number, number, ["note.made"], after=0, through=2**62)

    stored = journal.events(run.id, types=["step.finished", "note.made"])
    assert [bytes(swept.results), bytes(swept.others[0][2])] == [event.raw for event in stored]


def test_a_journal_knows_how_much_room_it_takes(journal):
    """More with more in it; of a file or a server what the tables take."""
    before = journal.store.size_bytes()
    with journal.start() as run:
        for number in range(400):
            run.step_sync(f"step {number}", lambda: "x" * 1000)

    assert journal.store.size_bytes() > before
