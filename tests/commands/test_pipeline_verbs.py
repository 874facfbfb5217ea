"""`victor pipeline`: run, status, show, why, clean, new; and resume, show and runs for runs of pipelines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Call
from tests.pipelines.made import code, notebook
from victor_nb.commands import Session
from victor_nb.errors import UsageError
from victor_nb.journal import Event
from victor_nb.journal.errors import RunFinished, RunNotFound
from victor_nb.pipelines import InvalidPipeline, Pipeline, PipelineFailed, WrongValue, compute
from victor_nb.workflows.yaml_file.errors import FileUnreadable

STEPS = '''
from pathlib import Path

def prepare(rows: int) -> dict:
    """Prepare."""
    Path("prepared.txt").write_text("x" * rows)
    return {"rows": rows}

def train(model: str, rows: int) -> dict:
    """Train."""
    if Path("broken").exists():
        raise ValueError("no luck")
    return {"score": len(model) * rows}
'''
FLOW = """\
pipeline: demo
parameters:
  rows: {type: int, default: 3}
  label: {type: str, default: a}
notebooks:
  - compute: steps:prepare
    parameters: {rows: "{{ rows }}"}
    outputs: prepared.txt
  - compute: steps:train
    matrix: {model: [ridge, tree]}
    parameters: {model: "{{ model }}", rows: "{{ prepare.rows }}"}
  - id: report
    notebook: report.ipynb
    parameters: {scores: "{{ train }}", label: "{{ label }}"}
