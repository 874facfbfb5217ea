"""`victor cache`: what is kept of tools' results is shown, explained and cleared."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.commands.conftest import Call
from victor_nb.errors import UsageError
from victor_nb.tools import project_cache, tool


@tool(effect="read", cache=True)
def count_words(path: str) -> int:
    """Count the words of a file."""
    return len(Path(path).read_text().split())


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A project in which a tool was called twice; its file."""
    notes = tmp_path / "notes.txt"
    notes.write_text("one two")
    for _ in range(2):
        asyncio.run(project_cache().call(count_words, {"path": "notes.txt"}))
    return notes


def test_stats_show_what_is_kept_by_tool(call: Call, used: Path) -> None:
    """Entries, bytes, hits, misses and their rate; stale as the files are now."""
    (row,) = call("cache", "stats").to_json()

    assert {key: row[key] for key in ("tool", "entries", "stale", "hits", "misses", "hit rate")} == {
        "tool": "count_words",
        "entries": 1,
        "stale": 0,
        "hits": 1,
        "misses": 1,
        "hit rate": 0.5,
    }
    assert "256,000,000 bytes" in call("cache", "stats").to_text()


def test_an_edited_file_shows_as_stale_at_once(call: Call, used: Path) -> None:
    """Or is forgotten already, if a watcher was first."""
    used.write_text("one two three")

    (row,) = call("cache", "stats", "count_words").to_json()
    assert row["entries"] == row["stale"]


def test_why_names_the_file_that_changed(call: Call, used: Path) -> None:
    """Of the last call; before that, that nothing changed."""
    (before,) = call("cache", "why").to_json()
    assert (before["cached"], before["why"].startswith("nothing changed since")) == ("yes", True)

    used.write_text("one two three")
    asyncio.run(project_cache().call(count_words, {"path": "notes.txt"}))
    (after,) = call("cache", "why", "count_words").to_json()
    assert after["cached"] == "no"
    assert after["why"] == "notes.txt changed"


def test_clear_forgets_one_tool_or_all(call: Call, used: Path) -> None:
    """And says how much that was."""
    assert call("cache", "clear", "count_words").to_text().startswith("forgot 1 result, ")
    assert call("cache", "clear").to_text().startswith("forgot 0 results")
    assert "nothing is kept" in call("cache", "stats").to_text()


def test_a_tool_that_is_not_known_is_told_with_the_nearest(call: Call, used: Path) -> None:
    """A slip of the pen clears nothing."""
    with pytest.raises(UsageError, match="Did you mean 'count_words'"):
        call("cache", "clear", "count_word")
