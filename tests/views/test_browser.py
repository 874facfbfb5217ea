"""The live view in a real browser, on a page that stands in for a notebook."""

from __future__ import annotations

from typing import Any

import pytest

from tests.views.conftest import Stage
from tests.views.page import batch, leap, offers, take_clock
from tests.views.samples import (
    CLEAN_UP,
    Teller,
    analysis,
    decided,
    hostile,
    interrupted,
    many,
    replayed,
    waiting,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]

QUESTION = {"run_id": "01K6RUN7Q2M4", "call_id": "call-9", "call_hash": "5f0c9a", "nonce": "once"}


def test_a_run_shows_its_state_its_measures_its_steps_and_its_answer(stage: Stage) -> None:
    """Everything that the summary knows is on the page."""
    stage.deliver(analysis())

    shown = stage.page.locator(".vnb").inner_text()
    for words in ("Finished", "analyst", "5 tool calls", "1,236 tokens in, 114 out", "$0.0037", "What separates"):
        assert words in shown
    assert stage.page.locator(".vnb-line").count() == 8
    assert stage.page.locator(".vnb-answer table").count() == 1
    assert not stage.page.get_by_role("button", name="Stop").is_visible()


def test_the_view_says_hello_when_it_is_drawn(stage: Stage) -> None:
    """The kernel learns that somebody can press buttons."""
    assert stage.page.evaluate("sent[0]") == {"kind": "hello", "have": 0}


@pytest.mark.parametrize(("is_heard", "hellos"), [(False, 5), (True, 1)])
def test_the_view_says_hello_again_until_it_is_heard(chromium: Any, is_heard: bool, hellos: int) -> None:
    """The first message can wait behind the running cell, while the page still makes its channel beside it."""
    page = chromium.new_page()
    page.clock.install()
    stage = Stage(page)
    stage.open()
    if is_heard:
        page.evaluate("message => deliver(message)", offers([]))

    page.clock.run_for(60_000)

    assert page.evaluate("sent") == [{"kind": "hello", "have": 0}] * hellos
    page.close()


def test_a_second_view_of_the_model_shows_the_same_run(stage: Stage) -> None:
    """Views share one fold: a second one needs no events of its own."""
    stage.deliver(analysis())

    stage.page.evaluate("void mount(document.body)")

    assert stage.page.locator(".vnb-state").all_inner_texts() == ["Finished", "Finished"]
    assert stage.page.evaluate("sent.at(-1)") == {"kind": "hello", "have": len(analysis())}


def test_a_view_that_goes_takes_its_listeners_with_it(stage: Stage) -> None:
    """After the clean-up nothing is left on the page and nothing draws."""
    stage.deliver(waiting())

    stage.page.evaluate("unmount()")
    stage.deliver(decided())

    assert stage.page.locator(".vnb").count() == 0


@pytest.mark.parametrize(
    "end", ["tellStatus('autorestarting')", "tellStatus('dead')", "fire('comm_live_update')", "fire('comm:close')"]
)
def test_a_run_whose_kernel_is_gone_counts_no_further(stage: Stage, end: str) -> None:
    """Killed, restarted or closed: it says so, what ran did not finish, and a question names what answers elsewhere."""
    take_clock(stage.page)
    stage.deliver(waiting())
    facts = stage.page.locator(".vnb-facts")
    before = facts.inner_text()
    leap(stage.page, 60_000)
    assert facts.inner_text() != before

    stage.page.evaluate(end)
    stage.drawn()
    before = facts.inner_text()
    leap(stage.page, 60_000)

    assert facts.inner_text() == before
    assert stage.page.locator(".vnb-state").inner_text() == "The kernel is gone"
    assert not stage.page.get_by_role("button", name="Stop").is_visible()
    assert stage.page.get_by_role("button", name="Approve").count() == 0
    assert "victor approve" in stage.page.locator(".vnb-approval").inner_text()
    assert "victor resume" in stage.page.locator(".vnb-footer").inner_text()


