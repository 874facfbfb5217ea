"""Who is asked, in which way, and what happens when nobody answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from victor_nb.agents.approvals import ApprovalRequest, Decision
from victor_nb.agents.background import submit
from victor_nb.agents.errors import ApprovalDenied
from victor_nb.journal import Effect, Event, Journal, open_journal
from victor_nb.notebook.approvals import CellApprover
from victor_nb.notebook.awaiting import MainThread, blocked, waiting_cell
from victor_nb.notebook.displaying import Display, Displays, current_display
from victor_nb.notebook.prompting import CannotPrompt
from victor_nb.notebook.routing import honour_front_end
from victor_nb.views.offers import Answer


class FakeView:
    """A live view without a browser."""

    def __init__(self, journal: Journal, event: Event, *, on_answer: Callable[[Answer], None]) -> None:
        self.run_id, self.press, self.heard = event.run_id, on_answer, threading.Event()
        self.events: list[Event] = []
        self.steps: list[str] = []

    def add(self, event: Event) -> None:
        self.events.append(event)

    def withhold(self, call_id: str, call_hash: str) -> None:
        self.steps.append(f"withheld {call_id} {call_hash}")

    def show(self) -> None:
        self.steps.append("shown")

    def freeze(self) -> Any:
        self.steps.append("frozen")


def request(call_id: str = "call-1", *, doubt: bool = False) -> ApprovalRequest:
    return ApprovalRequest("run-1", call_id, "save", {"text": "b"}, Effect.EFFECT, "Save.", "hash", doubt)


JOURNAL = open_journal("memory:")
STARTED = Event(run_id="run-1", seq=1, time=0.0, type="run.started", step_id="", parent_id="", replayed=False)


def opened(deliver: Callable[[Answer], None]) -> tuple[Display, FakeView]:
    """A display that has shown its first event."""
    display = Display(JOURNAL, FakeView, lambda journal, answer: deliver(answer))
    display.add(STARTED)
    assert isinstance(display.view, FakeView)
    return display, display.view


def nobody(text: str) -> str:
    raise CannotPrompt


def in_cell(work: Callable[[MainThread], Coroutine[Any, Any, Any]]) -> Any:
    """Run work as the work of a cell that waits."""
    main = MainThread()
    with waiting_cell():
        return blocked(submit(work(main)), main)


def test_a_prompt_is_shown_on_the_main_thread() -> None:
    """Where there is no display, the person types."""
    threads: list[threading.Thread] = []

    def yes(text: str) -> str:
        threads.append(threading.current_thread())
        return "y"

    decision = in_cell(lambda main: CellApprover(main, yes).decide(request()))

    assert decision == Decision(True, by="prompt")
    assert threads == [threading.main_thread()]


def test_a_no_is_told_to_the_model() -> None:
    """With the person's words."""
    decision = in_cell(lambda main: CellApprover(main, lambda text: "n too early").decide(request()))

    assert decision == Decision(False, by="prompt", message="too early")


def test_always_counts_for_the_tool_in_the_run() -> None:
    """The second call is not asked about, a doubtful one is."""
    asked: list[str] = []

    def always(text: str) -> str:
        asked.append(text)
        return "a"

    async def three(main: MainThread) -> list[bool]:
        approver = CellApprover(main, always)
        requests = [request("call-1"), request("call-2"), request("call-3", doubt=True)]
        return [(await approver.decide(one)).approved for one in requests]

    assert in_cell(three) == [True, True, True]
    assert len(asked) == 2


def test_with_nobody_there_the_call_is_denied() -> None:
    """The error says how to approve later and go on."""
    with pytest.raises(ApprovalDenied, match="nobody is there") as denied:
        in_cell(lambda main: CellApprover(main, nobody).decide(request()))

    assert "%victor approve run-1 call-1" in denied.value.hint


def test_a_live_display_is_preferred_and_waits_for_its_button() -> None:
    """The word comes through the run's mailbox, so the approver only waits, and no prompt is shown."""
    said: list[Answer] = []

    async def work(main: MainThread) -> None:
        display, view = opened(said.append)
        current_display.set(display)
        view.heard.set()
        await CellApprover(main, never_asked, patience_s=0.05).decide(request())

    with pytest.raises(ApprovalDenied, match="nobody answered within"):
        in_cell(work)


