"""The background thread: blocking runs anywhere, interrupts that clean up, stops from other processes."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import threading
import time

import pytest

from tests.agents.scripts import Script
from victor_nb.agents import Agent, RunStopped
from victor_nb.agents.agent import default_journal
from victor_nb.agents.background import run_blocking, submit
from victor_nb.tools import tool


def hanging() -> tuple[object, threading.Event, list[str]]:
    started, ended = threading.Event(), []

    @tool(effect="read")
    async def hang() -> None:
        """Never ends by itself."""
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    return hang, started, ended


def test_run_sync_works_without_and_inside_a_running_loop(journal):
    """A notebook cell has a loop already; the run lives on its own thread."""
    agent = Agent("a", Script("fine", "fine").model())

    async def cell() -> str:
        return agent.run_sync("again", journal=journal).text

    assert agent.run_sync("go", journal=journal).text == "fine"
    assert asyncio.run(cell()) == "fine"


def test_all_runs_share_one_daemon_thread(journal):
    """However many runs there are."""
    names = {submit(_thread_name()).result() for _ in range(3)}

    assert names == {("victor-agents", True)}


async def _thread_name() -> tuple[str, bool]:
    thread = threading.current_thread()
    return thread.name, thread.daemon


def test_an_interrupt_cancels_the_run_cleans_up_and_leaves_it_resumable(journal):
    """The caller gets its KeyboardInterrupt after the tool's clean-up; the run is stopped, not failed."""
    hang, started, ended = hanging()
    agent = Agent("a", Script([("hang", {})], "x").model(), [hang])

    def interrupt() -> None:
        started.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        agent.run_sync("go", journal=journal)

    assert ended == ["cleaned up"]
    info = journal.find("last")
    assert info.status == "stopped"
    assert journal.events(info.run_id, types=["run.stopped"])[0].data["reason"] == "interrupt"


def test_another_process_can_stop_a_run(journal):
    """A signal ends it within a quarter of a second or so; it can be resumed."""
    hang, started, ended = hanging()
    agent = Agent("a", Script([("hang", {})], "x").model(), [hang])
    work = submit(agent.run("go", journal=journal))
    assert started.wait(20)

    journal.signal("last", "stop", {"reason": "enough for today"})

    with pytest.raises(RunStopped, match="enough for today") as raised:
        work.result()
    run_id = journal.find("last").run_id
    assert f"victor resume {run_id}" in raised.value.hint
    assert ended == ["cleaned up"]
    assert journal.find(run_id).status == "stopped"
    assert journal.events(run_id, types=["run.stopped"])[0].data["reason"] == "stop"


def test_cancelled_work_ends_as_cancelled(journal):
    """Whoever waits is told."""
    from concurrent.futures import CancelledError

    hang, started, _ = hanging()
    work = submit(Agent("a", Script([("hang", {})], "x").model(), [hang]).run("go", journal=journal))
    assert started.wait(20)

    work.cancel()
    work.cancel()

    with pytest.raises(CancelledError):
        work.result()


def test_context_variables_go_with_the_work():
    """What the caller set is seen; what the work sets stays there."""
    colour = contextvars.ContextVar("colour", default="none")
    colour.set("red")

    async def look() -> str:
        seen = colour.get()
        colour.set("blue")
        return seen

    assert run_blocking(look()) == "red"
    assert colour.get() == "red"


def test_a_time_out_of_the_work_is_its_result():
    """It must not be taken for the waiting thread's own look-up interval."""

    async def late() -> None:
        raise TimeoutError("too late")

    with pytest.raises(TimeoutError, match="too late"):
        run_blocking(late())


def test_waiting_for_oneself_is_refused():
    """`run_sync` inside a running agent would never end."""

    async def inside() -> None:
        run_blocking(asyncio.sleep(0))

    with pytest.raises(RuntimeError, match="wait for itself"):
        run_blocking(inside())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_its_own_thread():
    """The parent's thread does not exist in the child."""
    run_blocking(asyncio.sleep(0))
    child = os.fork()
    if child == 0:
        os._exit(0 if run_blocking(_thread_name())[0] == "victor-agents" else 1)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("the child waits for a thread that it does not have")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The root of an empty project, below which the test works in a folder."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "victor.toml").touch()
    monkeypatch.chdir(tmp_path / "notebooks")
    yield tmp_path
    default_journal().close()


def test_a_journal_in_the_project_s_root_is_the_default(project):
    """The same that cells and verbs use; one object a process."""
    first = default_journal()

    Agent("a", Script("x").model()).run_sync("go")

    assert default_journal() is first
    assert (project / ".victor" / "victor.db").exists()
    assert [run.name for run in first.runs()] == ["a"]


def test_secrets_that_the_settings_know_are_not_in_the_default_journal(project, monkeypatch):
    """Declared or in a variable that looks like a key, also when it was set after an earlier run."""
    (project / "victor.toml").write_text('[secrets]\nwarehouse = { env = "WAREHOUSE" }\n')
    with default_journal():
        Agent("a", Script("x").model()).run_sync("go")
    monkeypatch.setenv("WAREHOUSE", "declared-value")
    monkeypatch.setenv("SOME_API_KEY", "guessed-value")

    result = Agent("a", Script("use declared-value").model()).run_sync("with guessed-value")

    assert "declared-value" in result.text
    assert default_journal().result(result.run_id)["text"] == "use [redacted:warehouse]"
    files = b"".join(path.read_bytes() for path in (project / ".victor").iterdir())
    assert b"declared-value" not in files
    assert b"guessed-value" not in files
