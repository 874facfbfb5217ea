"""Reading the journal and speaking to runs: runs, show, attach, stop, approve, deny, resume."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.commands.conftest import Call, careful_agent, saying
from victor_nb.agents import Agent, ApprovalDenied, RunStopped
from victor_nb.commands import Session, invoke
from victor_nb.errors import UsageError
from victor_nb.journal import Event, RunFinished, RunNotFound
from victor_nb.tools import tool


def keep(session: Session, **values: object) -> None:
    assert session.namespace is not None
    session.namespace.update(values)


@pytest.fixture
def verse(session: Session, call: Call) -> Any:
    """One finished run."""
    keep(session, poet=Agent(name="poet", model=saying("a verse")))
    return call("ask", "poet", body="Say something.")


def test_an_empty_journal_says_how_to_begin(call: Call) -> None:
    """The first thing that a newcomer sees is the next thing to do."""
    assert "victor ask" in call("runs").to_text()
    with pytest.raises(RunNotFound, match="no run yet"):
        call("show")


def test_runs_lists_newest_first_and_filters(session: Session, call: Call, verse: Any) -> None:
    """Each flag narrows the list."""
    keep(session, other=Agent(name="other", model=saying("x")))
    newest = call("ask", "other", body="A longer question " * 10)

    rows = call("runs").to_json()

    assert [row["run"] for row in rows] == [newest.run_id, verse.run_id]
    assert rows[0]["asked"].endswith("…")
    assert [row["run"] for row in call("runs", "--name", "poet").to_json()] == [verse.run_id]
    assert len(call("runs", "--limit", "1").to_json()) == 1
    assert call("runs", "--status", "failed").to_json() == []


def test_show_has_three_views_of_a_run(call: Call, verse: Any) -> None:
    """The report, the exact prompt, and the stored events."""
    report, prompt, events = call("show"), call("show", "--prompt"), call("show", "--events", "--last", "1")

    assert "a verse" in report.to_text()
    assert "Say something." in prompt.to_text()
    assert prompt.to_json()[0]["messages"][0]["prompt"] == "Say something."
    assert [row["type"] for row in events.to_json()] == ["run.finished"]
    assert call("show", "--json").to_json()["state"] == "finished"
    with pytest.raises(UsageError, match="two different views"):
        call("show", "--prompt", "--events")


def test_a_later_request_shows_what_it_added(session: Session, call: Call) -> None:
    """`--prompt` tells each part once, in the order in which it was sent."""

    @tool(effect="pure")
    def send_mail(to: str) -> str:
        """Send a mail."""
        return f"sent to {to}"

    keep(session, postman=Agent(name="postman", model=careful_agent([]).model, tools=[send_mail]))
    call("ask", "postman", body="Write to Ada.")

    text = call("show", "last", "--prompt").to_text()

    assert text.count("Write to Ada.") == 1
    assert "request 2" in text
    assert "sent to ada@example.org" in text


def test_a_prefix_is_enough_and_a_wrong_id_is_an_error(call: Call, verse: Any) -> None:
    """Ids are typed by hand."""
    assert call("show", verse.run_id[:12]).to_json()["run_id"] == verse.run_id
    with pytest.raises(RunNotFound, match="no run 'zzz'"):
        call("show", "zzz")


def test_attach_shows_a_finished_run_from_its_record(call: Call, verse: Any, seen: list[Event]) -> None:
    """What nobody executes is shown as far as it came."""
    seen.clear()

    view = call("attach", verse.run_id)

    assert view.to_json() == {"run": verse.run_id, "status": "finished"}
    assert [seen[0].type, seen[-1].type] == ["run.started", "run.finished"]


def test_stop_refuses_a_run_that_is_over(call: Call, verse: Any) -> None:
    """There is nothing to stop, and the message says what the run is instead."""
    with pytest.raises(UsageError, match="not running; it is finished"):
        call("stop")


def test_resume_refuses_a_finished_run(call: Call, verse: Any) -> None:
    """What is finished can be replayed."""
    with pytest.raises(RunFinished, match="finished"):
        call("resume")


def test_a_run_in_the_background_can_be_watched_and_stopped(session: Session, seen: list[Event]) -> None:
    """`--background` returns at once; `attach` follows to the end, and `stop` ends it, resumable."""

    async def scenario() -> Any:
        began = asyncio.Event()

        @tool(effect="read")
        async def wait() -> str:
            """Wait for ever."""
            began.set()
            await asyncio.Event().wait()
            return "never"

        from tests.commands.conftest import calling

        keep(session, sleeper=Agent(name="sleeper", model=calling("wait", {}), tools=[wait]))
        started: Any = await invoke(["ask", "sleeper", "--background"], session, "Go.")  # type: ignore[misc]
        await began.wait()
        watching = asyncio.ensure_future(invoke(["attach"], session))  # type: ignore[arg-type]
        invoke(["stop", "last", "--reason", "enough"], session)
        return started.to_json()["run"], await watching

    run_id, view = asyncio.run(scenario())

    assert view.to_json() == {"run": run_id, "status": "stopped"}
    assert seen[-1].type == "run.stopped"
    assert session.tasks == set()


def test_a_background_run_binds_its_answer(session: Session) -> None:
    """`-o` works for background runs too: the variable appears when the answer does."""
    keep(session, poet=Agent(name="poet", model=saying("a verse")))

    async def scenario() -> None:
        await invoke(["ask", "poet", "--background", "-o", "verse"], session, "Go.")  # type: ignore[misc]
        await asyncio.gather(*session.tasks)

    asyncio.run(scenario())

    assert session.namespace is not None
    assert session.namespace["verse"].text == "a verse"


def test_a_background_run_that_cannot_begin_is_an_error_at_once(session: Session) -> None:
    """Nobody should have to look for a run that never was."""
    keep(session, poet=Agent(name="poet", model=saying("a verse")))

    with pytest.raises(Exception, match="nothing is recorded"):
        asyncio.run(
            invoke(["ask", "poet", "--background", "--replay", "strict"], session, "Go.")  # type: ignore[arg-type]
        )


def test_approve_after_a_denied_run_and_resume_does_the_call_once(session: Session, call: Call) -> None:
    """Nobody was there: the run waits, takes the person's word with it, and the effect happens once."""
    sent: list[str] = []
    keep(session, postman=careful_agent(sent))
    with pytest.raises(ApprovalDenied):
        call("ask", "postman", "--approve", "never", body="Write.")

    said = call("approve").to_text()
    answer = call("resume", "--approve", "never")

    assert "victor resume" in said
    assert sent == ["ada@example.org"]
    assert "sent to ada@example.org" in answer.text


