"""Failures stay where they are; nodes are tried again as their policies say."""

from __future__ import annotations

import threading

import pytest

from tests.pipelines.nodes import fail, rows, statuses
from victor_nb import RetryPolicy
from victor_nb.pipelines import PipelineFailed, compute, notebook


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


def test_a_notebook_whose_kernel_is_killed_is_told_as_killed(place):
    """Not as one that failed: nothing in it raised."""
    place.notebook("dies.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")

    with pytest.raises(PipelineFailed, match="SIGKILL") as failed:
        place.run(notebook("dies.ipynb"))

    assert statuses(failed.value.result) == {"dies": "killed"}
    assert statuses(place.pipeline(notebook("dies.ipynb")).past(journal=place.journal)) == {"dies": "killed"}


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
