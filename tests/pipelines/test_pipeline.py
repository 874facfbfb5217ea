"""Pipelines: nodes in the order of their needs, values with their types, failures that stay where they are."""

from __future__ import annotations

import asyncio
import datetime
import subprocess
import sys
import threading
from pathlib import Path
from typing import TypedDict

import psutil
import pytest

from tests.pipelines.conftest import Place
from tests.pipelines.made import code
from victor_nb import Agent, RetryPolicy, Workflow, interrupt
from victor_nb.errors import UsageError
from victor_nb.journal import Event, Redactor, open_journal
from victor_nb.pipelines import (
    InvalidPipeline,
    Pipeline,
    PipelineFailed,
    PipelineParameter,
    WrongValue,
    agent,
    compute,
    notebook,
    workflow,
)
from victor_nb.testing import ScriptedModel, Turn
from victor_nb.workflows import START


def statuses(result) -> dict[str, str]:
    """The status of each member."""
    return {one.id: one.status for one in result.nodes}


def rows(n: int = 3) -> dict[str, object]:
    """A node's function."""
    return {"rows": list(range(n)), "day": datetime.date(2026, 1, 2), "n": n}


def fail() -> None:
    """A node's function that fails."""
    raise ValueError("no such table")


# -- values ------------------------------------------------------------------------------------------------------------


def test_a_notebook_is_executed_and_its_executed_copy_is_kept(place):
    """The copy is below .victor, and the original is not touched."""
    name = place.notebook("hello.ipynb", "print('hello')")
    before = (place.path / name).read_bytes()

    result = place.run(notebook(name))

    [node] = result.nodes
    assert (result.status, node.status, node.why) == ("finished", "finished", "it never ran")
    assert "hello" in Path(node.notebook).read_text()
    assert place.path / ".victor" / "pipelines" / "demo" / "runs" / result.run_id in Path(node.notebook).parents
    assert (place.path / name).read_bytes() == before


def test_parameters_reach_notebooks_with_their_types(place):
    """A template that is one expression keeps the type of its value, dates and lists included."""
    checks = "assert day == __import__('datetime').date(2026, 1, 2) and rows == [0, 1, 2] and text == 'n is 3', text"
    place.notebook("use.ipynb", code("day = None\nrows = None\ntext = ''", "parameters"), checks)
    given = {"day": "{{ rows.day }}", "rows": "{{ rows.rows }}", "text": "n is {{ rows.n }}"}

    assert place.run(compute(rows), notebook("use.ipynb", parameters=given)).status == "finished"


def test_a_matrix_runs_each_member_and_hands_on_all_of_their_values(place):
    """The node's value is a list: for each member the values of the matrix, and what it made."""

    def train(model: str, power: int) -> dict[str, object]:
        return {"score": len(model) ** power}

    def best(found: list[dict[str, object]]) -> object:
        return max(found, key=lambda one: one["score"])["model"]

    result = place.run(
        compute(train, matrix={"model": ["ridge", "forest"], "power": [2]}),
        compute(best, parameters={"found": "{{ train }}"}),
    )

    assert result["best"] == "forest"
    assert result["train[model=ridge,power=2]"] == {"score": 25}
    assert result["train"][0] == {"model": "ridge", "power": 2, "score": 25}


def test_members_of_a_matrix_keep_its_order_whichever_ends_first(place):
    """What is made of them is the same in every run."""
    second_is_done = threading.Event()

    def work(n: int) -> int:
        second_is_done.set() if n == 2 else second_is_done.wait(20)
        return n

    result = place.run(
        compute(work, matrix={"n": [1, 2]}),
        compute(lambda found: found, "all", parameters={"found": "{{ work }}"}),
        workers=2,
    )

    assert [one["n"] for one in result["all"]] == [1, 2]


def test_a_condition_that_does_not_hold_skips_its_node_and_what_needs_nothing_else(place):
    """The value of what was skipped is null; a node of which only some needs were skipped runs."""
    result = place.run(
        compute(rows),
        compute(rows, "many", when="rows.n > 100"),
        compute(rows, "more", parameters={"n": 1}, after="many"),
        compute(lambda many: str(many), "told", parameters={"many": "{{ many }}"}, after="rows"),
    )

    assert statuses(result) == {"rows": "finished", "many": "skipped", "more": "skipped", "told": "finished"}
    assert [one.because for one in result.nodes] == ["", "when", "when", ""]
    assert result["told"] == "None"


