"""The kernel's side of the live view: what it sends, what it believes, and what it leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.views.samples import analysis, decided, many, waiting
from victor_nb.views import Answer, summarise
from victor_nb.views.live import TextRunView, live_view
from victor_nb.views.offers import Offers

pytestmark = pytest.mark.usefixtures("bundle")


class Rig:
    """A view whose messages are caught, and a way to talk to it like a browser."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        from victor_nb.views.run_view import RunView

        self.sent: list[dict[str, Any]] = []
        self.answers: list[Answer] = []
        self.arrived = threading.Condition()
        monkeypatch.setattr(RunView, "send", lambda _, content: self._catch(content))
        self.view = RunView(on_answer=self.answers.append, interval_s=0.0, **settings)

    def _catch(self, content: dict[str, Any]) -> None:
        with self.arrived:
            self.sent.append(content)
            self.arrived.notify_all()

    def events(self) -> list[dict[str, Any]]:
        return [event for message in self.sent if message["kind"] == "events" for event in message["events"]]

    def offers(self) -> list[dict[str, Any]]:
        return [offer for message in self.sent if message["kind"] == "offers" for offer in message["offers"]]

    def add(self, events: list[Any]) -> None:
        """Give the view events and wait until the last has been sent."""
        for event in events:
            self.view.add(event)
        last = events[-1].seq
        with self.arrived:
            assert self.arrived.wait_for(lambda: any(event["seq"] == last for event in self.events()), 10)

    def say(self, **message: Any) -> None:
        self.view._handle_custom_msg(message, [])


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Rig]]:
    made: list[Rig] = []

    def make(**settings: Any) -> Rig:
        made.append(Rig(monkeypatch, **settings))
        return made[-1]

    yield make
    for each in made:
        each.view.freeze()


def test_events_arrive_in_order_each_with_its_place(rig: Callable[..., Rig]) -> None:
    """Every message says where in the list it starts, so that none is shown twice."""
    r = rig()

    r.add(many(700))

    places = [message["from"] for message in r.sent]
    lengths = [len(message["events"]) for message in r.sent]
    assert places == [sum(lengths[:at]) for at in range(len(lengths))]
    assert [event["seq"] for event in r.events()] == list(range(1, 1_402))
    assert max(lengths) <= 400


def test_what_the_kernel_knows_is_the_fold_of_what_it_was_given(rig: Callable[..., Rig]) -> None:
    """The view and the report give one summary."""
    r = rig()

    r.add(analysis())

    assert r.view.freeze().summary.to_json() == summarise(analysis()).to_json()


def test_hello_is_answered_with_what_is_missing(rig: Callable[..., Rig]) -> None:
    """A reloaded page gets everything, one that missed a batch gets the rest."""
    r = rig()
    r.add(waiting())
    whole = r.events()
    assert not r.view.heard.is_set()

    r.sent.clear()
    r.say(kind="hello", have=0)
    assert r.events() == whole
    r.sent.clear()
    r.say(kind="hello", have=len(whole) - 1)

    assert r.events() == whole[-1:]
    assert r.view.heard.is_set()


@pytest.mark.parametrize("have", [-1, "1", None, 10**9])
def test_an_odd_hello_does_no_harm(rig: Callable[..., Rig], have: object) -> None:
    """The view answers from the start, or with nothing."""
    r = rig()
    r.add(waiting())
    r.sent.clear()

    r.say(kind="hello", have=have)

    assert r.events() == [] or r.sent[0]["from"] == 0


def test_a_click_reaches_whoever_waits_for_it_once(rig: Callable[..., Rig]) -> None:
    """The nonce that went to the browser comes back, and is used up."""
    r = rig()
    r.say(kind="hello", have=0)
    r.add(waiting())
    (offer,) = r.offers()

    r.say(kind="approve", run_id="01K6RUN7Q2M4", **offer | {"nonce": "guessed"})
    r.say(kind="approve", run_id="01K6RUN7Q2M4", **offer)
    r.say(kind="approve", run_id="01K6RUN7Q2M4", **offer)

    assert r.answers == [Answer("approve", "01K6RUN7Q2M4", "call-9", "5f0c9a")]


def test_a_browser_that_was_not_heard_gets_no_word_to_answer_with(rig: Callable[..., Rig]) -> None:
    """Where the kernel cannot hear a click while a cell runs, there are no buttons to press in vain."""
    r = rig()

    r.add(waiting())

    assert r.offers() == []
    assert "nonce" not in repr(r.sent)


def test_a_browser_that_comes_late_gets_the_words_of_the_open_questions(rig: Callable[..., Rig]) -> None:
    """The words follow the events that they are about; a page that is loaded again gets the same ones."""
    r = rig()
    r.add(waiting())

    r.say(kind="hello", have=0)
    first = r.offers()
    r.say(kind="hello", have=0)

    assert [offer["call_id"] for offer in first] == ["call-9"]
    assert r.offers() == [*first, *first]
    assert [message["kind"] for message in r.sent[-2:]] == ["events", "offers"]


