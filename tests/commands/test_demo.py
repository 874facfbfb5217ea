"""The demonstration's proof: what would make it fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from victor_nb.commands.demo import Counts, DemoFailed, _fresh_home, check_free
from victor_nb.commands.notebooks import Execution
from victor_nb.commands.tutorials import tutorial_folder
from victor_nb.journal import open_journal

WORK = Counts(runs=3, finished=3, model_requests=6, tool_calls=3)
EXECUTED = Execution(Path("a.ipynb"), 5, 1.0, ("three rows",))


def test_an_equal_journal_and_equal_answers_are_proof() -> None:
    """Nothing was added, nothing differs."""
    check_free(WORK, WORK, [EXECUTED], [EXECUTED], Path())


@pytest.mark.parametrize("more", [{"model_requests": 7}, {"tool_calls": 4}, {"runs": 4}])
def test_anything_more_in_the_journal_fails(more: dict[str, int]) -> None:
    """One model request, one tool call or one run too many."""
    with pytest.raises(DemoFailed, match="added to the journal"):
        check_free(WORK, replace(WORK, **more), [EXECUTED], [EXECUTED], Path())


def test_another_answer_fails() -> None:
    """A replay that says something else is none."""
    with pytest.raises(DemoFailed, match="other answers"):
        check_free(WORK, WORK, [EXECUTED], [replace(EXECUTED, answers=("four rows",))], Path())


def test_no_answer_at_all_fails() -> None:
    """Two empty notebooks would be equal, too."""
    empty = replace(EXECUTED, answers=())

    with pytest.raises(DemoFailed, match="no agent's answer"):
        check_free(WORK, WORK, [empty], [empty], Path())


def test_two_demonstrations_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second would empty the folder in which the first one works."""
    home = tmp_path / "new" / "demo"
    with _fresh_home(home) as first:
        (first / "working").touch()
        with pytest.raises(DemoFailed, match="another demonstration is running"), _fresh_home(home):
            pass
        assert (first / "working").exists()

    with _fresh_home(home) as second:
        assert list(second.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file is in the way."""
    (tmp_path / "file").touch()

    with pytest.raises(DemoFailed, match="cannot be made"), _fresh_home(tmp_path / "file" / "demo"):
        pass


def test_counting_reads_the_journal() -> None:
    """Runs and steps are counted from their events."""
    with open_journal("memory:") as journal:
        with journal.start("agent", "a") as run:
            run.step_sync("m", lambda: "x", kind="model")
            run.step_sync("t", lambda: "x", kind="tool")
        journal.start("agent", "b").stop("enough")

        assert Counts.of(journal) == Counts(runs=2, finished=1, model_requests=1, tool_calls=1)


def test_the_tutorial_is_found() -> None:
    """In a checkout it lies beside the package."""
    assert {path.name for path in tutorial_folder().glob("*.ipynb")} >= {
        "00_introduction.ipynb",
        "01_first_agent.ipynb",
    }
