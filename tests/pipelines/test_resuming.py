"""Runs that failed or were stopped go on where they were, with what they were given."""

from __future__ import annotations

import asyncio
import threading

import psutil
import pytest

from tests.pipelines.conftest import Place
from tests.pipelines.nodes import fail, rows, statuses
from victor_nb.errors import UsageError
from victor_nb.journal import Event, Redactor, open_journal
from victor_nb.pipelines import Pipeline, PipelineFailed, compute, notebook


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


def test_a_run_of_something_else_is_refused(place):
    """A run id says which pipeline it is of."""
    other = Pipeline("other", [compute(rows)], folder=place.path)
    run_id = other.run_sync(journal=place.journal).run_id

    with pytest.raises(UsageError, match="not of pipeline 'demo'"):
        place.run(compute(rows), run_id=run_id)


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