def test_a_question_that_is_put_as_a_prompt_gets_no_buttons_later(rig: Callable[..., Rig]) -> None:
    """The browser is heard too late; it learns that it is, and has nothing to press."""
    r = rig()
    r.add(waiting())
    r.view.withhold("call-9", "5f0c9a")

    r.say(kind="hello", have=0)

    assert r.sent[-1] == {"kind": "offers", "offers": []}


def test_a_decision_from_elsewhere_closes_the_question(rig: Callable[..., Rig]) -> None:
    """After `victor approve` in a terminal the button is void, and so it is after the end of the run."""
    r = rig()
    r.say(kind="hello", have=0)
    r.add(waiting())
    (offer,) = r.offers()
    r.add(decided()[len(waiting()) :])

    r.say(kind="approve", run_id="01K6RUN7Q2M4", **offer)
    r.say(kind="hello", have=0)

    assert r.answers == []
    assert [one["call_id"] for one in r.offers()] == ["call-9", "call-10"]  # each once, and none after the end


def test_a_replayed_question_gets_no_nonce(rig: Callable[..., Rig]) -> None:
    """The past cannot be answered."""
    r = rig()

    r.add([event.as_replayed() for event in waiting()])
    r.say(kind="hello", have=0)

    assert r.offers() == []


def test_the_summary_holds_no_nonce(rig: Callable[..., Rig]) -> None:
    """One-time words go to the browser and nowhere else."""
    r = rig()
    r.say(kind="hello", have=0)
    r.add(waiting())

    assert r.offers()[0]["nonce"] not in repr(r.view.freeze().summary)


def test_stop_counts_for_this_run_only(rig: Callable[..., Rig]) -> None:
    """A message that names another run, or none, stops nothing."""
    r = rig()
    r.say(kind="stop", run_id="")
    r.say(kind="stop")
    r.add(waiting())
    r.say(kind="stop", run_id="another")

    r.say(kind="stop", run_id="01K6RUN7Q2M4")

    assert r.answers == [Answer("stop", "01K6RUN7Q2M4")]


@pytest.mark.parametrize("message", [None, "text", 7, [], {}, {"kind": "dance"}, {"kind": ["approve"]}])
def test_messages_that_mean_nothing_are_ignored(rig: Callable[..., Rig], message: Any) -> None:
    """Whatever a front end sends, the kernel keeps its calm."""
    r = rig()

    r.view._handle_custom_msg(message, [])

    assert r.answers == []


def test_a_view_without_a_listener_ignores_clicks(rig: Callable[..., Rig]) -> None:
    """A view that only shows has nobody to tell."""
    r = rig()
    r.view._on_answer = None
    r.add(waiting())

    r.say(kind="stop", run_id="01K6RUN7Q2M4")

    assert r.answers == []


def test_writers_on_many_threads_lose_nothing(rig: Callable[..., Rig]) -> None:
    """Events may come from any thread while the browser asks for all of them."""
    r = rig()
    events = many(400)
    threads = [
        threading.Thread(target=lambda part=part: [r.view.add(e) for e in part])
        for part in (events[:400], events[400:])
    ]

    for thread in threads:
        thread.start()
    for _ in range(20):
        r.say(kind="hello", have=0)
    for thread in threads:
        thread.join()

    assert r.view.freeze().summary.tool_calls == 400


def test_a_frozen_view_keeps_no_module_in_its_state(rig: Callable[..., Rig]) -> None:
    """A notebook that is saved with widget states would hold the whole bundle otherwise."""
    r = rig()
    r.add(analysis())

    r.view.freeze()
    r.view.freeze()

    assert r.view.comm is None
    assert r.view._esm == "export default {}"
    assert r.view._css == ""


def test_nothing_of_the_run_is_in_the_traits(rig: Callable[..., Rig]) -> None:
    """Only custom messages carry the run: a saved notebook holds no secret of it."""
    r = rig()
    r.add(waiting())

    state = {key: value for key, value in r.view.get_state().items() if key not in {"_esm", "_css"}}

    assert "rm -rf" not in repr(state)


def test_outside_a_kernel_the_view_is_text() -> None:
    """A terminal gets the report at the end, and no widget."""
    view = live_view("r")

    assert isinstance(view, TextRunView)
    assert not view.heard.is_set()


def test_the_text_view_shows_its_report_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Plain text, when the run has ended, if somebody asked to see it."""
    view = TextRunView()
    for event in analysis():
        view.add(event)
    view.freeze()
    assert capsys.readouterr().out == ""

    view.show()
    view.freeze()
    view.freeze()

    assert capsys.readouterr().out.count("group_by ") == 1


def test_offers_of_two_views_are_not_exchangeable() -> None:
    """Each view has its own nonces."""
    first, second = Offers().make("r", "c", "h"), Offers().make("r", "c", "h")

    assert first is not None
    assert second is not None
    assert first.nonce != second.nonce
