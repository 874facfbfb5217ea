"""Runs: started, ended, found, resumed; whatever the store."""

from __future__ import annotations

import pytest

from victor_nb.errors import Resumable, UsageError
from victor_nb.journal import ReplayMiss, RunFinished, RunInUse, RunNotFound, Status, open_journal


def test_a_run_that_ends_its_block_is_finished(journal):
    """Leaving the block well finishes the run, and the journal says so."""
    with journal.start("agent", "analyst", {"prompt": "hi"}) as run:
        pass

    info = journal.find(run.id)
    assert (info.kind, info.name, info.status, info.request) == ("agent", "analyst", Status.FINISHED, {"prompt": "hi"})
    assert [event.type for event in journal.events(run.id)] == ["run.started", "run.finished"]


@pytest.mark.parametrize(
    ("failure", "status", "type_"),
    [
        (ValueError("no"), Status.FAILED, "run.failed"),
        (KeyboardInterrupt(), Status.STOPPED, "run.stopped"),
        (Resumable("enough"), Status.STOPPED, "run.stopped"),
    ],
)
def test_how_a_block_fails_decides_how_its_run_ends(journal, failure, status, type_):
    """An error fails the run; an interrupt and a resumable error only stop it."""
    with pytest.raises(type(failure)), journal.start() as run:
        raise failure

    assert journal.find(run.id).status is status
    assert journal.events(run.id)[-1].type == type_


def test_the_numbers_of_events_have_no_gaps(journal):
    """Events are numbered from one, in the order in which they were committed."""
    with journal.start() as run:
        for number in range(5):
            run.record("note", {"number": number})

    assert [event.seq for event in journal.events(run.id)] == list(range(1, 8))


def test_a_run_is_found_by_its_id_a_beginning_of_it_and_as_the_last(journal):
    """A person types as little as is clear."""
    with journal.start(name="first") as first:
        pass

    assert journal.find(first.id).name == "first"
    assert journal.find(first.id[:12]).run_id == first.id
    assert journal.find("last").run_id == first.id


def test_an_unknown_and_an_ambiguous_id_are_errors_that_say_so(journal):
    """What is not clear is not guessed."""
    with pytest.raises(RunNotFound, match="holds no run"):
        journal.find("last")
    journal.start().finish()
    journal.start().finish()
    with pytest.raises(RunNotFound, match="no run 'zzzz'"):
        journal.find("zzzz")
    with pytest.raises(RunNotFound, match="more than one"):
        journal.find(journal.runs()[0].run_id[:3])


def test_runs_are_listed_newest_first_and_filtered(journal):
    """The list is what a person would look at first."""
    for number in range(3):
        journal.start("agent", f"a{number}").finish()
    journal.start("workflow", "w").fail(ValueError("no"))

    assert [info.name for info in journal.runs()] == ["w", "a2", "a1", "a0"]
    assert [info.name for info in journal.runs(kind="agent", limit=2)] == ["a2", "a1"]
    assert [info.name for info in journal.runs(status=Status.FAILED)] == ["w"]
    assert [info.name for info in journal.runs(name="a1")] == ["a1"]


def test_a_finished_run_is_not_resumed(journal):
    """A finished run is replayed instead, and the error says how."""
    journal.start().finish()

    with pytest.raises(RunFinished, match="victor replay"):
        journal.resume("last")


def test_a_run_that_somebody_executes_is_not_resumed(journal):
    """Two executions of one run at a time would write over one another."""
    run = journal.start()

    with pytest.raises(RunInUse, match="is being executed by process"):
        journal.resume(run.id)
    assert journal.is_live(journal.find(run.id))
    run.stop("interrupt")
    assert not journal.is_live(journal.find(run.id))


