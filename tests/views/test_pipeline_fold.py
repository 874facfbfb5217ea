"""What is known of a pipeline's run, from its events: nodes, cells, what is slow, and when it ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.views.pipeline_page import RUN, PipelineScript, half_way
from victor_nb.views.pipeline_fold import advance, pipeline_folded
from victor_nb.views.pipeline_report import PipelineReport
from victor_nb.views.pipeline_state import PipelineState, member_words, rough, slow_words, slower
from victor_nb.views.pipeline_time import expected_end

LASSO = "train[model=lasso]"


def test_every_member_has_the_state_that_its_events_say() -> None:
    """From the cache, done, running, failed, skipped; a matrix is its members."""
    known = pipeline_folded(half_way())

    assert {member.path: member.state for member in known.all_members} == {
        "prepare": "cached",
        "train[model=ridge]": "done",
        LASSO: "running",
        "train[model=boom]": "failed",
        "report": "skipped",
    }
    assert known.state == "running"
    assert known.parameters == {"rows": 150}


def test_a_matrix_is_drawn_with_all_its_members() -> None:
    """Edges lead to each of them, and from each."""
    shape = pipeline_folded(half_way()).shape
    assert shape is not None

    assert [node.id for node in shape.nodes if node.id.startswith("train")] == [
        "train[model=ridge]",
        LASSO,
        "train[model=boom]",
    ]
    assert {(edge.source, edge.target) for edge in shape.edges} >= {("prepare", LASSO), (LASSO, "report")}


def test_a_running_notebook_says_its_cell_and_what_is_left_by_what_is_usual() -> None:
    """Two cells of two seconds are left, of the first of which one second is over."""
    known = pipeline_folded(half_way())
    member = known.nodes[LASSO]
    began = member.notebook.began  # type: ignore[attr-defined]

    assert member_words(member, began + 1) == "cell 3 of 4 · 3 s left"  # type: ignore[arg-type]


def test_a_cell_that_takes_longer_than_usual_is_named_while_it_runs() -> None:
    """By how much, which cell, of which notebook."""
    known = pipeline_folded(half_way())
    member = known.nodes[LASSO]
    began = member.notebook.began  # type: ignore[attr-defined]

    assert slow_words(member, began + 2.1) == ""  # type: ignore[arg-type]
    assert slow_words(member, began + 2.86) == "43 % slower than usual: cell 3 of train.ipynb"  # type: ignore[arg-type]


def test_a_cell_that_took_longer_than_usual_is_remembered() -> None:
    """After it has ended, too: that is what one looks for the next morning."""
    member = pipeline_folded(half_way()).nodes[LASSO]

    assert member.notebook.slow == [  # type: ignore[attr-defined]
        "70 % slower than usual: cell 2 of train.ipynb (3.4 s instead of 2.0 s)"
    ]


def test_a_cell_whose_code_has_changed_has_no_usual_time() -> None:
    """What another code took says nothing."""
    script = PipelineScript()
    script.usual(prepare=4.0)
    script.start("prepare")
    script.add("cell.started", "prepare", cell=0, position=1, cells=4, code="something else")
    member = pipeline_folded(script.events).nodes["prepare"]

    assert member.notebook.usual_cell_s == 0.0  # type: ignore[attr-defined]
    assert slow_words(member, script.now + 100) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("took", "usual", "words"),
    [
        (1.1, 1.0, ""),
        (0.3, 0.1, ""),
        (10.0, 0.0, ""),
        (2.0, 1.0, "100 % slower than usual: cell 7 of a.ipynb"),
    ],
    ids=["a little", "too short to matter", "nobody knows", "twice"],
)
def test_only_what_is_much_slower_is_worth_a_word(took: float, usual: float, words: str) -> None:
    """A fifth more, and half a second."""
    assert slower("a.ipynb", 7, took, usual) == words


def test_what_a_cell_printed_is_kept_without_colours_and_bounded() -> None:
    """The end of it; the next cell begins anew."""
    known = pipeline_folded(half_way())
    text = known.nodes["train[model=boom]"].notebook.text  # type: ignore[attr-defined]
    assert text.endswith("loss is not a number\nValueError: loss is not a number\n")
    assert "\x1b" not in text

    script = PipelineScript()
    script.start("prepare")
    script.cell("prepare", 1)
    for at in range(400):
        script.output("prepare", 1, f"line {at}\n")
    noisy = pipeline_folded(script.events).nodes["prepare"].notebook  # type: ignore[attr-defined]
    assert noisy.text.endswith("line 399\n")
    assert len(noisy.text) <= 2_400


def timed(*usual: float, workers: int = 2) -> Callable[[], float]:
    """How long a run that has just begun will take, in seconds."""
    script = PipelineScript()
    script.expand()
    script.usual(**dict(zip(("prepare", "train", "report"), usual, strict=True)))
    known = pipeline_folded(script.events)
    known.workers = workers
    return lambda: expected_end(known) - known.updated


def test_the_end_is_expected_by_what_is_usual_on_all_workers() -> None:
    """Three members on two workers take two rounds, and the last node waits for all of them."""
    assert timed(1.0, 4.0, 2.0)() == pytest.approx(1 + 2 * 4 + 2)
    assert timed(1.0, 4.0, 2.0, workers=3)() == pytest.approx(1 + 4 + 2)


def test_no_end_is_told_where_a_node_has_never_been_seen() -> None:
    """A guess that leaves something out is worse than none."""
    script = PipelineScript()
    script.usual(prepare=1.0)
    known = pipeline_folded(script.events)

    assert expected_end(known) == 0.0


def test_a_resumed_run_tries_again_what_did_not_end_well() -> None:
    """What is done stays done; times in between do not count."""
    script = PipelineScript()
    script.start("prepare")
    script.finish("prepare")
    script.expand()
    script.start("train[model=boom]")
    script.fail("train[model=boom]", "no")
    script.add("run.failed", error={"what": "no"}, seconds=1.0)
    script.now += 3600
    script.add("run.resumed", name="flowers")
    known = pipeline_folded(script.events)

    assert known.nodes["prepare"].state == "done"
    assert known.nodes["train[model=boom]"].state == "idle"
    assert known.seconds < 10


def test_an_event_that_was_seen_before_changes_nothing() -> None:
    """A view may be told twice, as when a page is loaded again."""
    events = half_way()
    known = pipeline_folded(events)
    before = PipelineReport(known).to_json()
    for event in events:
        if event.seq:
            advance(known, event)

    assert PipelineReport(known).to_json() == before


def test_events_that_say_nothing_of_a_pipeline_are_harmless() -> None:
    """Such as those of a run of an agent."""
    known = PipelineState()
    for event in PipelineScript().events[:1]:
        advance(known, event)

    assert PipelineReport(known).to_text().startswith("▸ Running  flowers")


def test_guessed_times_are_rough() -> None:
    """Nobody wants tenths of a guess."""
    assert [rough(0.2), rough(12.4), rough(185)] == ["1 s", "13 s", "3 min 05 s"]


def test_the_report_shows_every_member_what_failed_and_how_to_go_on() -> None:
    """The cell's own output stands under the error."""
    events = half_way()
    script = PipelineScript()
    script.events[:], script.now = events, 2000.0
    script.add("run.failed", error={"what": "1 node failed"}, seconds=9.0)
    report = PipelineReport.of(script.events)

    text = report.to_text()
    assert "2 of 5 nodes done, 1 from the cache · 1 failed · 1 skipped" in text
    assert "auc=0.91" in text
    assert "loss is not a number" in text
    assert "it needs train, which failed" in text
    assert "victor resume 01K6PIPE7Q2" in text
    assert "<svg" in report.to_html()
    assert "flowchart" in report.to_markdown()