def test_a_run_that_was_over_stays_so_without_its_kernel(stage: Stage) -> None:
    """Nothing was lost. A view that goes does not listen any more."""
    stage.deliver(analysis())
    stage.page.evaluate("tellStatus('dead')")
    stage.drawn()

    assert stage.page.locator(".vnb-state").inner_text() == "Finished"
    assert stage.page.evaluate("heardBy()") == 1  # messages


def test_approve_sends_the_question_back_and_locks_the_buttons(stage: Stage) -> None:
    """A click is one message, and it names run, call, hash and nonce."""
    stage.deliver(waiting())

    stage.page.get_by_role("button", name="Approve").click()

    assert stage.sent() == [{"kind": "approve", **QUESTION}]
    assert stage.page.get_by_role("button", name="Deny", exact=True).is_disabled()


def test_deny_sends_the_question_back(stage: Stage) -> None:
    """A refusal is as bound to its question as an approval."""
    stage.deliver(waiting())

    stage.page.get_by_role("button", name="Deny", exact=True).click()

    assert stage.sent() == [{"kind": "deny", **QUESTION}]


def test_a_reason_travels_with_the_denial(stage: Stage) -> None:
    """The model is told why; from the keyboard it is one word, a line and Enter."""
    page = stage.page
    stage.deliver(waiting())
    why = page.get_by_role("button", name="Deny with reason…")

    why.press("Enter")
    assert page.evaluate("document.activeElement === document.querySelector('.vnb-reason input')")
    page.keyboard.type("  only the temporary files ")
    page.keyboard.press("Enter")

    assert stage.sent() == [{"kind": "deny", **QUESTION, "message": "only the temporary files"}]
    assert page.get_by_label("reason").is_disabled()
    assert page.get_by_role("button", name="Approve").is_disabled()


def test_a_reason_can_be_taken_back(stage: Stage) -> None:
    """Escape closes the field and gives the keyboard back to its button; what was typed is not sent."""
    page = stage.page
    stage.deliver(waiting())

    page.get_by_role("button", name="Deny with reason…").click()
    page.keyboard.type("because")
    page.keyboard.press("Escape")
    assert not page.get_by_label("reason").is_visible()
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    page.get_by_role("button", name="Deny", exact=True).click()

    assert stage.sent() == [{"kind": "deny", **QUESTION}]


def test_edited_arguments_travel_with_the_approval(stage: Stage) -> None:
    """Each argument has a field: a text is edited as it is, a number stays a number."""
    page = stage.page
    stage.deliver(waiting())

    page.get_by_role("button", name="Edit arguments").click()
    assert page.get_by_label("command").input_value() == "rm -rf build/ && make release"
    assert page.evaluate("document.activeElement === document.querySelector('.vnb-fields textarea')")
    page.get_by_label("command").fill('make "release"\nmake clean')
    page.get_by_label("timeout_s").fill("60.5")
    page.get_by_role("button", name="Approve edited").click()

    edited = {"command": 'make "release"\nmake clean', "timeout_s": 60.5}
    assert stage.sent() == [{"kind": "approve", **QUESTION, "arguments": edited}]
    assert page.get_by_label("command").is_disabled()


@pytest.mark.parametrize("written", ["{", "sixty", "", "1 2"])
def test_an_argument_that_is_no_json_is_not_sent(stage: Stage, written: str) -> None:
    """The person hears which one, keeps the text, and nothing happens."""
    page = stage.page
    stage.deliver(waiting())

    page.get_by_role("button", name="Edit arguments").click()
    page.get_by_label("timeout_s").fill(written)
    page.get_by_role("button", name="Approve edited").click()

    assert stage.sent() == []
    assert "timeout_s must be JSON" in page.locator(".vnb-approval [role=status]").inner_text()
    assert page.get_by_label("timeout_s").input_value() == written
    assert page.get_by_label("timeout_s").get_attribute("aria-invalid") == "true"
    page.get_by_label("timeout_s").fill("60")
    page.get_by_role("button", name="Approve edited").click()
    assert stage.sent()[0]["arguments"]["timeout_s"] == 60


