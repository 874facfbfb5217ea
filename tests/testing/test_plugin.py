"""The pytest plugin, as a project sees it that has the package installed."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

import victor_nb.agents.execution
import victor_nb.journal.recording
import victor_nb.models.offline  # noqa: F401 - imported before pytester, which unloads what its tests load

pytest_plugins = ["pytester"]

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "testing.md"
IS_INSTALLED = any(point.name == "victor_nb" for point in importlib.metadata.entry_points(group="pytest11"))

ASKING = """
    import pytest
    from victor_nb import Agent
    from victor_nb.testing import ForbiddenModel, ScriptedModel

    def test_greeting(victor_recording):
        model = {model}
        assert victor_recording.run(Agent(name="greeter", model=model), "{prompt}").text == "{answer}"
"""


@pytest.fixture
def project(pytester):
    """Runs the tests of a small project; returns how many passed, failed and erred, and the output."""

    def run(code, *options, **filled):
        pytester.makepyfile(test_project=code.format(**filled) if filled else code)
        plugin = () if IS_INSTALLED else ("-p", "victor_nb.testing.plugin")
        result = pytester.runpytest_inprocess(*plugin, "-p", "no:cacheprovider", "-p", "no:xdist", *options)
        outcomes = result.parseoutcomes()
        return {name: outcomes[name] for name in ("passed", "failed", "errors") if name in outcomes}, str(result.stdout)

    return run


@pytest.fixture
def recording(pytester):
    """Where the recording of the small project's test belongs."""
    return pytester.path / "recordings" / "test_project" / "test_greeting.jsonl"


def test_the_plugin_is_light():
    """Every pytest run of every project that installs the package loads it."""
    code = "import sys, victor_nb.testing.plugin; print({'pydantic_ai', 'msgspec', 'click'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_a_missing_recording_says_how_it_is_made(project):
    """A new test fails until somebody has recorded it."""
    outcomes, output = project(ASKING, model="ScriptedModel(['hello'])", prompt="hi", answer="hello")

    assert outcomes == {"errors": 1}
    assert "pytest --victor-record" in output


def test_a_recording_is_made_once_and_replayed_ever_after(project, recording):
    """With the option the model is asked; without it the model may not be."""
    recorded, _ = project(ASKING, "--victor-record", model="ScriptedModel(['hello'])", prompt="hi", answer="hello")
    replayed, _ = project(ASKING, model="ForbiddenModel()", prompt="hi", answer="hello")

    assert recorded == replayed == {"passed": 1}
    assert recording.read_text().startswith('{"victor_recording": 1}')


def test_a_request_that_changed_fails_and_names_the_change(project):
    """That is what recordings are committed for."""
    project(ASKING, "--victor-record", model="ScriptedModel(['hello'])", prompt="hi", answer="hello")

    outcomes, output = project(ASKING, model="ForbiddenModel()", prompt="hello", answer="hello")

    assert outcomes == {"failed": 1}
    assert "prompt: recorded 'hi', now 'hello'" in output


def test_a_failing_test_leaves_its_recording_as_it_was(project, recording):
    """A half-done recording would pass for a good one."""
    project(ASKING, "--victor-record", model="ScriptedModel(['hello'])", prompt="hi", answer="hello")
    before = recording.read_text()

    outcomes, _ = project(ASKING, "--victor-record", model="ScriptedModel(['bye'])", prompt="hi", answer="hello")

    assert outcomes == {"failed": 1}
    assert recording.read_text() == before


def test_a_recorded_run_is_the_same_text_when_it_is_recorded_again(project, recording):
    """Only the run's own header changes, so a diff shows what changed in the answers."""
    texts = []
    for _ in range(2):
        project(ASKING, "--victor-record", model="ScriptedModel(['hello'])", prompt="hi", answer="hello")
        texts.append([line for line in recording.read_text().splitlines() if '"run":' not in line])

    assert texts[0] == texts[1]


def test_the_frozen_clock_is_the_journals_clock(project):
    """A test that asks for the clock decides what time its journals' events have."""
    outcomes, output = project("""
        import pytest

        def test_memory(victor_frozen_clock, victor_journal):
            with victor_journal.start() as run:
                victor_frozen_clock.advance(60)
            started, finished = victor_journal.events(run.id)
            assert finished.time - started.time == 60

        def test_file(victor_sqlite_journal, victor_frozen_clock):
            with victor_sqlite_journal.start() as run:
                assert run.now() == victor_frozen_clock.now

        def test_time_does_not_run_backwards(victor_frozen_clock):
            with pytest.raises(ValueError, match="-1"):
                victor_frozen_clock.advance(-1)

        def test_without_the_clock(victor_journal, victor_sqlite_journal):
            assert victor_journal.runs() == victor_sqlite_journal.runs() == []
    """)

    assert outcomes == {"passed": 4}, output


def test_the_guides_examples_run(project, pytester):
    """What the guide shows can be pasted into a project."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    for number, block in enumerate(blocks):
        pytester.makepyfile(**{f"test_guide_{number}": block})

    outcomes, output = project("", "--victor-record")
    again, _ = project("")

    assert outcomes == again, output
    assert set(outcomes) == {"passed"}
    assert outcomes["passed"] >= len(blocks)
