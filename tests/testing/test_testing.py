"""The test library, tested: it finds what is wrong, and says it so that one sees why."""

from __future__ import annotations

import subprocess
import sys

import pytest

from victor_nb import Agent, tool
from victor_nb.testing import ForbiddenModel, ScriptedModel, Turn, assert_run, forbidden, run_and_kill


@tool(effect="pure")
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


SCRIPT = [Turn(calls=(("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4}))), "Both are odd: 3 and 7."]


@pytest.fixture
def run(victor_journal):
    """A finished run of a scripted agent."""
    Agent(name="adder", model=ScriptedModel(SCRIPT), tools=[add]).run_sync("add", journal=victor_journal)
    return assert_run(victor_journal)


def test_what_a_run_did_is_asserted_in_one_chain(run):
    """The common questions about a run read like a sentence."""
    run.finished().called("add", times=2).called("add", arguments={"a": 3}).not_called("sub").model_calls(2)
    run.order("add", "add").cost_below(0.01)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda run: run.failed(), "it is finished, not failed"),
        (lambda run: run.stopped(), "it is finished, not stopped"),
        (lambda run: run.called("add", times=1), "called 2 times, not 1"),
        (lambda run: run.called("sub"), "'sub' was not called"),
        (lambda run: run.called("add", arguments={"a": 9}), "had the arguments"),
        (lambda run: run.model_calls(1), "asked 2 times, not 1"),
        (lambda run: run.order("add", "add", "add"), "in the order"),
        (lambda run: run.cost_below(0.0), "it cost"),
    ],
)
def test_a_wrong_assertion_shows_the_timeline(run, wrong, words):
    """The failure names the expectation and lists what happened."""
    with pytest.raises(AssertionError, match=words) as raised:
        wrong(run)

    assert "step.finished" in str(raised.value)


def test_a_scripted_model_remembers_what_it_was_asked(victor_journal):
    """The tool's result is in the second request."""
    model = ScriptedModel(SCRIPT)
    result = Agent(model=model, tools=[add]).run_sync("add", journal=victor_journal)

    assert result.text == "Both are odd: 3 and 7."
    assert len(model.requests) == 2


def test_a_script_that_is_over_fails_the_test(victor_journal):
    """A model that is asked too often is a finding, not an empty answer."""
    with pytest.raises(Exception, match="the script has 1 turns"):
        Agent(model=ScriptedModel(SCRIPT[:1]), tools=[add]).run_sync("add", journal=victor_journal)


def test_a_scripted_failure_is_raised(victor_journal):
    """Errors of a provider can be rehearsed."""
    with pytest.raises(Exception, match="no such thing"):
        Agent(model=ScriptedModel([Turn(failure=LookupError("no such thing"))])).run_sync("x", journal=victor_journal)
    assert_run(victor_journal).failed()


def test_a_replay_asks_neither_model_nor_tools(victor_journal):
    """The forbidden twins prove it."""
    ask = {"prompt": "add", "journal": victor_journal}
    first = Agent(name="a", model=ScriptedModel(SCRIPT), tools=[add]).run_sync(**ask)
    again = Agent(name="a", model=ForbiddenModel(), tools=[forbidden(add)]).run_sync(**ask, replay="strict")

    assert (again.text, again.replayed) == (first.text, True)
    with pytest.raises(AssertionError, match="must not be"):
        forbidden(add).function(a=1, b=2)


def test_a_program_is_killed_when_its_marks_say_so(tmp_path):
    """The kill comes at the chosen place, and a program that ended by itself is told apart."""
    script, marks = tmp_path / "program.py", tmp_path / "marks"
    script.write_text(
        "import sys, time\nfor n in range(int(sys.argv[2])):\n"
        "    print(n, file=open(sys.argv[1], 'a'), flush=True)\ntime.sleep(float(sys.argv[3]))\n"
    )

    assert run_and_kill(script, [str(marks), "3", "60"], when=marks, has_lines=3).code == -9
    assert run_and_kill(script, [str(tmp_path / "other"), "1", "0"], when=tmp_path / "none").was_killed is False


def test_the_plugin_is_light():
    """Every pytest run of every project that installs the package loads it."""
    code = "import sys, victor_nb.testing.plugin; print('pydantic_ai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