def test_undoing_edits_approves_what_the_model_asked_for(stage: Stage) -> None:
    """Leaving the editor leaves its text behind."""
    stage.deliver(waiting())

    stage.page.get_by_role("button", name="Edit arguments").click()
    stage.page.get_by_label("command").fill("other")
    stage.page.get_by_role("button", name="Undo edits").click()
    stage.page.get_by_role("button", name="Approve").click()

    assert stage.sent() == [{"kind": "approve", **QUESTION}]


def test_arguments_that_the_page_does_not_hold_whole_cannot_be_edited(stage: Stage) -> None:
    """Sending back a cut text would run a cut command."""
    told = Teller()
    content = {"path": "notes.txt", "content": "x" * 200_000}
    stage.deliver(
        [
            told.say(0, "run.started", kind="agent", name="builder", request={}),
            told.questions(1, "a1", CLEAN_UP | {"tool": "write_file", "arguments": content}),
        ]
    )

    card = stage.page.locator(".vnb-approval")
    assert "too long to be shown whole" in card.inner_text()
    assert card.get_by_role("button", name="Edit arguments").count() == 0
    assert card.get_by_role("button", name="Approve").count() == 1


def test_questions_keep_their_order_when_one_is_drawn_anew(stage: Stage) -> None:
    """The oldest comes first, whichever of them got its buttons last."""
    told = Teller()
    second = CLEAN_UP | {"tool": "second", "call_id": "call-10", "call_hash": "77aa01"}
    events = [told.questions(1, "a1", CLEAN_UP), told.questions(1, "a2", second)]
    stage.deliver(events[:1])
    stage.page.evaluate("message => deliver(message)", batch(events[1:], 1))
    stage.drawn()

    stage.page.evaluate(
        "message => deliver(message)",
        {**offers(events[:1]), "offers": [{**offers(events)["offers"][0], "nonce": "two"}]},
    )
    stage.drawn()

    cards = stage.page.locator(".vnb-approval")
    assert [card.get_attribute("data-call") for card in cards.all()] == ["call-9", "call-10"]


def test_a_decision_takes_the_question_away_and_stays_in_the_timeline(stage: Stage) -> None:
    """Who decided, and how, can be read afterwards."""
    stage.deliver(decided())

    shown = stage.page.locator(".vnb").inner_text()
    assert stage.page.locator(".vnb-approval").count() == 0
    assert "approved by person" in shown
    assert "denied by person: not today" in shown


def test_a_question_that_cannot_be_answered_here_has_no_buttons(stage: Stage) -> None:
    """Before the kernel has heard the view, or in a recording, nothing can be pressed; the way to answer is named."""
    stage.page.evaluate("message => deliver(message)", batch(waiting()))
    stage.drawn()

    card = stage.page.locator(".vnb-approval")
    assert card.get_by_role("button").count() == 0
    assert "victor approve 01K6RUN7Q2M4 call-9" in card.inner_text()


def test_buttons_come_when_the_kernel_has_heard_the_view(stage: Stage) -> None:
    """The one-time word may come long after its question."""
    stage.page.evaluate("message => deliver(message)", batch(waiting()))
    stage.drawn()

    stage.page.evaluate("message => deliver(message)", offers(waiting()))
    stage.page.get_by_role("button", name="Approve").click()

    assert stage.sent() == [{"kind": "approve", **QUESTION}]


def test_stop_is_there_once_the_kernel_has_heard_the_view(stage: Stage) -> None:
    """Where a click cannot be heard while the cell runs, no button pretends that it can."""
    stop = stage.page.get_by_role("button", name="Stop")
    stage.page.evaluate("message => deliver(message)", batch(waiting()))
    stage.drawn()
    assert not stop.is_visible()

    stage.page.evaluate("message => deliver(message)", offers([]))
    stage.drawn()

    assert stop.is_visible()


