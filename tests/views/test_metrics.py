"""The charts of a journal: what they say, how they are drawn, and how the live view ends."""

from __future__ import annotations

import json
import threading
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from victor_nb.insight import Projection
from victor_nb.insight.charts import dashboard
from victor_nb.journal import Journal, JournalUnavailable, current_step, open_journal
from victor_nb.journal.memory import MemoryStore
from victor_nb.views.byte_size import byte_size
from victor_nb.views.metrics_panel import Panel, panel
from victor_nb.views.metrics_report import MetricsReport, spark
from victor_nb.views.metrics_svg import pieces
from victor_nb.views.metrics_view import MetricsView

SVG = "{http://www.w3.org/2000/svg}"


def worked(journal: Journal, *, times: int = 2) -> None:
    """Runs with a model, a tool that fails once, and a question that waits."""
    for _ in range(times):
        with journal.start("agent", "poet <b>") as run:
            usage = {"input_tokens": 1200, "output_tokens": 30}
            run.step_sync("offline", lambda usage=usage: current_step().note(usage=usage, cost_usd=0.25), kind="model")
            run.step_sync("search", lambda: current_step().note(is_error=True), kind="tool")
    journal.start("workflow", "review").record("interrupt.requested", {"id": "q1"})


def seen(journal: Journal) -> Panel:
    projection = Projection(journal)
    projection.refresh()
    return panel(dashboard(projection))


@pytest.fixture
def journal() -> Journal:
    """A journal in memory with something in it, ten seconds ago."""
    made = Journal(MemoryStore(), clock=lambda: now[0])
    now = [1_760_011_200.0]
    worked(made)
    now[0] += 10
    return made


def test_every_chart_says_what_it_shows(journal: Journal) -> None:
    """Whoever cannot see it reads the same numbers."""
    said = {chart["key"]: chart["said"] for chart in seen(journal)["charts"]}

    assert said["throughput"].startswith("4 steps, 2 runs ended; at most ")
    assert said["errors"].startswith("2 tools; at most 2 in ")
    assert said["tokens"].startswith("2,400 input, 60 output")
    assert said["cost"].startswith("$0.50 US dollars")
    assert said["cache"] == "none"
    assert said["active"] == "1 now, at most 3"
    assert said["queue"] == "1 now, at most 1"
    assert said["journal"].startswith("10 events, ")


def test_a_report_has_every_face(journal: Journal) -> None:
    """Text with sparklines, a table, a picture; JSON with the values."""
    report = MetricsReport(seen(journal), {"runs": 3})

    text = report.to_text(100)
    assert "Tool calls" in text
    assert "█" in text
    assert "| Cost | US dollars | \\$0.50 |" in report.to_markdown()
    assert "<svg" in report.to_html()
    assert "the numbers" in report.to_html()
    told: Any = json.loads(json.dumps(report.to_json()))
    assert told["metrics"] == {"runs": 3}
    assert [chart["key"] for chart in told["charts"]][:2] == ["throughput", "latency"]
    assert set(report._repr_mimebundle_()) == {"text/plain", "text/markdown", "text/html", "image/svg+xml"}


def test_the_picture_is_readable_without_being_seen(journal: Journal) -> None:
    """Each chart is an image with a title and a description; markup in names is text."""
    drawn = ET.fromstring(MetricsReport(seen(journal)).to_svg())

    images = [group for group in drawn.iter(f"{SVG}g") if group.get("role") == "img"]
    assert len(images) == 10
    for image in images:
        title, description = image.find(f"{SVG}title"), image.find(f"{SVG}desc")
        assert title is not None
        assert description is not None
        assert title.text
        assert description.text
    assert not list(drawn.iter(f"{SVG}script"))


def test_an_empty_journal_is_drawn_too() -> None:
    """Nothing happened, and that is what it says."""
    report = MetricsReport(seen(open_journal("memory:")))

    assert "0 runs · 0 events" in report.to_text()
    assert ET.fromstring(report.to_svg()).tag == f"{SVG}svg"


def test_lines_are_broken_where_there_is_nothing() -> None:
    """A hole is no zero."""
    assert pieces([None, 1.0, 2.0, None, None, 3.0]) == [[(1, 1.0), (2, 2.0)], [(5, 3.0)]]
    assert pieces([]) == []


