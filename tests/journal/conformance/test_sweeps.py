"""Reading the whole journal: where every run stands, and the events of many runs at once; whatever the store."""

from __future__ import annotations

from victor_nb.journal.store import Body


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


def test_bodies_are_events_of_some_types_of_many_runs(journal):
    """Each as it was stored, in the order of the runs and their numbers."""
    ids = two_runs(journal)
    first, second = (head.number for head in journal.store.heads(0))

    results = [Body._make(row) for row in journal.store.bodies(first, second, 0, ["step.finished"])]
    ends = [Body._make(row) for row in journal.store.bodies(first, second, 0, ["run.started", "run.finished"])]

    assert [body.number for body in results] == [first, second]
    stored = journal.events(ids[0], types=["step.finished"])[0]
    assert (results[0].seq, results[0].time, bytes(results[0].raw)) == (stored.seq, stored.time, stored.raw)
    assert [(body.number, body.type) for body in ends] == [
        (first, "run.started"),
        (first, "run.finished"),
        (second, "run.started"),
    ]
    assert journal.store.bodies(first, first, stored.seq, ["step.finished"]) == []
    assert journal.store.bodies(second + 1, second + 9, 0, ["run.started"]) == []


def test_a_journal_knows_how_much_room_it_takes(journal):
    """More with more in it; of a file or a server what the tables take."""
    before = journal.store.size_bytes()
    with journal.start() as run:
        for number in range(400):
            run.step_sync(f"step {number}", lambda: "x" * 1000)

    assert journal.store.size_bytes() > before