def test_agents_and_workflows_are_nodes_too(place):
    """They are a part of the run: an agent's answer and a workflow's output are values like others."""
    inner = _doubling()
    writer = Agent("writer", model=ScriptedModel([Turn("two times 3 is 6")]))

    result = place.run(
        compute(rows),
        workflow(inner, "double", parameters={"n": "{{ rows.n }}"}),
        agent(writer, "tell about {{ double.n }}", "report"),
    )

    assert result["double"] == {"n": 6}
    assert result["report"] == "two times 3 is 6"
    assert {info.kind for info in place.journal.runs()} == {"pipeline"}


class Doubling(TypedDict):
    """The state of a workflow."""

    n: int


def _doubling() -> Workflow:
    return Workflow(Doubling, "double").add_node("twice", lambda state: {"n": 2 * state["n"]}).add_edge(START, "twice")


def test_results_are_a_table_over_runs_of_parameters_and_values(place):
    """Newest first; of a node with a matrix, a row for each member."""
    pipeline = place.pipeline(compute(rows, "r", parameters={"n": "{{ n }}"}), n=3)
    for n in (3, 4):
        pipeline.run_sync({"n": n}, journal=place.journal)

    table = pipeline.results(journal=place.journal)

    assert table[["n", "r.n", "status"]].to_dict("list") == {
        "n": [4, 3],
        "r.n": [4, 3],
        "status": ["finished", "finished"],
    }
    assert list(pipeline.results("r", journal=place.journal)["n"]) == [4, 3]


# -- what is wrong is told before anything runs ------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once_and_nothing_runs(place):
    """Unknown nodes, cycles, outputs written twice, notebooks that are not there."""
    began = []
    with pytest.raises(InvalidPipeline) as wrong:
        place.run(
            compute(lambda: began.append(1), "a", after="c", outputs="x.csv"),
            compute(fail, "b", after="nobody", outputs="x.csv"),
            compute(fail, "c", after="a"),
            notebook("gone.ipynb"),
        )

    told = str(wrong.value)
    assert all(part in told for part in ("nobody", "x.csv", "gone.ipynb", "a ← c ← a"))
    assert len(wrong.value.problems) >= 4
    assert began == []
    assert place.journal.runs() == []


def test_parameters_are_checked_before_anything_runs(place):
    """Types, choices, unknown and missing names: all at once, each with what to do."""
    declared = [
        PipelineParameter("rows", "int", 10),
        PipelineParameter("model", "str", "ridge", choices=("ridge", "lasso")),
        PipelineParameter("day", "date"),
    ]
    pipeline = Pipeline("demo", [compute(rows)], declared, folder=place.path)

    with pytest.raises(WrongValue) as wrong:
        pipeline.run_sync({"rows": "many", "model": "rigde", "rosw": 1}, journal=place.journal)

    told = str(wrong.value)
    assert "has no parameter 'rosw'. Did you mean 'rows'?" in told
    assert "rows is 'many'" in told
    assert "Did you mean 'ridge'?" in told
    assert "'day' was given no value" in told
    assert place.journal.runs() == []


def test_words_of_a_command_line_become_values_of_the_declared_types(place):
    """ "5" is 5 for an int, and a date is a date."""
    declared = [PipelineParameter("n", "int"), PipelineParameter("day", "date")]
    given = {"n": "{{ n }}"}
    pipeline = Pipeline("demo", [compute(rows, parameters=given)], declared, folder=place.path)

    result = pipeline.run_sync({"n": "5", "day": "2026-03-04"}, journal=place.journal)

    assert result["rows"]["n"] == 5
    assert result.parameters["day"] == datetime.date(2026, 3, 4)


def test_an_option_that_there_is_not_is_a_programming_error(place):
    """As with any function."""
    with pytest.raises(TypeError, match="no option 'worker'"):
        place.run(compute(rows), worker=2)


# -- failures ----------------------------------------------------------------------------------------------------------


