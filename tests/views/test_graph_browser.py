"""The live graph in a real browser, on a page that stands in for a notebook."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.views import graph_page as pages
from tests.views.page import html, leap, take_clock
from tests.workflows.drawing.shapes import thousand
from victor_nb.journal import Event
from victor_nb.views.graph_view import GraphView
from victor_nb.views.offers import Answer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]

CONTRASTS = """() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = channels(getComputedStyle(one).backgroundColor);
      if (colour.length && (colour[3] ?? 1) > 0.9) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(".vng-asked, .vnb-approval button, .vnb-approval pre")].map((element) => {
    const [one, other] = [light(channels(getComputedStyle(element).color)), light(ground(element))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  });
}"""


class GraphStage:
    """A page with the live graph on it, and a kernel's view that sends to it."""

    def __init__(self, page: Any, monkeypatch: pytest.MonkeyPatch, *, dark: bool = False) -> None:
        self.page, self.errors = page, []
        self.answers: list[Answer] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        monkeypatch.setattr(GraphView, "send", lambda view, message, buffers=None: self._send(message))
        self.view = GraphView()
        page.set_content(html("graph_view", dark=dark))
        page.evaluate("ready")

    def _send(self, message: dict[str, Any]) -> None:
        self.page.evaluate("message => deliver(message)", json.loads(json.dumps(message)))

    def take(self, events: list[Event]) -> None:
        """Send what the events change, and wait until it is drawn."""
        self.view._take(events)
        self.drawn()

    def drawn(self) -> None:
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def node(self, path: str) -> Any:
        return self.page.locator(f'.vng-node[data-path="{path}"]')

    def heard(self) -> str:
        """What a screen reader was told last about a node."""
        return str(self.page.locator(".vng-stage .vng-sr").inner_text())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.drawn()


