"""Agents and the cache of tools: a step as always, answered from an earlier call where that is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from tests.agents.scripts import Script
from victor_nb import Agent, open_journal, tool
from victor_nb.config.schema import CachedTools as CachedToolsSetting
from victor_nb.errors import UsageError
from victor_nb.journal import Journal
from victor_nb.tools import Tool
from victor_nb.tools.caching.project import cache_of, settings_now
from victor_nb.tools.caching.rules import CACHED_TOOLS


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with a file, and no settings but defaults."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VICTOR_ROOT", str(tmp_path))
    (tmp_path / "notes.txt").write_text("one")
    return tmp_path


def reader(*, cache: bool | None = True) -> Tool:
    """Return a tool that says how it is cached."""

    @tool(effect="read", cache=cache)
    def read_notes(path: str) -> str:
        """Read a file."""
        return Path(path).read_text()

    return read_notes


def ask(journal: Journal, entry: Tool, **options: Any) -> list[dict[str, object]]:
    """Run an agent that calls the tool once; return the ends of its tool steps."""
    model = Script([("read_notes", {"path": "notes.txt"})], "done").model()
    result = Agent("reader", model, tools=[entry], **options).run_sync("read", journal=journal)
    ends = journal.history(result.run_id, types=("step.finished",))
    return [event.data for event in ends if event.data["kind"] == "tool"]


def test_a_call_of_another_run_answers_and_the_step_says_so(journal):
    """The step has the result and `cached`; views and metrics need nothing else."""
    (first,), (second,) = ask(journal, reader()), ask(journal, reader())

    assert first["result"] == second["result"] == "one"
    assert "cached" not in first
    assert second["cached"] is True


def test_an_edit_between_two_runs_is_seen(journal, project):
    """The second run reads what is there now."""
    ask(journal, reader())
    (project / "notes.txt").write_text("two")

    (end,) = ask(journal, reader())
    assert (end["result"], end.get("cached")) == ("two", None)


def test_a_replay_is_answered_by_the_journal_whatever_the_files_say(journal, project):
    """What was on record stays what it was, cached or not."""
    agent = Agent("reader", Script([("read_notes", {"path": "notes.txt"})], "done").model(), tools=[reader()])
    agent.run_sync("read", journal=journal)
    (project / "notes.txt").write_text("two")

    again = agent.run_sync("read", journal=journal, replay="strict")
    assert again.replayed


@pytest.mark.parametrize(
    ("said", "agent", "setting", "is_cached"),
    [
        (None, None, "declared", False),
        (None, None, "read", True),
        (None, None, "pure", False),
        (None, "read", "off", True),
        (True, "off", "read", False),
        (True, None, "off", False),
        (False, "read", "read", False),
    ],
)
def test_the_tool_says_the_agent_or_else_the_settings_widen_or_end_it(
    journal, monkeypatch, said, agent, setting, is_cached
):
    """An agent's word goes before the settings'; a tool's no is a no."""
    monkeypatch.setenv("VICTOR_CACHE__TOOLS", setting)
    for _ in range(2):
        (end,) = ask(journal, reader(cache=said), cache_tools=agent)

    assert end.get("cached", False) is is_cached


def test_without_tools_that_can_be_cached_no_file_is_made(journal, project):
    """Who does not use the cache does not have one."""
    ask(journal, reader(cache=None))

    assert not (project / ".victor").exists()


def test_a_failing_call_is_told_to_the_model_as_always(journal, project):
    """The cache stands in nobody's way."""
    (project / "notes.txt").unlink()

    (end,) = ask(journal, reader())
    assert end["result"]["type"] == "FileNotFoundError"


def test_what_the_journal_must_not_hold_the_cache_does_not_keep(project, monkeypatch):
    """Secrets are those of the run's journal."""
    from victor_nb.journal import Redactor

    (project / "notes.txt").write_text("hunter2-hunter2")
    with open_journal("memory:", Redactor({"key": "hunter2-hunter2"})) as journal:
        for _ in range(2):
            (end,) = ask(journal, reader())

    assert "cached" not in end
    assert b"hunter2" not in b"".join(path.read_bytes() for path in (project / ".victor").iterdir())


def test_settings_are_read_again_when_they_change(project, monkeypatch):
    """A file or a variable of theirs."""
    before = settings_now()
    assert settings_now() is before

    monkeypatch.setenv("VICTOR_CACHE__BUDGET_BYTES", "1000")
    assert settings_now().cache.budget_bytes == 1000
    monkeypatch.delenv("VICTOR_ROOT")
    (project / "victor.toml").write_text("[cache]\nttl_s = 60\n")
    assert settings_now().cache.ttl_s == 60
    journal = open_journal("memory:")
    assert cache_of(settings_now(), journal.redactor) is cache_of(settings_now(), journal.redactor)


def test_words_that_there_are_not_are_refused():
    """With the nearest one; the settings know the same words."""
    with pytest.raises(UsageError, match="declared"):
        Agent("reader", cache_tools="declard")  # type: ignore[arg-type]
    assert get_args(CachedToolsSetting) == CACHED_TOOLS