def test_a_failing_notebook_fails_its_branch_alone(place):
    """Its error names notebook and cell; what needs it is skipped with the reason; all else runs."""
    place.notebook("bad.ipynb", "x = 1", "raise ValueError('no such table')")

    with pytest.raises(PipelineFailed, match=r"bad\.ipynb, cell 2") as failed:
        place.run(
            notebook("bad.ipynb"),
            compute(rows, "after_bad", after="bad"),
            compute(rows, "last", after="after_bad"),
            compute(rows, "other"),
        )

    result = failed.value.result
    assert statuses(result) == {"bad": "failed", "after_bad": "skipped", "last": "skipped", "other": "finished"}
    assert [one.why for one in result.nodes][1:3] == [
        "it needs bad, which failed",
        "it needs after_bad, which was skipped",
    ]
    assert "ValueError: no such table" in str(failed.value)
    assert place.journal.find(result.run_id).status == "failed"


def test_a_failed_run_goes_on_with_what_is_not_finished(place):
    """After the cause was mended: nothing that was finished runs again, and the run has all values."""
    done = []

    def first() -> int:
        done.append("first")
        return 1

    def second(n: int) -> int:
        done.append("second")
        if done.count("second") == 1:
            raise OSError("disk full")
        return n + 1

    nodes = [compute(first), compute(second, parameters={"n": "{{ first }}"}), compute(rows, after="second")]
    with pytest.raises(PipelineFailed) as failed:
        place.run(*nodes)
    result = place.run(*nodes, run_id=failed.value.result.run_id)

    assert done == ["first", "second", "second"]
    assert (result.run_id, result.status, result["second"]) == (failed.value.result.run_id, "finished", 2)


def test_a_run_does_not_go_on_with_other_nodes_than_it_finished(place):
    """What changed is told; a new run takes from the cache what did not."""

    def nodes(n: int):
        return compute(rows, parameters={"n": n}), compute(fail, after="rows")

    with pytest.raises(PipelineFailed) as failed:
        place.run(*nodes(1))
    with pytest.raises(Exception, match="rows is finished in this run, and changed since: parameter n: 1 -> 2"):
        place.run(*nodes(2), run_id=failed.value.result.run_id)
    with pytest.raises(PipelineFailed):
        place.run(*nodes(2), run_id=failed.value.result.run_id, accept_changes=True)


def test_a_node_is_tried_as_often_as_its_policy_says(place):
    """Each failure before the last attempt is recorded; what the policy does not cover fails at once."""
    tries = []

    def flaky() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise ConnectionError("try again")
        return len(tries)

    policy = RetryPolicy(attempts=3, wait_s=0, retry_on=ConnectionError)
    result = place.run(compute(flaky, retry=policy))

    assert result["flaky"] == 3
    events = place.journal.events(result.run_id)
    assert [event.data["attempt"] for event in events if event.type == "node.retried"] == [1, 2]
    with pytest.raises(PipelineFailed):
        place.run(compute(fail, retry=policy))
    assert not any(event.type == "node.retried" for event in place.journal.events(place.journal.runs()[0].run_id))


def test_a_node_that_takes_too_long_fails(place):
    """The limit is for one attempt, and named."""
    may_end = threading.Event()
    with pytest.raises(PipelineFailed, match=r"slow did not end within 0.05 s"):
        place.run(compute(lambda: may_end.wait(20), "slow", timeout_s=0.05))
    may_end.set()


def test_a_declared_output_that_was_not_written_is_a_failure(place):
    """A pipeline must not go on with files that are not there."""
    with pytest.raises(PipelineFailed, match=r"rows ended well and wrote no out/\*.csv"):
        place.run(compute(rows, outputs="out/*.csv"))


def test_only_some_nodes_run_and_take_what_they_need_as_it_was_last_made(place):
    """Nothing else is looked at; what was never made is an error that says how to make it."""
    done = []

    def first() -> int:
        done.append("first")
        return len(done)

    def second(n: int) -> int:
        return n * 10

    nodes = [compute(first, cache=False), compute(second, parameters={"n": "{{ first }}"}), compute(rows)]
    with pytest.raises(PipelineFailed, match="first is needed, and was never run"):
        place.run(*nodes, only="second")
    place.run(*nodes)
    result = place.run(*nodes, only="second", force=True)

    assert done == ["first"]
    assert statuses(result) == {"first": "cached", "second": "finished", "rows": "skipped"}
    assert result["second"] == 10