def test_approve_can_change_the_arguments(session: Session, call: Call) -> None:
    """The person's arguments are the ones that count."""
    sent: list[str] = []
    keep(session, postman=careful_agent(sent))
    with pytest.raises(ApprovalDenied):
        call("ask", "postman", "--approve", "never", body="Write.")

    call("approve", "last", "call-1", "--arguments", '{"to": "bob@example.org"}')
    call("resume", "--approve", "never")

    assert sent == ["bob@example.org"]


def test_deny_tells_the_model(session: Session, call: Call) -> None:
    """A person's no goes back to the model, and the run goes on."""
    sent: list[str] = []
    keep(session, postman=careful_agent(sent))
    with pytest.raises(ApprovalDenied):
        call("ask", "postman", "--approve", "never", body="Write.")

    call("deny", "last", "--message", "not today")
    answer = call("resume", "--approve", "never")

    assert sent == []
    assert "not today" in answer.text


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["approve", "last", "call-2"], "no call 'call-2' waits. Did you mean 'call-1'"),
        (["approve", "last", "--arguments", "{to}"], "--arguments is not JSON"),
        (["approve", "last", "--arguments", "[1]"], "must be a JSON object"),
    ],
)
def test_mistakes_about_approvals(session: Session, call: Call, argv: list[str], words: str) -> None:
    """The call that waits is named."""
    keep(session, postman=careful_agent([]))
    with pytest.raises(ApprovalDenied):
        call("ask", "postman", "--approve", "never", body="Write.")

    with pytest.raises(UsageError) as caught:
        call(*argv)

    assert words in str(caught.value)


def test_nothing_waits_in_a_finished_run(call: Call, verse: Any) -> None:
    """Approving what is over would be a mistake about the run."""
    with pytest.raises(UsageError, match="finished"):
        call("approve")


def test_the_allowlist_lets_its_tools_pass(session: Session, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--approve allowlist` with the tool on the list needs no person."""
    sent: list[str] = []
    keep(session, postman=careful_agent(sent))
    monkeypatch.setenv("VICTOR_ALLOWLIST", "send_*")

    call("ask", "postman", "--approve", "allowlist", body="Write.")

    assert sent == ["ada@example.org"]


def test_a_stop_is_a_resumable_error_for_whoever_waits(session: Session) -> None:
    """The cell that runs the agent fails, so that later cells do not run on half an answer."""

    async def scenario() -> None:
        began = asyncio.Event()

        @tool(effect="read")
        async def wait() -> str:
            """Wait for ever."""
            began.set()
            await asyncio.Event().wait()
            return "never"

        from tests.commands.conftest import calling

        keep(session, sleeper=Agent(name="sleeper", model=calling("wait", {}), tools=[wait]))
        cell = asyncio.ensure_future(invoke(["ask", "sleeper"], session, "Go."))  # type: ignore[arg-type]
        await began.wait()
        invoke(["stop"], session)
        await cell

    with pytest.raises(RunStopped, match="stopped by a person"):
        asyncio.run(scenario())