@pytest.fixture
def stage(chromium: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[GraphStage]:
    """An open page; it must end without an error on it."""
    page = chromium.new_page(viewport={"width": 1000, "height": 900})
    stage = GraphStage(page, monkeypatch)
    yield stage
    page.close()
    assert stage.errors == []


def test_nodes_show_their_states_while_the_run_goes_on(stage: GraphStage) -> None:
    """A word, a sign and a tone each; the header counts them."""
    stage.take(pages.research_events())

    assert stage.node("plan").get_attribute("data-tone") == "good"
    assert "340 ms" in stage.node("plan").text_content()
    assert stage.node("search_papers").get_attribute("data-tone") == "bad"
    assert "failed · 2 attempts" in stage.node("search_papers").text_content()
    assert "running" in stage.node("search_web").text_content()
    header = stage.page.locator(".vng-header").inner_text()
    assert "Running" in header
    assert "2 of 9 nodes done" in header


def test_news_change_a_node_in_its_place(stage: GraphStage) -> None:
    """What was running is done, and nothing else is drawn anew."""
    script = pages.Script(pages.research())
    script.start(1, "plan")
    stage.take(script.events)
    stage.page.evaluate("window.first = document.querySelector('[data-path=plan]')")

    before = len(script.events)
    script.finish(1, "plan", ms=2100)
    stage.take(script.events[before:])

    assert "2.1 s" in stage.node("plan").text_content()
    assert stage.page.evaluate("window.first === document.querySelector('[data-path=plan]')")


def test_a_click_shows_what_a_node_was_given_and_what_came_out(stage: GraphStage) -> None:
    """Inputs, result and events stand beside the drawing; Escape puts them away."""
    stage.take(pages.research_events())

    stage.node("plan").click()
    shown = stage.page.locator(".vng-panel").inner_text()
    for words in ("What separates the species?", "petals", "model offline: 210 ms", "finished in 340 ms"):
        assert words in shown

    stage.press("Escape")
    assert not stage.page.locator(".vng-panel").is_visible()


def test_an_error_is_shown_with_its_traceback_folded(stage: GraphStage) -> None:
    """What went wrong is read without leaving the notebook."""
    stage.take(pages.research_events())

    stage.node("search_papers").click()

    assert "arxiv.org did not answer" in stage.page.locator(".vng-panel").inner_text()
    assert stage.page.locator(".vng-panel details").get_attribute("open") is None


def test_the_arrow_keys_walk_along_the_edges_and_a_screen_reader_hears_where(stage: GraphStage) -> None:
    """Without a pointer and without eyes."""
    stage.take(pages.research_events())
    stage.page.locator(".vng-field").focus()

    stage.press("ArrowDown", "ArrowDown")
    assert stage.heard().startswith("plan, agent, done in 340 ms, Splits the question, leads to search_web")
    stage.press("ArrowDown", "ArrowRight")
    assert stage.heard().startswith(("ask_person", "search_papers"))
    stage.press("Enter")
    assert stage.page.locator(".vng-panel").is_visible()


def test_tab_goes_through_the_view_and_out_of_it(stage: GraphStage) -> None:
    """The drawing is one stop, however many nodes it has."""
    stage.take(pages.research_events())
    stage.page.locator("#before").focus()

    names = []
    for _ in range(14):
        stage.press("Tab")
        names.append(stage.page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert names.count("vng-field") == 1
    assert "after" in names


def test_zooming_keeps_the_place_under_the_pointer_and_fit_shows_everything(stage: GraphStage) -> None:
    """Buttons, keys and the wheel with Ctrl; the wheel alone scrolls the page."""
    stage.take(pages.research_events())
    before = stage.node("plan").bounding_box()

    stage.page.mouse.move(before["x"] + 5, before["y"] + 5)
    stage.page.keyboard.down("Control")
    stage.page.mouse.wheel(0, -60)
    stage.page.keyboard.up("Control")
    stage.drawn()
    larger = stage.node("plan").bounding_box()
    assert larger["width"] > before["width"] * 1.2
    assert abs(larger["x"] - before["x"]) < 5

    stage.page.get_by_title("Show everything (f)").click()
    stage.drawn()
    field = stage.page.locator(".vng-field").bounding_box()
    for path in ("plan", "publish"):
        box = stage.node(path).bounding_box()
        assert field["y"] <= box["y"]
        assert box["y"] + box["height"] <= field["y"] + field["height"] + 1


def test_dragging_moves_the_drawing_and_chooses_nothing(stage: GraphStage) -> None:
    """A drag is no click."""
    stage.take(pages.research_events()[:6])
    box = stage.node("plan").bounding_box()

    stage.page.mouse.move(box["x"] + 10, box["y"] + 10)
    stage.page.mouse.down()
    stage.page.mouse.move(box["x"] + 60, box["y"] + 40, steps=4)
    stage.page.mouse.up()
    stage.drawn()

    assert stage.node("plan").bounding_box()["x"] == pytest.approx(box["x"] + 50, abs=2)
    assert not stage.page.locator(".vng-panel").is_visible()


def test_a_thousand_nodes_draw_only_what_can_be_seen(stage: GraphStage) -> None:
    """Near, a screenful of cards; from afar, plain boxes and no text; a map shows the rest."""
    script = pages.Script(thousand())
    for at, node in enumerate(script.shape.nodes[:500]):
        script.finish(at, node.id, ms=1)
    stage.take(script.events)

    assert 5 < stage.page.locator(".vng-node").count() < 200
    assert stage.page.locator(".vng-map").is_visible()
    stage.page.get_by_title("Show everything (f)").click()
    stage.drawn()
    assert stage.page.locator(".vng-dot").count() == 1000
    assert stage.page.locator('.vng-dot[data-tone="good"]').count() == 500


def test_the_map_brings_a_far_place_into_view(stage: GraphStage) -> None:
    """A click on it goes there."""
    stage.take(pages.Script(thousand()).events)
    before = set(stage.page.locator(".vng-node").evaluate_all("all => all.map(one => one.dataset.path)"))
    box = stage.page.locator(".vng-map").bounding_box()

    stage.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.9)
    stage.drawn()

    after = set(stage.page.locator(".vng-node").evaluate_all("all => all.map(one => one.dataset.path)"))
    assert after
    assert not before & after


def test_small_graphs_have_no_map(stage: GraphStage) -> None:
    """What fits needs none."""
    stage.take(pages.research_events())

    assert not stage.page.locator(".vng-map").is_visible()


def test_the_stop_button_asks_once(stage: GraphStage) -> None:
    """And says that it was heard."""
    stage.take(pages.research_events())

    stage.page.get_by_role("button", name="Stop").click()

    assert answered(stage) == {"kind": "stop", "run_id": pages.RUN}
    assert stage.page.get_by_text("Stopping…").is_disabled()


def test_a_run_whose_kernel_is_gone_counts_no_further(stage: GraphStage) -> None:
    """Its server restarted the kernel, or a person did: what ran did not finish, and the way on is named."""
    take_clock(stage.page)
    stage.take(pages.research_events())
    facts = stage.page.locator(".vng-facts")
    before = facts.inner_text()
    leap(stage.page, 60_000)
    assert facts.inner_text() != before

    stage.page.evaluate("tellStatus('autorestarting')")
    stage.drawn()
    before = facts.inner_text()
    leap(stage.page, 60_000)

    assert facts.inner_text() == before
    assert stage.page.locator(".vng-state").inner_text() == "The kernel is gone"
    assert "did not finish" in stage.node("search_web").text_content()
    assert f"victor resume {pages.RUN}" in stage.page.locator(".vng-trouble").inner_text()
    assert not stage.page.get_by_role("button", name="Stop").is_visible()


def test_a_page_that_missed_a_message_asks_for_everything(stage: GraphStage) -> None:
    """It shows no half of the truth."""
    stage.take(pages.research_events())
    message = {"kind": "nodes", "from": 7, "to": 8, "run": {"run_id": "x", "state": "failed"}, "nodes": []}

    stage.page.evaluate("message => deliver(message)", message)

    assert (
        stage.page.evaluate("sent.filter(one => one.kind === 'hello').length") >= 2
    )  # it says hello until it is heard
    assert "Running" in stage.page.locator(".vng-header").inner_text()


def test_a_view_that_goes_takes_its_listeners_with_it(stage: GraphStage) -> None:
    """After the clean-up nothing is left on the page and nothing draws."""
    stage.take(pages.research_events())

    stage.page.evaluate("unmount()")
    stage.take(pages.research_events())

    assert stage.page.locator(".vng").count() == 0


def test_hostile_names_stay_text(stage: GraphStage) -> None:
    """Nothing parses what a node is called."""
    script = pages.Script(pages.research())
    script.finish(1, "plan", result={"update": "<img src=x onerror=alert(1)>"})
    stage.take(script.events)

    stage.node("plan").click()

    assert stage.page.locator(".vng img").count() == 0
    assert "<img src=x" in stage.page.locator(".vng-panel").inner_text()


# --- answering ------------------------------------------------------------------------------------------------------


def waiting(value: object, schema: dict[str, Any] | None = None, **more: Any) -> list[Event]:
    """A run that has stopped with a question of `ask_person`."""
    script = pages.Script(pages.research())
    script.finish(1, "plan")
    script.start(2, "ask_person")
    asked = {"id": "q1", "node": "2/ask_person", "value": value, **({"schema": schema} if schema else {}), **more}
    script.add("interrupt.requested", "2/ask_person", **asked)
    script.add("run.stopped", reason="waiting", seconds=1.0)
    return script.events


def answered(stage: GraphStage) -> dict[str, Any]:
    """What the page sent last, without what it says to every kernel."""
    said: dict[str, Any] = stage.page.evaluate("sent.filter(one => one.kind !== 'hello').at(-1)")
    return said


@pytest.fixture
def heard(stage: GraphStage) -> GraphStage:
    """The same, with a kernel that hears the page."""
    stage.view._on_answer = stage.answers.append
    stage.view._hear(stage.view, {"kind": "hello"}, None)
    return stage


def test_a_question_opens_its_nodes_panel_and_is_answered_there(heard: GraphStage) -> None:
    """Words go to the kernel with the one-time nonce of this question; the keyboard was not taken away."""
    heard.page.locator("#before").focus()
    heard.take(waiting({"question": "Which one is right?"}))

    panel = heard.page.locator(".vng-panel")
    assert "Which one is right?" in panel.inner_text()
    assert heard.page.evaluate("document.activeElement.id") == "before"
    panel.get_by_label("Answer", exact=True).fill("the second")
    panel.get_by_role("button", name="Answer", exact=True).click()

    nonce = heard.view._offers.waiting()[0].nonce
    said = {"kind": "answer", "run_id": pages.RUN, "call_id": "q1", "call_hash": "", "value": "the second"}
    assert answered(heard) == {**said, "nonce": nonce}
    assert "Telling the kernel" in panel.inner_text()


def test_choices_are_buttons(heard: GraphStage) -> None:
    """One press answers."""
    heard.take(waiting({"prompt": "Publish?", "choices": ["now", "later"]}, {"enum": ["now", "later"]}))

    heard.page.locator(".vng-panel").get_by_role("button", name="later").click()

    assert answered(heard)["value"] == "later"


def test_a_form_follows_the_schema_and_tells_what_is_missing(heard: GraphStage) -> None:
    """Nothing is sent before it fits."""
    schema = {
        "type": "object",
        "required": ["count"],
        "properties": {"count": {"type": "integer"}, "look": {"enum": ["light", "dark"]}},
    }
    heard.take(waiting("Fill in", schema))
    panel = heard.page.locator(".vng-panel")

    panel.get_by_role("button", name="Answer").click()
    assert "count is needed; nothing was sent" in panel.inner_text()
    panel.get_by_label("count").fill("3")
    panel.get_by_label("look").select_option("dark")
    panel.get_by_role("button", name="Answer").click()

    assert answered(heard)["value"] == {"count": 3, "look": "dark"}


def test_a_question_is_answered_by_keys_alone(heard: GraphStage) -> None:
    """`a` goes to what is asked, Ctrl and Enter answer, Escape goes back to the drawing."""
    heard.take(waiting("Which?"))
    heard.page.locator(".vng-field").focus()

    heard.press("a")
    heard.page.keyboard.type("the third")
    heard.press("Control+Enter")
    assert answered(heard)["value"] == "the third"
    heard.press("Escape")
    assert heard.page.evaluate("document.activeElement.className") == "vng-field"


def test_a_kernel_that_cannot_hear_gets_no_buttons_and_the_command_is_named(stage: GraphStage) -> None:
    """A button that does nothing is worse than none."""
    stage.take(waiting("Which?"))

    panel = stage.page.locator(".vng-panel")
    assert f"victor resume {pages.RUN} --answer VALUE" in panel.inner_text()
    assert panel.get_by_role("button", name="Answer").count() == 0


def test_a_question_whose_kernel_is_gone_names_the_command_instead(heard: GraphStage) -> None:
    """The run waits all the same; anybody can answer it elsewhere."""
    heard.take(waiting("Which?"))
    heard.page.evaluate("fire('comm_live_update')")
    heard.drawn()

    panel = heard.page.locator(".vng-panel")
    assert f"victor resume {pages.RUN} --answer VALUE" in panel.inner_text()
    assert panel.get_by_role("button", name="Answer").count() == 0
    assert heard.page.locator(".vng-state").inner_text() == "Waiting for an answer"


def test_what_was_typed_survives_news_and_a_look_at_another_node(heard: GraphStage) -> None:
    """A form is not drawn anew because a node elsewhere is done."""
    events = waiting("Which?")
    heard.take(events)
    panel = heard.page.locator(".vng-panel")
    panel.get_by_label("Answer", exact=True).fill("half a th")

    heard.node("plan").click()
    heard.drawn()
    assert not panel.get_by_label("Answer", exact=True).is_visible()
    heard.page.get_by_role("button", name="Go to what is asked").click()
    heard.drawn()

    assert panel.get_by_label("Answer", exact=True).input_value() == "half a th"


def test_a_call_of_an_agent_is_denied_with_a_reason(heard: GraphStage) -> None:
    """The card is the same as in the view of an agent's run."""
    script = pages.Script(pages.research())
    node = script.start(1, "plan")
    asked = {"call_id": "c1", "call_hash": "h", "tool": "pay", "arguments": {"amount": 5}, "effect": "effect"}
    script.add("approval.requested", "a1", node, **asked)
    heard.take(script.events)
    panel = heard.page.locator(".vng-panel")

    panel.get_by_role("button", name="Deny with reason…").click()
    panel.get_by_label("reason").fill("too much")
    heard.press("Enter")

    said = answered(heard)
    assert (said["kind"], said["call_id"], said["call_hash"], said["message"]) == ("deny", "c1", "h", "too much")


def test_an_answer_that_does_not_count_is_refused_with_words(heard: GraphStage) -> None:
    """Somebody else was faster: the page says so, and its buttons are dead."""
    heard.take(waiting("Which?"))
    panel = heard.page.locator(".vng-panel")
    panel.get_by_label("Answer", exact=True).fill("mine")
    panel.get_by_role("button", name="Answer", exact=True).click()

    heard.view.refuse("q1", "this question was answered already")
    heard.drawn()

    assert "this question was answered already" in panel.inner_text()
    assert panel.get_by_role("button", name="Answer", exact=True).is_disabled()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_questions_can_be_read_in_light_and_dark(
    chromium: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dark: bool
) -> None:
    """Words stand out from their ground by a contrast of at least 4.5 to 1."""
    page = chromium.new_page(viewport={"width": 1000, "height": 700})
    stage = GraphStage(page, monkeypatch, dark=dark)
    stage.view._on_answer = stage.answers.append
    stage.view._hear(stage.view, {"kind": "hello"}, None)
    stage.take(waiting({"prompt": "Publish?", "choices": ["now", "later"], "inputs": {"rows": 150}}))
    folder = Path(os.environ.get("VICTOR_TEST_SCREENSHOTS") or tmp_path)
    page.screenshot(path=folder / f"graph-question-{'dark' if dark else 'light'}.png")

    assert all(ratio >= 4.5 for ratio in page.evaluate(CONTRASTS))
    page.close()
    assert stage.errors == []
