"""An agent with many tools shows its model those that fit the request; the choice is on record and can be taught."""

from __future__ import annotations

import asyncio

import pytest
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

from tests.agents.scripts import Never
from victor_nb.agents import Agent, ToolSelection
from victor_nb.agents.selecting import STEP, forget_learned, learner_of
from victor_nb.errors import UsageError
from victor_nb.retrieval.selecting.outcomes import ToolOutcomes
from victor_nb.tools import tool

THINGS = [f"{size} {thing}" for size in ("small", "large", "old", "new", "lost") for thing in ("boat", "house", "tree")]
VERBS = ["paint", "measure", "sell", "insure", "photograph", "weigh", "count", "rent", "move", "name"]


def declared(name, description, effect="pure"):
    """A tool that says what it was called with; "fail" makes it fail."""

    def call(target: str) -> str:
        if target == "fail":
            raise ValueError("as asked")
        return f"{name}: {target}"

    call.__doc__ = description
    return tool(name=name, effect=effect)(call)


TOOLS = [
    *(
        declared(f"{verb}_{thing.replace(' ', '_')}", f"{verb.title()} a {thing}.")
        for verb in VERBS
        for thing in THINGS
    ),
    declared("read_csv", "Load a table from a CSV file."),
    declared("ask_person", "Ask the person at the keyboard."),
]


class Watching:
    """A model that calls one tool once, and writes down which tools it was shown."""

    def __init__(self, call="read_csv", target="a.csv"):
        self.shown, self._call, self._target = [], call, target

    def model(self):
        return FunctionModel(self._answer, model_name="scripted")

    def _answer(self, messages, info):
        self.shown.append([one.name for one in info.function_tools])
        if any(isinstance(message, ModelResponse) for message in messages):
            return ModelResponse(parts=[TextPart("done")])
        return ModelResponse(parts=[ToolCallPart(self._call, {"target": self._target}, tool_call_id="call-1")])


def run(agent, journal, prompt="load sales.csv into a table", **options):
    return asyncio.run(agent.run(prompt, journal=journal, **options))


@pytest.fixture(autouse=True)
def no_settings_but_ours(tmp_path, monkeypatch):
    """Settings are read from an empty folder."""
    monkeypatch.chdir(tmp_path)


def test_a_model_is_shown_what_fits_and_what_is_pinned(journal):
    """In the order in which the agent has them, the same in every request of the run."""
    watching = Watching()
    agent = Agent("a", watching.model(), TOOLS, select_tools=ToolSelection(5, pinned=("ask_person",)))
    assert run(agent, journal).text == "done"
    first, second = watching.shown
    assert first == second
    assert len(first) == 6
    assert {"read_csv", "ask_person"} <= set(first)
    assert first == [one.name for one in TOOLS if one.name in first]


def test_the_choice_is_a_step_of_the_run(journal):
    """With its request, how it was found, and of how many."""
    result = run(Agent("a", Watching().model(), TOOLS, select_tools=5), journal)
    step = next(one for one in journal.events(result.run_id) if one.data.get("kind") == "selection")
    assert step.data["name"] == STEP
    assert step.data["result"]["of"] == len(TOOLS)
    assert "read_csv" in step.data["result"]["tools"]


def test_a_replay_shows_nothing_and_chooses_nothing(journal, monkeypatch):
    """What was chosen is on record."""
    agent = Agent("a", Watching().model(), TOOLS, select_tools=5)
    run(agent, journal)
    monkeypatch.setattr("victor_nb.agents.selecting.selector_for", None)
    again = Agent("a", Never.model(), TOOLS, select_tools=5)
    assert run(again, journal, replay="strict").replayed


def test_few_tools_are_all_shown(journal):
    """Nothing is chosen and nothing recorded where there is nothing to leave out; 0 shows all."""
    for tools, select in ((TOOLS[-5:], 10), (TOOLS, 0), (TOOLS, None)):
        watching = Watching()
        result = run(Agent("a", watching.model(), tools, select_tools=select), journal)
        assert watching.shown[0] == [one.name for one in tools]
        assert STEP not in [one.data.get("name") for one in journal.events(result.run_id)]


def test_the_settings_say_it_for_agents_that_do_not(journal, tmp_path):
    """An agent's own word counts more."""
    (tmp_path / "victor.toml").write_text("select_tools = 4\n")
    watching = Watching()
    run(Agent("a", watching.model(), TOOLS), journal)
    run(Agent("a", watching.model(), TOOLS, select_tools=7), journal)
    assert [len(shown) for shown in watching.shown] == [4, 4, 7, 7]


def test_variables_can_always_be_looked_at(journal):
    """The tools that come with variables are never left out."""
    watching = Watching()
    run(Agent("a", watching.model(), TOOLS, select_tools=3), journal, variables={"x": 1})
    assert len(watching.shown[0]) > 3
    assert {"read_csv"} < set(watching.shown[0])


def test_nothing_is_learned_unless_it_is_declared(journal):
    """No outcome is kept and no learner made."""
    run(Agent("a", Watching().model(), TOOLS, select_tools=5), journal)
    assert ToolOutcomes(journal).all() == []


def test_what_served_is_shown_the_next_time(journal, tmp_path):
    """Learned from finished runs, where the settings declare it; it can be looked at and forgotten."""
    (tmp_path / "victor.toml").write_text('active_learners = ["tools"]\n')
    pinned = ToolSelection(2, pinned=("weigh_lost_tree",))
    for _ in range(3):
        run(Agent("a", Watching("weigh_lost_tree").model(), TOOLS, select_tools=pinned), journal, "do as yesterday")
    watching = Watching("read_csv")
    run(Agent("a", watching.model(), [*TOOLS], select_tools=2), journal, "do as yesterday, please")
    assert "weigh_lost_tree" in watching.shown[0]
    lessons = {one.tool: one for one in learner_of(journal).inspect()}
    assert lessons["weigh_lost_tree"].used == 3
    assert forget_learned(journal) == 4
    assert learner_of(journal).inspect() == []


def test_a_failing_tool_is_learned_as_failed(journal, tmp_path):
    """What was called and gave nothing served nobody."""
    (tmp_path / "victor.toml").write_text('active_learners = ["tools"]\n')
    run(Agent("a", Watching(target="fail").model(), TOOLS, select_tools=5), journal)
    kept = ToolOutcomes(journal).all()[0]
    assert (kept.failed, kept.used) == (("read_csv",), ())


@pytest.mark.parametrize("select", [-1, True, "ten", ToolSelection])
def test_slips_are_told(select):
    """Before anything runs."""
    with pytest.raises(UsageError):
        Agent("a", tools=TOOLS, select_tools=select)


def test_a_pinned_name_that_no_tool_has_is_told(journal):
    """With the nearest one."""
    with pytest.raises(UsageError, match="Did you mean 'read_csv'"):
        run(Agent("a", Never.model(), TOOLS, select_tools=ToolSelection(pinned=("read_cvs",))), journal)
    with pytest.raises(UsageError, match="Did you mean 'static'"):
        run(Agent("a", Never.model(), TOOLS, select_tools=ToolSelection(5, embedder="statics")), journal)
    with pytest.raises(UsageError, match="pinned"):
        ToolSelection(pinned="read_csv")
