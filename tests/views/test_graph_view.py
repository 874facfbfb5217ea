"""The kernel's side of the live graph, and the report that stays."""

from __future__ import annotations

import json
import re
import sys
from xml.etree import ElementTree

import pytest

from tests.views.graph_page import Script, Sent, research, research_events
from tests.workflows.drawing.shapes import thousand
from victor_nb.journal import Event
from victor_nb.views.graph_report import ROWS, GraphReport
from victor_nb.views.graph_view import GraphView
from victor_nb.views.live import STATIC
from victor_nb.views.offers import Answer
from victor_nb.workflows.drawing.looks import COLOURS

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What a view sends; it has no browser here."""
    kept = Sent()
    monkeypatch.setattr(GraphView, "send", lambda self, message, buffers=None: kept(message))
    return kept


def test_the_drawing_goes_once_and_then_only_what_changed(sent: Sent) -> None:
    """A run of a thousand nodes does not send a thousand nodes for each event."""
    events = research_events()
    view = GraphView()

    view._take(events[:4])
    view._take(events[4:5])
    view._take(events[5:6])

    assert [message["kind"] for message in sent.messages] == ["graph", "nodes", "nodes", "nodes"]
    assert [[node["path"] for node in message["nodes"]] for message in sent.messages[2:]] == [["plan"], ["search_web"]]
    assert [(message["from"], message["to"]) for message in sent.messages[1:]] == [(0, 1), (1, 2), (2, 3)]


def test_what_is_sent_is_json(sent: Sent) -> None:
    """Nothing of Python is left in it."""
    GraphView()._take(research_events())

    assert json.loads(json.dumps(sent.messages)) == sent.messages


def test_a_page_that_says_hello_gets_everything(sent: Sent) -> None:
    """A reloaded page, a second view, one that missed a message."""
    view = GraphView.of(research_events())
    sent.messages.clear()

    view._hear(view, {"kind": "hello"}, None)

    assert view.greeted.is_set()
    assert sent.messages[0]["graph"]["name"] == "research"
    assert len(sent.messages[1]["nodes"]) == 7


def test_a_workflow_that_has_not_run_is_shown_too(sent: Sent) -> None:
    """To look at a graph nobody has to run it."""
    view = GraphView(research())
    view._hear(view, {"kind": "hello"}, None)

    assert sent.messages[0]["graph"]["name"] == "research"
    assert sent.messages[1]["run"]["state"] == ""


def test_the_stop_button_names_its_run(sent: Sent) -> None:
    """A message for another run, or of an old page, stops nothing."""
    answers: list[Answer] = []
    view = GraphView(on_answer=answers.append)
    view._take(research_events())

    view._hear(view, {"kind": "stop", "run_id": "another"}, None)
    view._hear(view, {"kind": "stop", "run_id": view._known.run_id}, None)
    view._hear(view, "stop", None)

    assert answers == [Answer("stop", view._known.run_id)]


def test_events_from_any_thread_arrive_in_their_order(sent: Sent) -> None:
    """`freeze` waits for what was put before."""
    view = GraphView()
    for event in research_events():
        view.add(event)

    report = view.freeze()

    assert report.known.nodes["review/judge"].state == "running"
    assert view.freeze().known is report.known


def test_the_report_says_everything_without_a_kernel() -> None:
    """Text, Markdown, HTML and SVG for pages that run nothing."""
    report = GraphReport.of(research_events())
    shown = report._repr_mimebundle_()

    assert shown.keys() == {"text/plain", "text/markdown", "text/html", "image/svg+xml"}
    for face in ("text/plain", "text/html", "image/svg+xml"):
        assert "failed · 2 attempts" in shown[face]
        assert "waiting for an answer" in shown[face]
    assert "```mermaid" in shown["text/markdown"]
    assert "What separates the species?" in shown["text/html"]
    assert not re.search(r"<script|href|src=", shown["text/html"])
    ElementTree.fromstring(shown["image/svg+xml"])


def test_a_report_of_a_thousand_nodes_is_bounded() -> None:
    """It shows those that need to be looked at first, and one picture."""
    script = Script(thousand())
    for at, node in enumerate(script.shape.nodes):
        script.finish(at, node.id, ms=1)
    script.fail(1000, "n700", "out of luck")
    report = GraphReport.of(script.events)

    assert report._rows()[0].path == "n700"
    assert len(report._rows()) == ROWS
    assert "<svg" not in report.to_html()
    assert report.to_html().count("<details") == ROWS
    assert ElementTree.fromstring(report.to_svg()).tag == f"{SVG}svg"


def test_names_cannot_become_markup_in_any_face() -> None:
    """A node may be called anything."""
    script = Script(research())
    script.finish(1, "<img src=x>", result={"update": "</script><script>alert(1)</script>"})

    shown = GraphReport.of(script.events).to_html()
    assert "<img" not in shown
    assert "<script" not in shown


def test_the_style_sheet_has_the_colours_of_the_drawings(bundle: None) -> None:
    """The live view and the static drawing look alike."""
    css = (STATIC / "graph_view.css").read_text("utf-8").replace(": ", ":")

    for theme, colours in COLOURS.items():
        for name in ("busy", "good", "bad", "ask", "agent", "human", "tool", "notebook", "edge", "line"):
            assert f"--victor-{name}:{colours[name]}" in css, (theme, name)


def test_looking_at_a_report_loads_no_widget() -> None:
    """A terminal needs no anywidget."""
    import subprocess

    code = "import sys, victor_nb.views.graph_report; print('anywidget' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_a_node_was_given_is_read_when_somebody_looks(sent: Sent) -> None:
    """The state before its superstep; of nodes inside of others, and where nobody knows states, nothing is said."""
    asked: list[tuple[str, int]] = []

    def states(run_id: str, superstep: int) -> dict[str, int]:
        asked.append((run_id, superstep))
        return {"n": superstep}

    view = GraphView(states=states)
    view._take(research_events())
    sent.messages.clear()

    view._hear(view, {"kind": "look", "path": "search_web"}, None)
    view._hear(view, {"kind": "look", "path": "review/judge"}, None)
    view._hear(view, {"kind": "look", "path": "nowhere"}, None)

    assert sent.messages == [{"kind": "inputs", "path": "search_web", "inputs": {"n": 1}}]
    assert asked == [(view._known.run_id, 1)]


# --- answers --------------------------------------------------------------------------------------------------------


def asking() -> list[Event]:
    """A run that waits with a question."""
    script = Script(research())
    script.start(1, "ask_person")
    script.add("interrupt.requested", "1/ask_person", id="q1", node="1/ask_person", value="Which?")
    script.add("run.stopped", reason="waiting", seconds=1.0)
    return script.events


def offered(sent: Sent) -> list[dict[str, str]]:
    """What can be answered, as the browser was told."""
    return [offer for message in sent.messages if message["kind"] == "offers" for offer in message["offers"]]


def test_no_nonce_goes_to_a_browser_that_was_not_heard(sent: Sent) -> None:
    """Where the kernel hears too late, no button is drawn; the command is named."""
    view = GraphView(on_answer=lambda answer: None)
    view._take(asking())

    assert offered(sent) == []
    assert not view.heard.is_set()
    assert sent.messages[-1]["run"]["command"].endswith("--answer VALUE")

    view._hear(view, {"kind": "hello"}, None)
    assert view.heard.is_set()
    assert [offer["call_id"] for offer in offered(sent)] == ["q1"]


def test_a_view_that_nobody_listens_to_has_no_buttons(sent: Sent) -> None:
    """A browser that is heard is not enough: somebody has to take the answer."""
    view = GraphView()
    view._take(asking())
    view._hear(view, {"kind": "hello"}, None)

    assert offered(sent) == []
    assert not view.heard.is_set()


def test_an_answer_counts_once_and_the_second_is_refused(sent: Sent) -> None:
    """The same message again, as a saved page might send it, changes nothing."""
    answers: list[Answer] = []
    view = GraphView(on_answer=answers.append)
    view._hear(view, {"kind": "hello"}, None)
    view._take(asking())
    word = {"kind": "answer", "run_id": view._known.run_id, "value": "a", **offered(sent)[0]}

    view._hear(view, word, None)
    view._hear(view, word, None)

    assert answers == [Answer("answer", view._known.run_id, "q1", value="a")]
    assert sent.messages[-1]["kind"] == "refused"
    assert "not open any more" in sent.messages[-1]["why"]


@pytest.mark.parametrize("wrong", [{"run_id": "another"}, {"nonce": "guessed"}, {"call_id": "q9"}, {"kind": "approve"}])
def test_a_foreign_answer_is_refused_and_the_question_stays_open(sent: Sent, wrong: dict[str, str]) -> None:
    """Another run's, a made-up one, one that approves what is no call."""
    answers: list[Answer] = []
    view = GraphView(on_answer=answers.append)
    view._hear(view, {"kind": "hello"}, None)
    view._take(asking())
    word = {"kind": "answer", "run_id": view._known.run_id, "value": "a", **offered(sent)[0]}

    view._hear(view, {**word, **wrong}, None)
    view._hear(view, word, None)

    assert [answer.value for answer in answers] == ["a"]


def test_a_question_that_was_answered_elsewhere_can_be_answered_here_no_more(sent: Sent) -> None:
    """The event that tells of the answer closes the offer."""
    view = GraphView(on_answer=lambda answer: None)
    view._hear(view, {"kind": "hello"}, None)
    events = asking()
    view._take(events)
    script = Script(research())
    script.events[:] = events
    script.add("interrupt.answered", id="q1", value="b", by="somebody")
    view._take(script.events[len(events) :])

    assert view._offers.waiting() == []


def test_the_report_of_a_run_that_was_answered_here_shows_its_result(sent: Sent) -> None:
    """The cell has ended long ago, and nothing else would."""
    view = GraphView(on_answer=lambda answer: None)
    view._hear(view, {"kind": "hello"}, None)
    events = asking()
    view._take(events)
    view._hear(view, {"kind": "answer", "run_id": view._known.run_id, "value": "a", **offered(sent)[0]}, None)
    script = Script(research())
    script.events[:] = events
    script.add("run.finished", result={"verdict": "a"}, seconds=1.0)
    view._take(script.events[len(events) :])

    assert '"verdict": "a"' in view.freeze().to_text()
    assert '"verdict": "a"' not in GraphReport.of(script.events).to_text()