def test_a_node_that_waits_for_an_answer_shows_its_question() -> None:
    """It stops, the question follows; an answer takes it away."""
    script = PipelineScript()
    script.start("report")
    script.begin("e05d", "report", "workflow")
    error = {"type": "Waiting", "what": "waits for 1 answer(s)"}
    script.add("step.failed", "e05d", parent_id="report", kind="workflow", name="review", error=error, ms=8.0)
    script.add("step.failed", "report", kind="workflow", name="report", error=error, ms=9.0)
    script.add("interrupt.requested", "e05d:1/judge", id="q1", node="e05d:1/judge", value="Is it good?")
    script.add("run.stopped", reason="waiting", seconds=1.0)
    known = pipeline_folded(script.events)

    assert (known.state, known.nodes["report"].state) == ("waiting", "waiting")
    assert [ask.value for ask in known.asks] == ["Is it good?"]
    text = PipelineReport(known).to_text()
    assert "report asks: Is it good?" in text
    assert not any("failed" in told["words"] for told in known.nodes["report"].events)
    assert "victor resume 01K6PIPE7Q2 --answer VALUE" in text

    script.add("interrupt.answered", id="q1", value="yes")
    assert pipeline_folded(script.events).asks == []


def test_a_call_of_an_agent_is_shown_at_its_node_while_the_others_go_on() -> None:
    """The node waits until somebody has decided; what to type is said while the run goes on."""
    script = PipelineScript()
    script.start("report")
    script.start("prepare")
    script.call("c1", "report")
    known = pipeline_folded(script.events)

    assert [(ask.kind, ask.tool, ask.arguments) for ask in known.nodes["report"].asks] == [
        ("call", "pay", {"amount": 5})
    ]
    assert [known.nodes[one].state for one in ("report", "prepare")] == ["waiting", "running"]
    text = PipelineReport(known).to_text()
    assert "report asks" in text
    assert '"amount": 5' in text
    assert text.endswith(f"victor approve {RUN} c1")

    script.decide("c1", "report", by="person")
    known = pipeline_folded(script.events)
    assert (known.asks, known.nodes["report"].state) == ([], "running")
    assert known.nodes["report"].events[-1]["words"] == "approved by person"


def test_a_call_deep_inside_belongs_to_the_node_around_it() -> None:
    """An agent in a workflow in a node, asked beside another one in the same place of another node."""
    script = PipelineScript()
    for member, step in (("report", "e05d"), ("prepare", "77aa")):
        script.start(member)
        script.begin(step, member, "workflow")
        script.call(f"call in {member}", f"{step}:1/buy")
    known = pipeline_folded(script.events)

    assert [ask.id for ask in known.nodes["report"].asks] == ["call in report"]
    assert [ask.id for ask in known.nodes["prepare"].asks] == ["call in prepare"]


def test_where_nobody_is_there_the_call_stays_open_for_a_later_word() -> None:
    """The run failed; the report names what approves the call and goes on. A resumed run that is done asks no more."""
    script = PipelineScript()
    script.start("report")
    script.call("c1", "report")
    script.decide("c1", "report", by="policy", approved=False)
    script.fail("report", "tool 'pay' needs approval, and nobody is there to give it")
    script.add("run.failed", error={"what": "1 of 3 nodes failed"})
    known = pipeline_folded(script.events)

    assert known.nodes["report"].state == "failed"
    assert PipelineReport(known).to_text().endswith(f"victor approve {RUN} c1 && victor resume {RUN}")

    script.add("run.resumed")
    script.start("report")
    script.call("c1", "report")
    script.decide("c1", "report", by="person")
    script.finish("report")
    assert pipeline_folded(script.events).asks == []