"""


@pytest.fixture
def flow(tmp_path: Path) -> str:
    """A pipeline of two functions and a notebook."""
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "report.ipynb").write_text(
        json.dumps(
            notebook(code("scores = []\nlabel = ''", "parameters"), "print(label, [s['score'] for s in scores])")
        )
    )
    (tmp_path / "flow.yaml").write_text(FLOW)
    return "flow.yaml"


def statuses(view: Any) -> dict[str, str]:
    return {one["id"]: one["status"] for one in view.to_json()["notebooks"]}


ALL = ("prepare", "train[model=ridge]", "train[model=tree]", "report")


def test_run_runs_all_and_the_next_run_takes_all_from_the_cache(call: Call, flow: str, seen: list[Event]) -> None:
    """The result tells of each member what became of it, in the order of the pipeline."""
    first, second = call("pipeline", "run", flow), call("pipeline", "run", flow)

    assert statuses(first) == dict.fromkeys(ALL, "finished")
    assert statuses(second) == dict.fromkeys(ALL, "cached")
    told = second.to_json()
    assert set(told) == {"run_id", "status", "notebooks"}
    assert told["status"] == "finished"
    assert {"id", "status", "cached", "why", "seconds"} <= set(told["notebooks"][0])
    assert all(one["cached"] for one in told["notebooks"])
    assert any(event.type == "pipeline.graph" for event in seen)


def test_why_adds_the_reasons(call: Call, flow: str) -> None:
    """`--why` says of each node why it ran or did not."""
    assert "why" not in call("pipeline", "run", flow).to_text()
    assert "nothing changed since run" in call("pipeline", "run", flow, "--why").to_text(200)


def test_parameters_are_read_by_their_types(call: Call, flow: str) -> None:
    """A text stays one, whatever it looks like; a number that is none is refused before anything runs."""
    result = call("pipeline", "run", flow, "-p", "rows=5", "-p", "label=007").result

    assert result.parameters == {"rows": 5, "label": "007"}
    with pytest.raises(WrongValue, match="rows is 'many'"):
        call("pipeline", "run", flow, "-p", "rows=many")
    with pytest.raises(WrongValue, match=r"no parameter 'rwos'\. Did you mean 'rows'"):
        call("pipeline", "run", flow, "-p", "rwos=1")
    with pytest.raises(UsageError, match="'rows' is no name=value"):
        call("pipeline", "run", flow, "-p", "rows")


def test_a_cell_may_hold_the_parameters(call: Call, flow: str) -> None:
    """As JSON; words come after it."""
    result = call("pipeline", "run", flow, "-p", "label=b", body='{"rows": 4, "label": "a"}').result

    assert result.parameters == {"rows": 4, "label": "b"}


def test_only_from_and_force_choose_what_runs(call: Call, flow: str) -> None:
    """What is not asked for is taken as it was last made, or left out."""
    call("pipeline", "run", flow)

    only = statuses(call("pipeline", "run", flow, "--only", "train", "--force", "train"))
    again = statuses(call("pipeline", "run", flow, "--from", "report"))
    forced = statuses(call("pipeline", "run", flow, "--force-all"))

    assert only == dict(zip(ALL, ("cached", "finished", "finished", "skipped"), strict=True))
    assert again == dict(zip(ALL, ("cached", "cached", "cached", "finished"), strict=True))
    assert forced == dict.fromkeys(ALL, "finished")


@pytest.mark.parametrize("flag", ["--only", "--from", "--force"])
def test_an_unknown_id_is_refused_with_the_nearest(call: Call, flow: str, flag: str) -> None:
    """And no run begins."""
    with pytest.raises(UsageError, match=r"there is no node 'tran'\. Did you mean 'train'") as raised:
        call("pipeline", "run", flow, flag, "tran")

    assert flag in raised.value.where
    with pytest.raises(RunNotFound):
        call("pipeline", "status", flow)


def test_two_ways_to_force_do_not_go_together(call: Call, flow: str) -> None:
    """One wish at a time."""
    with pytest.raises(UsageError, match="two different wishes"):
        call("pipeline", "run", flow, "--force", "train", "--force-all")


def test_a_failed_run_says_so_and_resume_goes_on(call: Call, flow: str, tmp_path: Path) -> None:
    """What is finished is not run again."""
    (tmp_path / "broken").touch()
    with pytest.raises(PipelineFailed, match="no luck") as raised:
        call("pipeline", "run", flow)
    result = raised.value.result
    assert statuses(result) == dict(zip(ALL, ("finished", "failed", "failed", "skipped"), strict=True))
    assert f"victor resume {result.run_id}" in raised.value.hint
    assert "failed" in call("pipeline", "status", flow).to_text()
    assert "no luck" in call("pipeline", "show", result.run_id).to_text(200)

    (tmp_path / "broken").unlink()
    resumed = call("resume", result.run_id)

    assert resumed.result.run_id == result.run_id
    assert statuses(resumed) == dict.fromkeys(ALL, "finished")
    with pytest.raises(RunFinished):
        call("resume", result.run_id)


def test_a_run_that_waits_is_answered_by_resume(call: Call, tmp_path: Path) -> None:
    """What a workflow between notebooks asks is shown; without an answer, resume says what is asked."""
    (tmp_path / "ask.yaml").write_text("nodes: [{id: sure, type: human, prompt: 'Really?'}]")
    (tmp_path / "flow.yaml").write_text("notebooks: [{id: ask, workflow: ask.yaml}]")

    waiting = call("pipeline", "run", "flow.yaml")

    run_id = waiting.result.run_id
    assert waiting.to_json()["status"] == "waiting"
    assert "Really?" in waiting.to_text()
    assert f"victor resume {run_id} --answer VALUE" in waiting.to_text()
    with pytest.raises(UsageError, match="waits for an answer"):
        call("resume", run_id)
    assert statuses(call("resume", run_id, "--answer", "yes")) == {"ask": "finished"}


def test_status_shows_the_newest_run_of_a_pipeline_or_of_each(call: Call, flow: str) -> None:
    """By its file, its name or a run's id; without a word, a line for each pipeline."""
    run_id = call("pipeline", "run", flow).result.run_id

    for word in (flow, "demo", run_id, run_id[:10]):
        assert call("pipeline", "status", word).to_json()["run_id"] == run_id
    (row,) = call("pipeline", "status").to_json()
    assert (row["pipeline"], row["status"], row["done"], row["run"]) == ("demo", "finished", "4 of 4", run_id)


def test_status_needs_no_valid_file(call: Call, flow: str, tmp_path: Path) -> None:
    """Looking at what ran does not depend on what the file says now, but for its name; however that is written."""
    run_id = call("pipeline", "run", flow).result.run_id
    for name in ("pipeline: demo  # the name\nnotebooks: nonsense", "{\"pipeline\": 'demo'}", '"pipeline": demo'):
        (tmp_path / flow).write_text(name)
        assert call("pipeline", "status", flow).to_json()["run_id"] == run_id


