"""Agents in a pipeline's notebooks, and agents that are nodes, answer from what was recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.made import code
from victor_nb import Agent
from victor_nb.pipelines import PipelineFailed, agent, notebook
from victor_nb.testing import ScriptedModel, Turn

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
