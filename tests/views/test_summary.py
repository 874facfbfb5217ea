"""The fold of a run's events, and the words for it; the same fixtures are read by tests/widgets/state.test.ts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.views.fixtures.write import told
from tests.views.samples import CLEAN_UP, SAMPLES, Teller, analysis, interrupted, many, nested, waiting
from victor_nb.views import rows, summarise, wording
from victor_nb.views.markdown import blocks
from victor_nb.views.wire import coalesce, wire

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_run_is_summed_up_as_the_shared_fixture_says(name: str) -> None:
    """Python and the browser give one answer; the fixture is that answer."""
    expected = fixture(f"run_{name}.json")
    events = coalesce(wire(event) for event in SAMPLES[name]())

    assert events == expected["events"]
    assert told(events) == {"summary": expected["summary"], "words": expected["words"]}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_fold_takes_events_one_by_one_or_joined_with_the_same_end(name: str) -> None:
    """Joining live texts for the way to the browser changes nothing that is shown."""
    single = [wire(event) for event in SAMPLES[name]()]

    assert told(single) == told(coalesce(single))


def test_nothing_is_known_before_the_first_event() -> None:
    """An empty run has no state, no seconds and no steps."""
    summary = summarise([])

    assert (summary.state, summary.seconds, summary.steps, summary.is_replayed) == ("", 0.0, [], False)


def test_the_time_between_a_stop_and_a_resume_does_not_count() -> None:
    """A run that rested for a day was active for three seconds."""
    assert summarise(interrupted()).seconds == pytest.approx(3.0, abs=0.01)


def test_an_inner_agent_does_not_speak_for_the_run() -> None:
    """The answer is the outermost model's text."""
    assert summarise(nested()).text == "outer words"


def test_a_question_makes_the_run_wait_until_its_end() -> None:
    """A pending approval is the state of the run; a stop leaves the question undecided."""
    t = Teller()
    t.seq = 50
    assert summarise(waiting()).state == "waiting"

    stopped = summarise([*waiting(), t.say(9, "run.stopped", reason="stopped by user")])

    assert (stopped.state, stopped.pending, stopped.steps[-1].state) == ("stopped", [], "unfinished")


@pytest.mark.parametrize(("characters", "partial"), [(10_000, False), (200_000, True)])
def test_arguments_that_are_decided_about_are_whole_or_said_to_be_cut(characters: int, partial: bool) -> None:
    """Who approves a file of ten thousand characters sees and edits all of them."""
    content = "x" * characters
    summary = summarise([Teller().questions(1, "a1", CLEAN_UP | {"arguments": {"content": content}})])

    (row,) = summary.pending
    assert row.partial is partial
    assert (row.arguments == {"content": content}) is not partial


@pytest.mark.parametrize(
    ("ending", "lines"),
    [
        ({"reason": "interrupt"}, ["interrupted; what was done is kept"]),
        ({"reason": "asked to"}, ["asked to"]),
        (
            {
                "reason": "stop",
                "error": {
                    "type": "RunStopped",
                    "what": "stopped by button",
                    "where": "run 01K6RUN7Q2M4",
                    "hint": "victor resume 01K6RUN7Q2M4",
                    "traceback": "Traceback …",
                },
            },
            ["RunStopped: stopped by button"],
        ),
    ],
)
def test_a_stop_is_told_in_a_line(ending: dict[str, Any], lines: list[str]) -> None:
    """Which run it was and how to go on stands in the last line anyway, and where in the code it stopped is no news."""
    t = Teller()
    summary = summarise([t.say(0, "run.started", kind="agent", name="a"), t.say(1, "run.stopped", **ending)])

    assert rows.trouble(summary) == lines
    assert rows.traceback(summary) == ""


def test_live_text_is_shown_while_it_comes_and_replaced_by_the_answer() -> None:
    """Deltas build up the text; the recorded answer is the last word."""
    events = analysis()
    half = summarise(events[:-2])

    assert half.text == "## What separates the species\n\nPetal"
    assert half.steps[-1].state == "running"
    assert summarise(events).text.startswith("## What separates the species\n\nPetal measurements")


def test_a_model_that_is_asked_again_after_a_resume_starts_its_text_anew() -> None:
    """What had streamed in before the stop is void."""
    t = Teller()
    events = [
        t.say(0, "run.started", kind="agent", name="a"),
        t.live(1, "model.delta", "m1", text="half a thou"),
        t.say(2, "run.stopped", reason="interrupted"),
        t.say(3, "run.resumed", owner="x"),
        t.live(4, "model.delta", "m1", text="Whole."),
    ]

    assert summarise(events).text == "Whole."


def test_ten_thousand_events_fold_into_their_steps() -> None:
    """Nothing in the fold looks at what came before more than once."""
    summary = summarise(many(5_000))

    assert (summary.tool_calls, len(summary.steps)) == (5_000, 5_000)


@pytest.mark.parametrize("name", sorted(fixture("wording.json")))
def test_values_are_worded_as_the_shared_fixture_says(name: str) -> None:
    """Durations, counts, money and previews read the same in Python and in the browser."""
    say = getattr(wording, name)
    spread = name in {"plural", "tokens", "clip"}

    for given, said in fixture("wording.json")[name]:
        assert (say(*given) if spread else say(given)) == said


@pytest.mark.parametrize("case", fixture("markdown.json"), ids=lambda case: repr(case["text"][:30]))
def test_markdown_parses_as_the_shared_fixture_says(case: dict[str, Any]) -> None:
    """One parser in two languages."""
    assert blocks(case["text"]) == case["blocks"]