def test_status_before_any_run_says_what_to_do(call: Call, flow: str, tmp_path: Path) -> None:
    """An empty table, or an error with the command that runs it."""
    assert "no pipeline ran here yet" in call("pipeline", "status").to_text()
    with pytest.raises(RunNotFound) as raised:
        call("pipeline", "status", flow)
    assert "victor pipeline run flow.yaml" in raised.value.hint
    with pytest.raises(RunNotFound, match="there is no pipeline and no run 'dmeo'"):
        call("pipeline", "status", "dmeo")


def test_show_tells_what_each_node_needs(call: Call, flow: str) -> None:
    """With the reason; and draws the graph, of a file or of a run."""
    rows = {row["node"]: row for row in call("pipeline", "show", flow).to_json()}

    assert rows["train"]["needs"] == "prepare ({{ prepare.rows }})"
    assert rows["train"]["matrix"] == "model"
    assert rows["report"]["kind"] == "notebook"
    assert "prepare" in call("pipeline", "show", flow, "--graph").to_text()
    run_id = call("pipeline", "run", flow).result.run_id
    assert "prepare" in call("pipeline", "show", run_id, "--graph").to_text()


def test_show_of_a_run_tells_values_and_notebooks(call: Call, flow: str) -> None:
    """The same as `victor show RUN`."""
    run_id = call("pipeline", "run", flow).result.run_id

    shown = call("pipeline", "show", run_id).to_text(250)

    assert "report.ipynb" in shown
    assert "score=" in shown
    assert call("show", run_id).to_text(250) == shown
    assert run_id in call("runs", "--kind", "pipeline").to_text(200)


def test_why_tells_before_a_run_what_would_run(call: Call, flow: str, tmp_path: Path) -> None:
    """And afterwards why each node ran."""
    assert all(row["would"] == "run" for row in call("pipeline", "why", flow).to_json())
    run_id = call("pipeline", "run", flow).result.run_id
    assert all(row["would"] == "be cached" for row in call("pipeline", "why", flow).to_json())
    told = {row["node"]: row["why"] for row in call("pipeline", "why", flow, "-p", "rows=4").to_json()}

    assert "rows" in told["prepare"]
    assert {row["node"] for row in call("pipeline", "why", run_id).to_json()} == set(ALL)


def test_clean_forgets_the_cache(call: Call, flow: str) -> None:
    """Runs stay; the next run runs."""
    run_id = call("pipeline", "run", flow).result.run_id

    assert call("pipeline", "clean", flow).to_json()["freed_bytes"] > 0

    assert call("pipeline", "status", run_id).to_json()["status"] == "finished"
    assert statuses(call("pipeline", "run", flow)) == dict.fromkeys(ALL, "finished")


def test_a_variable_or_a_place_in_python_is_a_pipeline(call: Call, session: Session, tmp_path: Path) -> None:
    """As for workflows; a run of a variable can be resumed while the variable is there."""
    assert session.namespace is not None
    session.namespace["mine"] = Pipeline("mine", [compute(len, "n", parameters={"obj": "abc"})], folder=tmp_path)
    (tmp_path / "made.py").write_text(
        "from victor_nb.pipelines import Pipeline, compute\n"
        "flow = Pipeline('made', [compute('math:sqrt', 'root', parameters={'x': 4})])\n"
        "def make(): return flow\nother = 3\n"
    )

    with pytest.raises(PipelineFailed):  # len takes no parameter by name
        call("pipeline", "run", "mine")
    for name in ("made.py:flow", "made.py:make"):
        with pytest.raises(PipelineFailed):
            call("pipeline", "run", name)
    with pytest.raises(UsageError, match=r"'other' in made\.py is no pipeline"):
        call("pipeline", "run", "made.py:other")
    with pytest.raises(UsageError, match=r"has no 'flwo'\. Did you mean 'flow'"):
        call("pipeline", "run", "made.py:flwo")
    with pytest.raises(UsageError, match=r"there is no pipeline 'mien'\. Did you mean 'mine'"):
        call("pipeline", "run", "mien")