def test_stop_is_sent_once(stage: Stage) -> None:
    """The button says that it was heard, and cannot be pressed again."""
    stage.deliver(waiting())

    stage.page.get_by_role("button", name="Stop").click()

    assert stage.sent() == [{"kind": "stop", "run_id": "01K6RUN7Q2M4"}]
    assert stage.page.get_by_role("button", name="Stopping…").is_disabled()


def test_everything_works_from_the_keyboard(stage: Stage) -> None:
    """Tab reaches Stop, one line of the timeline and the buttons; arrows move; Enter and the arrows unfold."""
    page = stage.page
    stage.deliver(waiting())
    page.locator("#before").focus()

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Stop"
    page.keyboard.press("Tab")
    assert "waits for approval" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert "list_files" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    assert page.locator(".vnb-panel:visible").inner_text().startswith("arguments")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".vnb-panel:visible").count() == 0
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Approve"
    page.keyboard.press("Enter")
    assert stage.sent() == [{"kind": "approve", **QUESTION}]


def test_a_question_takes_the_focus_only_from_inside_the_view(stage: Stage) -> None:
    """Somebody who types elsewhere keeps the keyboard; somebody who is in the view is led to the question."""
    *before, question = waiting()
    stage.deliver(before)
    stage.page.locator("#before").focus()
    stage.deliver([question], len(before))
    assert stage.page.evaluate("document.activeElement.id") == "before"

    stage.page.reload()
    stage.open()
    stage.deliver(before)
    stage.page.locator(".vnb-line[tabindex='0']").focus()
    stage.deliver([question], len(before))

    assert stage.page.evaluate("document.activeElement.getAttribute('aria-label')") == "shell asks to run"


def test_the_focus_survives_the_end_of_a_question(stage: Stage) -> None:
    """When the buttons go, the keyboard moves to the timeline and is not lost."""
    stage.deliver(waiting())
    stage.page.get_by_role("button", name="Approve").focus()

    stage.deliver(decided())

    assert stage.page.evaluate("document.activeElement.className") == "vnb-line"


def test_a_screen_reader_hears_states_and_questions_and_no_tokens(stage: Stage) -> None:
    """The polite region changes with the state only; a question is urgent and names what would be called."""
    region = stage.page.locator(".vnb [role=status]")
    stage.deliver(analysis()[:-2])
    assert region.inner_text() == "analyst: Running"
    stage.deliver(analysis()[-2:], len(analysis()) - 2)
    assert region.inner_text() == "analyst: Finished after 3.4 s"

    stage.page.reload()
    stage.open()
    stage.deliver(waiting())

    assert "Approval needed: shell, command=rm -rf build/" in stage.page.locator(".vnb [role=alert]").inner_text()


def test_ten_thousand_events_draw_a_screenful_of_rows(stage: Stage) -> None:
    """The list is as long as the run, and the page holds only what is in sight."""
    told = many(5_000)
    assert len(told) > 10_000

    stage.deliver(told)

    page = stage.page
    assert "5,000 tool calls" in page.locator(".vnb-facts").inner_text()
    assert page.locator(".vnb-row").count() < 40
    assert page.evaluate("document.querySelectorAll('.vnb *').length") < 1_000
    assert page.locator(".vnb-row").last.get_attribute("aria-posinset") == "5000"  # it follows the newest
    page.locator(".vnb-line[tabindex='0']").focus()
    page.keyboard.press("Home")
    assert "n=0" in page.evaluate("document.activeElement.textContent")
    assert page.locator(".vnb-row").count() < 40


def test_an_unfolded_row_stays_unfolded_when_it_is_scrolled_away_and_back(stage: Stage) -> None:
    """What a person opened stays open, and the rows below it keep their distance."""
    page = stage.page
    stage.deliver(many(500))
    page.locator(".vnb-line[tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Home")

    first, second = page.locator("[data-at='0']").bounding_box(), page.locator("[data-at='1']").bounding_box()
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert second["y"] >= first["y"] + first["height"] - 1