def test_a_stopped_run_leaves_its_nodes_to_be_done(place):
    """Cancelling ends what is at work; the run is stopped and can go on."""
    began, may_end = threading.Event(), threading.Event()

    def slow() -> int:
        began.set()
        may_end.wait(20)
        return 1

    async def main() -> None:
        task = asyncio.ensure_future(place.pipeline(compute(slow)).run(journal=place.journal))
        await asyncio.to_thread(began.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    [info] = place.journal.runs()
    assert info.status == "stopped"
    assert statuses(place.pipeline(compute(slow)).past(journal=place.journal)) == {"slow": "stopped"}
    may_end.set()
    assert place.run(compute(slow), run_id=info.run_id)["slow"] == 1


def test_a_run_of_something_else_is_refused(place):
    """A run id says which pipeline it is of."""
    other = Pipeline("other", [compute(rows)], folder=place.path)
    run_id = other.run_sync(journal=place.journal).run_id

    with pytest.raises(UsageError, match="not of pipeline 'demo'"):
        place.run(compute(rows), run_id=run_id)


def test_a_pipeline_shows_itself_as_a_graph(place):
    """In a cell; members of a matrix are counted."""
    pipeline = place.pipeline(compute(rows), compute(rows, "each", matrix={"n": [1, 2]}, after="rows"))

    assert [edge.source for edge in pipeline.shape.edges] == ["rows"]
    assert pipeline.shape.nodes[1].label == "each * 2"
    assert "<svg" in pipeline._repr_mimebundle_()["image/svg+xml"]


# -- agents in notebooks -----------------------------------------------------------------------------------------------

ASKING = """\
from victor_nb import Agent
answer = Agent("asker").run_sync("the mean of 1, 2 and 3?")
print("replayed:", answer.replayed)
"""


def told(result, member: str) -> str:
    """The executed notebook of a member."""
    return Path(next(one.notebook for one in result.nodes if one.id == member)).read_text()


def test_agents_in_a_notebook_answer_from_their_recordings_when_it_runs_again(place):
    """Each member from its own: equal questions in two are two questions. A strict replay never asks."""
    place.notebook("ask.ipynb", code("n = 0", "parameters"), ASKING)
    asking = notebook("ask.ipynb", matrix={"n": [1, 2]})

    with pytest.raises(PipelineFailed, match="ReplayMiss"):
        place.run(asking, replay="strict")
    first = place.run(asking)
    again = place.run(asking, force=True)
    place.run(asking, force=True, replay="strict")
    anew = place.run(asking, force=True, replay="record")

    for member in ("ask[n=1]", "ask[n=2]"):
        assert "replayed: False" in told(first, member)
        assert "replayed: True" in told(again, member)
        assert "replayed: False" in told(anew, member)


def test_a_strict_run_asks_no_agent_that_is_a_node(place):
    """Its answer has to be in the cache, as after a run that asked."""
    writer = Agent("writer", model=ScriptedModel([Turn("fine")]))
    with pytest.raises(PipelineFailed, match="report has no answer in the cache, and a strict run asks no model"):
        place.run(agent(writer, "how is it?", "report"), replay="strict")
    place.run(agent(writer, "how is it?", "report"))

    assert place.run(agent(writer, "how is it?", "report"), replay="strict")["report"] == "fine"


# -- glue --------------------------------------------------------------------------------------------------------------


def test_what_a_notebook_glues_is_its_value_with_its_types(place):
    """Tables, dates and numbers arrive in the next notebook and in Python as what they were, also from the cache."""
    place.notebook(
        "make.ipynb",
        "import datetime, pandas\nfrom victor_nb import glue",
        "glue('table', pandas.DataFrame({'x': [1, 2]}))\nglue('day', datetime.date(2026, 1, 2))",
    )
    place.notebook(
        "use.ipynb", code("table = None", "parameters"), "from victor_nb import glue", "glue('sum', int(table.x.sum()))"
    )
    nodes = [notebook("make.ipynb"), notebook("use.ipynb", parameters={"table": "{{ make.table }}"})]

    for expected in ("finished", "cached"):
        result = place.run(*nodes)
        assert statuses(result) == {"make": expected, "use": expected}
        assert result["use"] == {"sum": 3}
        assert result["make"]["table"].x.tolist() == [1, 2]
        assert result["make"]["day"] == datetime.date(2026, 1, 2)
    assert list(place.pipeline(*nodes).results("use", journal=place.journal)["sum"]) == [3, 3]


# -- questions, secrets, stopping --------------------------------------------------------------------------------------


class Asked(TypedDict, total=False):
    """The state of a workflow that asks."""

    answer: str


def test_a_node_may_ask_a_person_and_the_run_goes_on_with_the_answer(place):
    """Everything that does not need the answer is done first; the question waits in the journal."""
    asking = (
        Workflow(Asked, "ask").add_node("ask", lambda state: {"answer": interrupt("how many?")}).add_edge(START, "ask")
    )
    count = compute(lambda text: len(text), "n", parameters={"text": "{{ ask.answer }}"})
    nodes = [workflow(asking, "ask"), compute(rows), count]

    waiting = place.run(*nodes)
    done = place.run(*nodes, run_id=waiting.run_id, answer="many")

    assert (waiting.status, [one.value for one in waiting.questions]) == ("waiting", ["how many?"])
    assert statuses(waiting) == {"ask": "stopped", "rows": "finished", "n": "skipped"}
    assert (done.status, done["n"]) == ("finished", 4)


def test_questions_of_members_are_told_apart(place):
    """Functions may ask, too; each member gets its own answer."""

    def ask(n: int) -> object:
        return interrupt(f"{n}?")

    node = compute(ask, matrix={"n": [1, 2]})
    waiting = place.run(node)
    answers = {one.id: f"about {one.value}" for one in waiting.questions}
    done = place.run(node, run_id=waiting.run_id, answer=answers)

    assert [one["value"] for one in done["ask"]] == ["about 1?", "about 2?"]


def test_a_secret_parameter_is_nowhere_on_disk_and_given_again_to_go_on(tmp_path):
    """Neither in the journal nor in a notebook nor in the cache; a run that goes on needs it anew."""
    secret = "correct-horse-battery"
    with open_journal(f"sqlite:///{tmp_path / 'victor.db'}", Redactor({"key": secret})) as journal:
        place = Place(tmp_path, journal)
        tries = []

        def use(key: str) -> int:
            tries.append(key)
            if len(tries) == 1:
                raise OSError("down")
            return len(key)

        pipeline = place.pipeline(compute(use, parameters={"key": "{{ key }}"}), key="")
        with pytest.raises(PipelineFailed) as failed:
            pipeline.run_sync({"key": secret}, journal=journal)
        run_id = failed.value.result.run_id
        with pytest.raises(UsageError, match="'key' holds a secret, which is not recorded"):
            pipeline.run_sync(run_id=run_id, journal=journal)
        assert pipeline.run_sync({"key": secret}, run_id=run_id, journal=journal)["use"] == len(secret)

    assert tries == [secret, secret]
    assert [path for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()] == []


def test_a_stopped_run_ends_its_kernels(place):
    """The notebook is saved as far as it came, and its kernel is gone when the run has ended."""
    place.notebook("long.ipynb", "import os\nprint('pid', os.getpid(), flush=True)", "import time\ntime.sleep(600)")
    heard: list[str] = []
    is_asleep = threading.Event()

    def on_event(event: Event) -> None:
        heard.append(event.type)
        if heard.count("cell.started") == 2:
            is_asleep.set()

    async def main() -> None:
        pipeline = place.pipeline(notebook("long.ipynb"))
        task = asyncio.ensure_future(pipeline.run(journal=place.journal, on_event=on_event))
        await asyncio.to_thread(is_asleep.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    [executed] = (place.path / ".victor").rglob("long.ipynb")
    text = executed.read_text()
    pid = int(text.partition("pid ")[2].split("\\n")[0])
    assert not psutil.pid_exists(pid)
    assert place.pipeline(notebook("long.ipynb")).past(journal=place.journal).status == "stopped"


# -- notebooks that cannot be run --------------------------------------------------------------------------------------


def test_parameters_of_notebooks_are_checked_before_any_kernel_starts(place):
    """Unknown names with the nearest, wrong types, missing values, files that are no notebooks: all at once."""
    place.notebook("typed.ipynb", code("alpha: float = 1.0\ndays: int", "parameters"))
    (place.path / "torn.ipynb").write_text('{"cells": [')
    began = []
    pipeline = place.pipeline(
        compute(lambda: began.append(1), "first"),
        notebook("typed.ipynb", parameters={"alhpa": 1, "alpha": "{{ text }}"}),
        notebook("typed.ipynb", "later", parameters={"days": "{{ first }}"}),
        notebook("torn.ipynb"),
        text="much",
    )

    with pytest.raises(InvalidPipeline) as wrong:
        pipeline.run_sync(journal=place.journal)

    unknown, not_a_float, missing, torn = [problem.what for problem in wrong.value.problems]
    assert unknown == "there is no parameter 'alhpa'. Did you mean 'alpha'?"
    assert "alpha" in not_a_float
    assert "'much'" in not_a_float
    assert missing == "parameter 'days' has no default and was not given"
    assert torn.startswith("this is no notebook")
    assert began == []


def test_a_notebook_may_go_on_at_the_cell_where_it_was(place):
    """Cells that were finished are not run again, their variables are there; the run says what was restored."""
    place.notebook(
        "long.ipynb",
        "import time\nprint('x', file=open('marks', 'a'))\nn = 20\ntime.sleep(0.7)  # less is run again",
        "assert open('mended').read()",
        "open('sum.txt', 'w').write(str(n + 1))",
    )
    with pytest.raises(PipelineFailed) as failed:
        place.run(notebook("long.ipynb"), within=True)
    (place.path / "mended").write_text("yes")

    result = place.run(notebook("long.ipynb"), run_id=failed.value.result.run_id, within=True)

    assert result.status == "finished"
    assert (place.path / "sum.txt").read_text() == "21"
    assert (place.path / "marks").read_text() == "x\n"
    restored = [event for event in place.journal.events(result.run_id) if event.type == "notebook.restored"]
    assert [event.step_id for event in restored] == ["long"]


PROGRAM = """\
import sys
from victor_nb import Pipeline, open_journal
from victor_nb.pipelines import notebook

with open_journal("sqlite:///classes.db") as journal:
    nodes = [notebook("make.ipynb"), notebook("use.ipynb", parameters={"split": "{{ make.split }}"})]
    result = Pipeline("classes", nodes).run_sync(journal=journal)
    value = Pipeline("classes", nodes).past(journal=journal)["make"]["split"]
    print([one.status for one in result.nodes], type(value).__name__, value.share)
"""


def test_instances_of_a_project_s_classes_are_handed_on_also_to_other_processes(place):
    """The pipeline's folder is where their modules are looked for, by the notebook and by whoever reads its values."""
    (place.path / "splits.py").write_text(
        "from dataclasses import dataclass\n@dataclass\nclass Split:\n    share: float\n"
    )
    place.notebook("make.ipynb", "from splits import Split\nfrom victor_nb import glue\nglue('split', Split(0.5))")
    place.notebook(
        "use.ipynb", code("split = None", "parameters"), "assert split.share == 0.5 and type(split).__name__ == 'Split'"
    )

    for expected in ("finished", "cached"):
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=place.path, capture_output=True, text=True, check=False
        )
        assert ran.stdout.strip() == f"['{expected}', '{expected}'] Split 0.5", ran.stderr


def test_names_with_spaces_accents_and_links_are_names_like_others(place):
    """Of folders, notebooks, files and values of a matrix."""
    folder = place.path / "a folder" / "Prüfung"
    folder.mkdir(parents=True)
    inside = Place(folder, place.journal)
    inside.notebook(
        "01 messen & wägen.ipynb", code("art = ''", "parameters"), "open(f'größe {art}.txt', 'w').write(art)"
    )
    (folder / "link.ipynb").symlink_to(folder / "01 messen & wägen.ipynb")

    result = inside.run(
        notebook("01 messen & wägen.ipynb", "messen", matrix={"art": ["süß sauer", "x:y"]}),
        notebook("link.ipynb", after="messen", parameters={"art": "{{ messen[0].art }}"}, outputs="größe *.txt"),
    )

    assert result.status == "finished"
    assert (folder / "größe x:y.txt").read_text() == "x:y"
    assert all(Path(one.notebook).exists() for one in result.nodes)


def test_a_notebook_that_removes_its_own_folder_hurts_no_other(place):
    """It may come to its end or not; the others do, and the run says what became of each."""
    (place.path / "own").mkdir()
    place.notebook("own/gone.ipynb", "import shutil\nshutil.rmtree('own')", "x = 1")

    result = place.run(notebook("own/gone.ipynb"), compute(rows))

    assert statuses(result) == {"gone": "finished", "rows": "finished"}