def test_what_is_no_pipeline_is_told(call: Call, flow: str, tmp_path: Path) -> None:
    """Files that are not there, files with mistakes, runs of another kind."""
    with pytest.raises((UsageError, FileUnreadable), match=r"Did you mean 'flow\.yaml'"):
        call("pipeline", "run", "flwo.yaml")
    (tmp_path / "wrong.yaml").write_text("notebooks: [nothing.ipynb, {notebok: report.ipynb}]")
    with pytest.raises(InvalidPipeline, match="2 problems"):
        call("pipeline", "run", "wrong.yaml")
    with pytest.raises(InvalidPipeline, match="2 problems"):
        call("pipeline", "show", "wrong.yaml")


def test_a_notebook_that_is_none_is_told_before_anything_runs(call: Call, flow: str, tmp_path: Path) -> None:
    """Its node fails with the file and what to do; nodes that do not need it run."""
    (tmp_path / "report.ipynb").write_text("{not json")

    with pytest.raises((InvalidPipeline, PipelineFailed), match="no notebook"):
        call("pipeline", "run", flow)


# -- new ---------------------------------------------------------------------------------------------------------------


def test_new_writes_a_file_that_runs(call: Call, tmp_path: Path) -> None:
    """For a folder of notebooks; the result says where it is."""
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "a.ipynb").write_text(json.dumps(notebook("open('x.txt', 'w').write('1')")))
    (folder / "b.ipynb").write_text(json.dumps(notebook("print(open('x.txt').read())")))

    file = Path(call("pipeline", "new", "books").to_json()["file"])

    assert file == folder / "pipeline.yaml"
    assert statuses(call("pipeline", "run", str(file))) == {"a": "finished", "b": "finished"}


def test_new_replaces_nothing_unasked(call: Call, flow: str, tmp_path: Path) -> None:
    """A file that is there stays, unless `--force` says otherwise."""
    (tmp_path / "pipeline.yaml").write_text("mine")

    with pytest.raises(UsageError, match="is there already"):
        call("pipeline", "new", ".")
    assert (tmp_path / "pipeline.yaml").read_text() == "mine"
    call("pipeline", "new", ".", "--force")
    call("pipeline", "new", ".", "-o", "other.yaml")

    assert "report.ipynb" in (tmp_path / "pipeline.yaml").read_text()
    assert "report.ipynb" in (tmp_path / "other.yaml").read_text()
    with pytest.raises(UsageError, match="there is no folder"):
        call("pipeline", "new", "nowhere")


def test_report_writes_a_run_as_one_html_file(call: Call, flow: str, tmp_path: Path) -> None:
    """Beside the executed notebooks, so that its links hold wherever both are taken."""
    call("pipeline", "run", flow)
    told = call("pipeline", "report", flow)

    file = Path(told.to_json()["file"])
    page = file.read_text("utf-8")
    assert file.parent.parent.name == "runs"
    assert (file.parent / "report.ipynb").is_file()
    assert 'href="report.ipynb"' in page
    assert "train[model=ridge]" in page
    assert "<script" not in page

    call("pipeline", "report", told.to_json()["run_id"], "-o", str(tmp_path / "deep" / "mine.html"))
    assert "<svg" in (tmp_path / "deep" / "mine.html").read_text("utf-8")


def test_report_of_a_run_that_failed_tells_why(call: Call, flow: str, tmp_path: Path) -> None:
    """That is when one is wanted most."""
    (tmp_path / "broken").touch()
    with pytest.raises(PipelineFailed):
        call("pipeline", "run", flow)

    call("pipeline", "report", "-o", str(tmp_path / "report.html"))

    page = (tmp_path / "report.html").read_text("utf-8")
    assert "no luck" in page
    assert "it needs train, which failed" in page


def test_report_into_a_place_that_cannot_be_written_is_refused(call: Call, flow: str, tmp_path: Path) -> None:
    """With the option that names another place, and nothing half-written."""
    call("pipeline", "run", flow)
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="cannot be written"):
        call("pipeline", "report", "-o", str(tmp_path / "file" / "report.html"))