def test_a_recording_is_found_by_what_was_asked(journal):
    """The newest finished run with the same request answers it, whatever the order of the keys."""
    journal.start("agent", "a", {"prompt": "x", "model": "m"}).finish()
    newest = journal.start("agent", "a", {"model": "m", "prompt": "x"})
    newest.finish()
    journal.start("agent", "a", {"prompt": "x", "model": "m"}).fail(ValueError("no"))

    assert journal.recorded("agent", "a", {"prompt": "x", "model": "m"}).run_id == newest.id


def test_a_missing_recording_is_explained_by_the_nearest(journal):
    """What was asked then and what is asked now are put side by side."""
    with pytest.raises(ReplayMiss, match="nothing is recorded for agent 'a'"):
        journal.recorded("agent", "a", {"prompt": "x"})
    journal.start("agent", "a", {"prompt": "x"}).finish()

    with pytest.raises(ReplayMiss, match="prompt: recorded 'x', now 'y'"):
        journal.recorded("agent", "a", {"prompt": "y"})


def test_mail_is_delivered_once_and_in_order(journal):
    """A stop or a decision reaches the run, whoever sends it."""
    run = journal.start()
    journal.signal(run.id, "approve", {"call_id": "c1"})
    journal.signal(run.id, "stop")

    assert run.take_signals() == [("approve", {"call_id": "c1"}), ("stop", {})]
    assert run.take_signals() == []


def test_an_old_stop_does_not_end_the_next_execution(journal):
    """Decisions wait for a resumed run; a stop that was meant for the one before does not."""
    run = journal.start()
    run.stop("interrupt")
    journal.signal(run.id, "stop")
    journal.signal(run.id, "deny", {"call_id": "c1"})

    assert journal.resume(run.id).take_signals() == [("deny", {"call_id": "c1"})]


def test_what_a_run_returned_can_be_read_back(journal):
    """The result of a finished run is a value, not its text."""
    journal.start().finish({"pair": (1, 2)})

    assert journal.result("last") == {"pair": (1, 2)}


def test_an_outline_has_every_event_and_no_body(journal):
    """Listing a long run reads none of what it stored."""
    with journal.start() as run:
        run.step_sync("a", lambda: "x" * 1000)

    assert [(event.type, event.data) for event in journal.outline(run.id)] == [
        ("run.started", {}),
        ("step.finished", {}),
        ("run.finished", {}),
    ]
    assert [event.type for event in journal.outline(run.id, last=1)] == ["run.finished"]


def test_events_can_be_asked_for_from_a_place_and_by_type(journal):
    """A reader that has seen some asks for the rest."""
    with journal.start() as run:
        run.record("note", {"n": 1})
        run.record("note", {"n": 2})

    assert [event.data["n"] for event in journal.events(run.id, types=["note"])] == [1, 2]
    assert [event.seq for event in journal.events(run.id, after=2)] == [3, 4]
    assert [event.seq for event in journal.events(run.id, last=2)] == [3, 4]
    assert journal.events(run.id, types=["unheard.of"]) == []


def test_an_unknown_kind_of_journal_is_refused():
    """The kinds of URL that work are named."""
    with pytest.raises(UsageError, match="Did you mean 'sqlite'"):
        open_journal("sqlit:///x.db")


def test_a_long_request_is_kept_beside_its_run(journal):
    """Listings stay light, a replay finds the run by the whole text, and a miss shows how it differs."""
    prompt = "".join(chr(97 + number * number % 26) for number in range(300_000))
    run = journal.start("agent", "a", {"prompt": prompt, "model": "m"})
    run.finish()

    info = journal.find(run.id)
    assert len(info.raw_request) < 1_000
    assert info.request["model"] == "m"
    assert journal.request(info) == {"prompt": prompt, "model": "m"}
    assert journal.recorded("agent", "a", {"model": "m", "prompt": prompt}).run_id == run.id
    with pytest.raises(ReplayMiss, match=r"prompt: recorded 'abejqz[\s\S]*300003 characters"):
        journal.recorded("agent", "a", {"prompt": prompt + "!", "model": "m"})