def test_results_that_come_late_redraw_an_open_row(stage: Stage) -> None:
    """A row that was unfolded while it ran shows its result when it has one."""
    events = analysis()
    stage.deliver(events[:3])
    stage.page.get_by_role("button", name="describe_variable").last.click()
    assert "no missing values" not in stage.page.locator(".vnb-panel:visible").inner_text()

    stage.deliver(events[3:4], 3)

    assert "no missing values" in stage.page.locator(".vnb-panel:visible").inner_text()


def test_a_failure_says_what_where_and_what_next(stage: Stage) -> None:
    """The error's three parts and the way to go on are on the page."""
    stage.deliver(interrupted())

    shown = stage.page.locator(".vnb").inner_text()
    for words in ("Failed", "ToolFailed: exit code 2", "tool 'shell'", "look at the output", "victor resume"):
        assert words in shown


def test_a_replay_is_marked(stage: Stage) -> None:
    """Nobody can take the record for the present."""
    stage.deliver(replayed())

    assert stage.page.locator(".vnb-state").inner_text() == "Replayed"


def test_markup_from_models_and_tools_stays_text(stage: Stage) -> None:
    """No element of theirs, no script, no address is loaded; the fixture fails if a dialog opens."""
    requests: list[str] = []
    stage.page.on("request", lambda request: requests.append(request.url))

    stage.deliver(hostile())
    for place in range(stage.page.locator(".vnb-line").count()):
        stage.page.locator(".vnb-line").nth(place).click()

    assert stage.page.locator(".vnb script, .vnb img, .vnb iframe").count() == 0
    assert set(stage.page.evaluate("[...document.querySelectorAll('.vnb a')].map(a => a.protocol)")) == {"http:"}
    assert [url for url in requests if not url.startswith("blob:")] == []


LUMINANCE = """selector => {
  const read = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
  const style = getComputedStyle(document.querySelector(selector));
  return light(read(style.color));
}"""


@pytest.mark.parametrize(("dark", "jupyter"), [(True, True), (False, True), (True, False), (False, False)])
def test_text_is_light_on_dark_and_dark_on_light(chromium: object, dark: bool, jupyter: bool) -> None:
    """The page's own colours are taken where it has some, the system's preference elsewhere."""
    scheme = {"color_scheme": "dark" if dark else "light"} if not jupyter else {}
    page = chromium.new_page(**scheme)  # type: ignore[attr-defined]
    stage = Stage(page)
    stage.open(dark=dark, jupyter=jupyter)
    stage.deliver(waiting())

    texts = [page.evaluate(LUMINANCE, selector) for selector in (".vnb", ".vnb-state", ".vnb-approval-head code")]
    page.close()

    assert all(light > 0.5 for light in texts) if dark else all(light < 0.5 for light in texts)


def test_plain_keys_stay_in_the_view_and_ctrl_keys_stay_the_page_s(stage: Stage) -> None:
    """JupyterLab skips its shortcuts where the focused element itself is marked when the key arrives."""
    page = stage.page
    stage.deliver(waiting())
    page.evaluate(
        """() => { window.marks = []; document.addEventListener("keydown", (event) =>
            marks.push(event.target.hasAttribute("data-lm-suppress-shortcuts")), true) }"""
    )

    page.locator(".vnb-line[tabindex='0']").focus()
    page.keyboard.press("d")
    page.keyboard.press("Control+s")
    page.locator("#before").focus()
    page.keyboard.press("d")

    assert [mark for mark in page.evaluate("marks") if mark is not None] == [True, False, False, False]


def test_line_breaks_are_typed_in_a_page_that_cancels_them(stage: Stage) -> None:
    """JupyterLab does so for every line break outside of its own editors."""
    page = stage.page
    stage.deliver(waiting())
    page.evaluate(
        """() => document.addEventListener("beforeinput", (event) =>
            event.inputType === "insertLineBreak" && event.preventDefault(), true)"""
    )

    page.get_by_role("button", name="Edit arguments").click()
    page.get_by_label("command").fill("")
    page.keyboard.type("make\nmake clean")

    assert page.get_by_label("command").input_value() == "make\nmake clean"
