"""What stays in the notebook: complete, bounded, and harmless."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.views.samples import HOSTILE, SAMPLES, Teller, analysis, decided, hostile, interrupted, many, replayed
from victor_nb.views import RunReport, View
from victor_nb.views.frozen import FIRST_STEPS, LAST_STEPS
from victor_nb.views.html import Html, join, tag

SAFE_TAGS = {"div", "span", "strong", "em", "p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "pre", "code", "a", "img"}
SAFE_TAGS |= {"hr", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "blockquote"}
SAFE_ATTRIBUTES = {"style", "href", "rel", "title", "colspan", "src", "alt"}


class Reader(HTMLParser):
    """Collects what a page is made of, and checks that every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in {"img", "hr"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def faces(name: str) -> dict[str, str]:
    return RunReport.of(SAMPLES[name]())._repr_mimebundle_()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_run_has_all_four_faces(name: str) -> None:
    """Text, Markdown, HTML and SVG, each telling the name and the state."""
    assert set(faces(name)) == {"text/plain", "text/markdown", "text/html", "image/svg+xml"}
    assert isinstance(RunReport.of(SAMPLES[name]()), View)
    json.dumps(RunReport.of(SAMPLES[name]()).to_json())


def test_a_face_can_be_asked_for_alone() -> None:
    """IPython names the media types that it wants."""
    report = RunReport.of(analysis())

    assert set(report._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert "text/html" not in report._repr_mimebundle_(exclude={"text/html"})


@pytest.mark.parametrize("name", SAMPLES)
def test_html_is_made_of_harmless_parts(name: str) -> None:
    """No script, no style sheet, no handler, no address but those of http links: GitHub keeps it all."""
    read = Reader(faces(name)["text/html"])

    assert read.tags <= SAFE_TAGS
    assert {key for key, _ in read.attributes} <= SAFE_ATTRIBUTES
    for key, value in read.attributes:
        assert key != "href" or str(value).startswith(("http://", "https://"))
        assert key != "src" or str(value).startswith("data:image/")
        assert "url(" not in str(value)


def test_text_from_models_and_tools_is_text_in_every_face() -> None:
    """What looks like markup is shown, not obeyed."""
    made = faces("hostile")

    assert "<script" not in made["text/html"]
    assert HOSTILE in Reader(made["text/html"]).text
    assert "<script" not in made["image/svg+xml"]
    ElementTree.fromstring(made["image/svg+xml"])
    markdown = made["text/markdown"].replace(f"`{HOSTILE}`", "")
    assert "<script" not in markdown.replace("\\<", "")
    assert "![" not in markdown.replace("\\!", "")
    assert "javascript:" not in Reader(made["text/html"]).attributes.__repr__()


@pytest.mark.parametrize("name", SAMPLES)
def test_svg_is_a_picture_with_a_name_and_no_script(name: str) -> None:
    """It parses, says what it shows, and loads nothing."""
    root = ElementTree.fromstring(faces(name)["image/svg+xml"])
    kinds = {element.tag.split("}")[1] for element in root.iter()}

    assert kinds <= {"svg", "title", "desc", "rect", "line", "text"}
    assert root.attrib["role"] == "img"


def test_the_report_tells_the_whole_run() -> None:
    """Answer, measures, steps with arguments and results, and the id to ask for more."""
    text = Reader(faces("analysis")["text/html"]).text

    for words in (
        "Finished",
        "analyst",
        "5 tool calls",
        "What separates the species",
        "8 steps",
        "group_by",
        "0.962865",
        "01K6RUN7Q2M4",
    ):
        assert words in text


def test_a_failure_says_what_where_what_next_and_how_to_resume() -> None:
    """In every face that is read by people."""
    made = faces("interrupted")

    for kind in ("text/plain", "text/html"):
        for words in ("ToolFailed: exit code 2", "tool 'shell'", "look at the output", "victor resume"):
            assert words in Reader(made[kind]).text


def test_decisions_are_part_of_the_report() -> None:
    """Who approved and who denied can be read years later."""
    text = RunReport.of(decided()).to_text()

    assert "approved by person" in text
    assert "denied by person: not today" in text


def test_a_replay_is_marked() -> None:
    """Nobody can take the record for the present."""
    assert "Replayed" in RunReport.of(replayed()).to_text()
    assert "Failed" in RunReport.of(interrupted()).to_text()


def test_text_keeps_to_its_width() -> None:
    """A terminal's lines are not broken, except in the answer itself."""
    lines = RunReport.of(decided()).to_text(60).splitlines()

    assert max(len(line) for line in lines if line.startswith("  ")) <= 60


def test_ten_thousand_events_are_folded() -> None:
    """The first and the last steps are shown, the others counted, and the page stays small."""
    report = RunReport.of(many(5_000))

    for face in report._repr_mimebundle_().values():
        assert len(face) < 200_000
        assert "more" in face
    rows = Reader(report.to_html()).text.count("head_rows")
    assert rows == FIRST_STEPS + LAST_STEPS


def test_huge_answers_and_results_are_cut_with_a_note() -> None:
    """Nothing in a notebook grows with a tool's output."""
    t = Teller()
    events = [
        t.say(0, "run.started", kind="agent", name="a"),
        *t.calls(1, "t1", "dump", {"q": "y" * 10**6}, "x" * 5 * 10**6),
        t.answers(2, "m1", "word " * 10**6),
        t.say(3, "run.failed", error={"type": "E", "what": "z" * 10**6, "traceback": "t" * 10**6}),
    ]
    report = RunReport.of(events)

    for face in report._repr_mimebundle_().values():
        assert len(face) < 120_000
    assert "more characters" in report.to_html()


def test_a_picture_is_open_to_be_seen() -> None:
    """Whoever asked for a plot need not unfold the step that made it; it is on the page once."""
    t = Teller()
    plot = {"$image": {"media_type": "image/png", "data": "QUJD", "text": "a plot"}}
    page = RunReport.of([*t.calls(1, "t1", "plot", {}, plot), t.answers(2, "m1", "Here it is.")]).to_html()

    assert page.count("<img") == 1
    assert page.index("Here it is.") < page.index("<img") < page.index("<details")
    assert "the picture above" in page[page.index("<details") :]


def test_pictures_are_shown_until_the_page_is_full() -> None:
    """A few plots are part of the report; fifty are not, and say so."""
    t = Teller()
    plot = {"$image": {"media_type": "image/png", "data": "A" * 60_000, "text": "a plot"}}
    events = [event for number in range(50) for event in t.calls(number, f"t{number}", "plot", {}, plot)]

    page = RunReport.of(events).to_html()

    assert page.count("<img") == 6
    assert page.count("too many bytes for this page") == 44
    assert len(page) < 600_000


def test_an_unfinished_run_is_reported_as_far_as_it_came() -> None:
    """A report can be asked for at any time."""
    assert "Running" in RunReport.of(analysis()[:3]).to_text()
    assert "Starting" in RunReport.of([]).to_text()


def test_hostile_runs_have_text_too() -> None:
    """The terminal shows the characters; they mean nothing there."""
    assert HOSTILE in RunReport.of(hostile()).to_text(400)


@pytest.mark.parametrize("value", ["<b>", '"', "&", "'"])
def test_only_markup_that_we_made_is_markup(value: Any) -> None:
    """A plain string is escaped wherever it goes in."""
    made = tag("p", value, [value], title=value)

    assert isinstance(made, Html)
    assert Reader(made).text == value * 2
    assert dict(Reader(made).attributes)["title"] == value
    assert Reader(join([made, value])).text == value * 3