def never_asked(text: str) -> str:
    raise AssertionError("a prompt beside live buttons")


def test_a_display_that_never_says_hello_falls_to_the_prompt() -> None:
    """After the time that a page may take; a hello that comes during the prompt brings no buttons any more."""
    views: list[FakeView] = []

    async def work(main: MainThread) -> Any:
        display, view = opened(lambda answer: None)
        views.append(view)
        display._shown_at -= 10
        current_display.set(display)
        return await CellApprover(main, lambda text: "y").decide(request())

    assert in_cell(work) == Decision(True, by="prompt")
    assert views[0].steps == ["shown", "withheld call-1 hash"]


def test_a_run_in_the_background_waits_for_a_word() -> None:
    """There is no cell to prompt in, and somebody may come back."""

    async def work() -> None:
        await CellApprover(MainThread(), never_asked, patience_s=0.05).decide(request())

    with pytest.raises(ApprovalDenied, match="nobody answered"):
        asyncio.run(work())


def test_a_button_is_delivered_on_the_loop_of_the_display() -> None:
    """Front ends call from any thread, and get their thread back at once."""
    delivered: list[tuple[Answer, threading.Thread]] = []
    answer = Answer("approve", "run-1", "call-1", "hash")

    async def work() -> None:
        arrived = asyncio.Event()

        def deliver(one: Answer) -> None:
            delivered.append((one, threading.current_thread()))
            arrived.set()

        _, view = opened(deliver)
        await asyncio.to_thread(view.press, answer)
        await arrived.wait()

    asyncio.run(work())

    assert delivered == [(answer, threading.main_thread())]


def test_a_word_goes_to_the_journal_of_its_run() -> None:
    """Wherever the settings point by the time that somebody clicks."""
    told: list[tuple[Journal, Answer]] = []
    answer = Answer("stop", "run-1")

    async def work() -> None:
        display = Display(JOURNAL, FakeView, lambda journal, answer: told.append((journal, answer)))
        display.add(STARTED)
        assert isinstance(display.view, FakeView)
        display.view.press(answer)
        await asyncio.sleep(0)

    asyncio.run(work())

    assert told == [(JOURNAL, answer)]


def test_a_late_click_is_dropped() -> None:
    """The loop of the run has closed; nothing is raised into the front end's callback."""

    async def work() -> FakeView:
        return opened(lambda answer: None)[1]

    asyncio.run(work()).press(Answer("stop", "run-1"))


def test_watching_shows_events_and_leaves_the_static_form() -> None:
    """Also when the run fails; and the run is remembered for completion."""
    views: list[FakeView] = []

    def make(journal: Journal, event: Event, *, on_answer: Callable[[Answer], None]) -> Any:
        views.append(FakeView(journal, event, on_answer=on_answer))
        return views[-1]

    displays = Displays(lambda journal, answer: None, make)

    async def work() -> None:
        with displays.watch(JOURNAL) as show:
            assert current_display.get() is not None
            assert views == []  # nothing is known of a run that has not begun
            show(STARTED)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(work())

    assert (views[0].run_id, views[0].events) == ("run-1", [STARTED])
    assert views[0].steps == ["shown", "frozen"]
    assert list(displays.recent) == ["run-1"]
    assert current_display.get() is None


def test_a_run_that_never_begins_shows_nothing() -> None:
    """The error stands alone in its cell."""
    displays = Displays(lambda journal, answer: None, FakeView)

    async def work() -> None:
        with displays.watch(JOURNAL):
            display = current_display.get()
            assert display is not None
            assert not await display.is_live(within_s=0.0)
            display.withhold("call-1", "hash")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(work())

    assert list(displays.recent) == []


class Comm:
    """As in ipykernel 7.4."""

    def _reply_subshell_for(self, data: object, default: str | None) -> str | None:
        return None


class Widget:
    def __init__(self, comm: object) -> None:
        self.comm = comm


def test_messages_go_where_the_front_end_sends_them() -> None:
    """On 7.4, which would send them to the shell that wrote last."""
    comm = Comm()

    assert honour_front_end(Widget(comm))

    assert comm._reply_subshell_for({}, "subshell-1") == "subshell-1"


@pytest.mark.parametrize("widget", [Widget(object()), Widget(None), object()])
def test_other_kernels_are_left_alone(widget: object) -> None:
    """What is not there is not needed."""
    assert not honour_front_end(widget)