def test_a_sparkline_fits_its_room(journal: Journal) -> None:
    """Many buckets are drawn as the highest of several."""
    chart = seen(journal)["charts"][0]
    chart["series"] = [{**chart["series"][0], "values": [float(number) for number in range(100)]}]

    drawn = spark(chart, 30)

    assert len(drawn) == 30
    assert drawn.rstrip()[-1] == "█"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (12_345, "12.3 kB"), (2_500_000, "2.5 MB"), (3e9, "3.0 GB")],
)
def test_sizes_read_well(number: int, text: str) -> None:
    """In the largest unit that fits."""
    assert byte_size(number) == text


class Sent:
    """Stands for the comm: keeps what the view sends, and tells that something came."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.came = threading.Condition()

    def __call__(self, message: dict[str, Any], buffers: object = None) -> None:
        with self.came:
            self.messages.append(json.loads(json.dumps(message)))
            self.came.notify_all()

    def wait_for(self, wanted: Any) -> None:
        with self.came:
            assert self.came.wait_for(lambda: any(map(wanted, self.messages)), timeout=30)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was displayed, and what took its place."""
    found: list[tuple[str, Any]] = []
    monkeypatch.setattr("victor_nb.views.metrics_view.put", lambda data, **how: found.append(("put", data)))
    monkeypatch.setattr("victor_nb.views.metrics_view.replace", lambda data, where: found.append(("replace", data)))
    return found


def view_of(journal: Journal, monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[MetricsView, Sent]:
    view, sent = MetricsView(journal, interval_s=0.01, **options), Sent()
    monkeypatch.setattr(view, "send", sent)
    return view, sent


def test_the_live_view_follows_the_journal_until_its_block_ends(
    journal: Journal, shown: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that begin meanwhile are seen; then the picture takes its place, with what was last."""
    view, sent = view_of(journal, monkeypatch)
    with view:
        sent.wait_for(lambda message: message["panel"]["head"].startswith("3 runs"))
        worked(journal)
        sent.wait_for(lambda message: message["panel"]["head"].startswith("6 runs"))

    (_, first), (_, last) = shown
    assert "application/vnd.jupyter.widget-view+json" in first
    assert "3 runs" in first["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" not in last
    assert "6 runs" in last["text/plain"]
    assert view.comm is None or view.stop()


def test_the_button_ends_it(journal: Journal, shown: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """What else a browser says is ignored; a page that comes late gets everything at once."""
    view, sent = view_of(journal, monkeypatch)
    view.show()
    for said in (None, "stop", {"kind": "eval", "code": "1"}, {"kind": []}):
        view._hear(view, said, None)
    view._hear(view, {"kind": "hello"}, None)
    assert sent.messages
    view._hear(view, {"kind": "stop"}, None)

    assert [what for what, _ in shown] == ["put", "replace"]


def test_it_ends_by_itself_when_nothing_happens(
    journal: Journal, shown: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook that is left open does not look at the journal for ever."""
    view, _ = view_of(journal, monkeypatch, quiet_s=0.02)
    view.show()
    assert view._thread is not None
    view._thread.join(30)

    assert [what for what, _ in shown] == ["put", "replace"]


def test_a_journal_that_cannot_be_read_is_told_and_tried_again(
    journal: Journal, shown: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is away for a moment; the charts come back."""
    view, sent = view_of(journal, monkeypatch)
    heads, is_away = journal.store.heads, [False]

    def sometimes(*asked: Any) -> Any:
        if is_away[0]:
            raise JournalUnavailable("the server is gone", hint="wait")
        return heads(*asked)

    monkeypatch.setattr(journal.store, "heads", sometimes)
    with view:
        is_away[0] = True
        sent.wait_for(lambda message: message["kind"] == "problem" and message["what"] == "the server is gone")
        sent.messages.clear()
        is_away[0] = False
        sent.wait_for(lambda message: message["kind"] == "panel")


def test_a_journal_that_is_closed_leaves_what_was_last(
    tmp_path: Any, shown: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who ends the session first still has the picture."""
    journal = open_journal(f"sqlite:///{tmp_path / 'victor.db'}")
    worked(journal)
    view, _ = view_of(journal, monkeypatch)
    with view:
        journal.close()

    assert "3 runs" in shown[-1][1]["text/plain"]
