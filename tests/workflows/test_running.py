"""Running from everywhere: inside nodes, beside others, interrupted, with a journal that is gone."""

from __future__ import annotations

import asyncio
import operator
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, TypedDict

import pytest

from victor_nb import START, Agent, Workflow, current_step, open_journal
from victor_nb.errors import UsageError
from victor_nb.journal import JournalError, RunFinished, RunInUse
from victor_nb.workflows import NodeFailed, StepLimitReached, current_runtime

PROGRAM = Path(__file__).parent / "interrupted.py"


class State(TypedDict, total=False):
    x: int
    names: Annotated[list[str], operator.add]


def one(name: str, action, **options) -> Workflow:
    return Workflow(State, "one").add_node(name, action, **options).add_edge(START, name)


@pytest.mark.parametrize("face", ["run_sync", "run"])
def test_an_ordinary_node_may_run_another_workflow_to_its_end(journal, face):
    """Without awaiting anything; it is a part of the run, whichever face runs it."""
    inner = one("inside", lambda state: {"names": ["inner"]})
    wf = one("call", lambda state: {"names": inner.run_sync({}).state["names"]})

    result = wf.run_sync({}, journal=journal) if face == "run_sync" else asyncio.run(wf.run({}, journal=journal))

    assert result.state["names"] == ["inner"]
    assert len(journal.runs()) == 1
    assert wf.run_sync({}, journal=journal, replay="strict").state == result.state


def test_an_ordinary_node_may_ask_an_agent(journal):
    """The agent's requests are below the node."""
    wf = one("ask", lambda state: {"names": [Agent("helper").run_sync("2 + 2?").text]})

    result = wf.run_sync({}, journal=journal)

    models = [e for e in journal.events(result.run_id, types=("step.finished",)) if e.data["kind"] == "model"]
    assert [event.parent_id for event in models] == ["1/ask"]


def test_several_runs_share_an_event_loop(journal):
    """Neither knows of the other."""

    async def work(state, runtime):
        await asyncio.sleep(0)
        return {"names": [f"{state['x']}"]}

    async def all_of_them():
        return await asyncio.gather(*(one("work", work).run({"x": n}, journal=journal) for n in range(10)))

    assert [result.state["names"] for result in asyncio.run(all_of_them())] == [[str(n)] for n in range(10)]


def test_ordinary_nodes_do_not_hold_up_the_event_loop_of_an_awaiting_caller(journal):
    """They run in threads there, with their run, step and runtime."""

    async def main():
        is_free = asyncio.Event()
        loop = asyncio.get_running_loop()

        def work(state):
            asyncio.run_coroutine_threadsafe(_set(is_free), loop).result(10)
            step = current_step()
            assert step is not None
            return {"names": [step.id, current_runtime().node]}

        return (await one("work", work).run({}, journal=journal)).state["names"]

    assert asyncio.run(main()) == ["1/work", "work"]


async def _set(event: asyncio.Event) -> None:
    event.set()


def test_ctrl_c_reaches_a_node_at_once_and_leaves_a_run_that_goes_on(tmp_path):
    """Its finished nodes are not called again."""
    url = f"sqlite:///{tmp_path / 'victor.db'}"
    program = subprocess.Popen([sys.executable, PROGRAM, url], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert [program.stdout.readline(), program.stdout.readline()] == ["first\n", "waits\n"]
    program.send_signal(signal.SIGINT)
    told, _ = program.communicate(timeout=30)
    assert told == "interrupted\n"

    with open_journal(url) as journal:
        (info,) = journal.runs()
    assert info.status == "stopped"
    again = subprocess.run([sys.executable, PROGRAM, url, info.run_id], capture_output=True, text=True, check=True)
    assert again.stdout == "{'first': True, 'second': True}\n"


def test_a_cancelled_run_is_stopped_and_goes_on(journal):
    """Awaiting callers cancel the task."""
    waits = [True]

    async def wait(state):
        if waits:
            reached.set()
            await asyncio.Event().wait()
        return {"names": ["done"]}

    wf = one("wait", wait)

    async def cancel():
        task = asyncio.create_task(wf.run({}, journal=journal))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    reached = asyncio.Event()
    asyncio.run(cancel())
    waits.clear()

    assert journal.runs()[0].status == "stopped"
    assert wf.run_sync(run_id="last", journal=journal).state["names"] == ["done"]


def test_a_run_is_executed_by_one_at_a_time(journal):
    """Another execution is told who has it; a finished run is not executed at all."""
    wf = one("again", lambda state, runtime: wf.run_sync(run_id=runtime.run_id, journal=runtime.run.journal) and None)

    with pytest.raises(RunInUse):
        wf.run_sync({}, journal=journal)

    done = one("a", lambda state: None).run_sync({}, journal=journal)
    with pytest.raises(RunFinished):
        one("a", lambda state: None).run_sync(run_id=done.run_id, journal=journal)


def test_a_run_that_goes_on_takes_no_other_input(journal):
    """The same one may be given again."""
    fails = [True]
    wf = one("work", lambda state: {"x": 1 // 0} if fails else {"x": 2})
    with pytest.raises(NodeFailed):
        wf.run_sync({"x": 1}, journal=journal)
    fails.clear()

    with pytest.raises(UsageError, match="was started with another input"):
        wf.run_sync({"x": 5}, run_id="last", journal=journal)
    assert wf.run_sync({"x": 1}, run_id="last", journal=journal).state["x"] == 2


def test_a_cycle_inside_a_sub_workflow_is_bounded_too(journal):
    """Each graph may take so many supersteps."""
    inner = one("turn", lambda state: {"x": 1}).add_edge("turn", "turn")

    with pytest.raises(StepLimitReached, match="took 7 supersteps"):
        one("inner", inner).run_sync({}, journal=journal, max_steps=7)


def test_a_journal_that_goes_away_ends_the_run_and_says_so(tmp_path):
    """Nothing goes on unrecorded."""
    journal = open_journal(f"sqlite:///{tmp_path / 'victor.db'}")
    calls = []

    def close(state):
        journal.store.close()

    wf = Workflow(State).add_node(close).add_node("never", lambda state: calls.append(1))
    wf.add_edge(START, "close").add_edge("close", "never")

    with pytest.raises(JournalError):
        wf.run_sync({}, journal=journal)
    assert calls == []


@pytest.mark.parametrize("options", [{"max_steps": 0}, {"max_concurrency": -1}])
def test_a_limit_that_is_none_is_refused(options, journal):
    """A programmer's mistake."""
    with pytest.raises(ValueError, match="must be a number above 0"):
        one("a", lambda state: None).run_sync({}, journal=journal, **options)


def test_an_unknown_option_is_told_with_those_there_are(journal):
    """Not swallowed."""
    with pytest.raises(TypeError, match="has no option 'max_step'"):
        one("a", lambda state: None).run_sync({}, journal=journal, max_step=1)


def test_a_journal_may_be_named_by_its_url(tmp_path):
    """It is opened once and stays open."""
    url = f"sqlite:///{tmp_path / 'named.db'}"

    run_id = one("a", lambda state: None).run_sync({}, journal=url).run_id

    with open_journal(url) as journal:
        assert journal.find(run_id).is_finished
