"""`victor docs`: questions, verdicts, statistics, and what was read."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.assist.herds import write_herds
from tests.commands.conftest import Call
from victor_nb.assist import NoQuestion, NoSuchSuggestion, Suggestions
from victor_nb.commands import Session
from victor_nb.errors import UsageError
from victor_nb.retrieval.errors import NothingThere
from victor_nb.views import SuggestionsView

QUESTION = ("count the giraffes of a herd", "--package", "herds")


@pytest.fixture(autouse=True)
def herds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package `herds`, and folders for caches and data."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.syspath_prepend(str(tmp_path / "path"))
    yield write_herds(tmp_path / "path")
    for name in [name for name in sys.modules if name.partition(".")[0] == "herds"]:
        del sys.modules[name]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Session]:
    """A session without a kernel; what it was shown meanwhile is in `shown`."""
    made = Session(start=tmp_path, display=lambda view: shown.append(str(view)))
    shown.clear()
    yield made
    made.close()


shown: list[str] = []


def test_a_question_needs_no_quotes_and_no_verb_of_its_own(call: Call, terminal: Session) -> None:
    """`victor docs WORDS`, `victor docs "WORDS"` and `victor docs suggest …` are the same."""
    answers = [
        call("docs", *["count", "the", "giraffes", "of", "a", "herd", "--package", "herds"], within=terminal),
        call("docs", *QUESTION, within=terminal),
        call("docs", "suggest", *QUESTION, "-k", "3", within=terminal),
    ]

    assert {answer[1].name for answer in answers} == {"herds.count_giraffes"}
    assert len(answers[2]) == 3
    assert shown == ["reading the documentation of herds: 4 files, once for this version"]


def test_json_is_for_machines(call: Call, terminal: Session) -> None:
    """Every part of a suggestion, by name."""
    told = json.loads(call("docs", "--json", *QUESTION, within=terminal).to_text())

    best = told["suggestions"][0]
    assert best["name"] == "herds.count_giraffes"
    assert best["source"] == "herds · herds/_counting.py:4-27"
    assert "count_giraffes(herd)" in best["code"]


def test_a_kernel_gets_the_view_with_buttons(call: Call) -> None:
    """It is the answer in every static face, too."""
    view = call("docs", *QUESTION)

    assert isinstance(view, SuggestionsView)
    assert "herds.count_giraffes" in view.to_text()


def test_a_verdict_by_number_gives_the_code_in_a_terminal(call: Call, terminal: Session) -> None:
    """So that it can be piped; in a notebook it becomes the next cell."""
    call("docs", *QUESTION, within=terminal)
    cells: list[str] = []

    assert "count_giraffes(herd)" in str(call("docs", "accept", "1", within=terminal))
    terminal.next_cell = cells.append
    assert str(call("docs", "accept", within=terminal)) == "accepted herds.count_giraffes"
    assert cells[0].startswith("from herds import count_giraffes")
    assert str(call("docs", "reject", "2", within=terminal)).startswith("rejected herds.")


def test_a_verdict_can_be_given_with_the_question(call: Call, terminal: Session) -> None:
    """What is rejected is not the first the next time."""
    answer: Suggestions = call("docs", *QUESTION, "--reject", "1", within=terminal)

    assert answer.verdicts == {"herds:herds.count_giraffes": "rejected"}
    assert call("docs", *QUESTION, within=terminal)[1].name != "herds.count_giraffes"


def test_a_number_that_is_none_of_the_suggestions_is_told(call: Call, terminal: Session) -> None:
    """Before a question, and behind the last."""
    with pytest.raises(NoSuchSuggestion, match="ask first"):
        call("docs", "accept", within=terminal)
    call("docs", *QUESTION, within=terminal)
    with pytest.raises(NoSuchSuggestion, match="no suggestion 40"):
        call("docs", "reject", "40", within=terminal)


def test_without_a_question_the_last_error_is_looked_up(call: Call, session: Session) -> None:
    """Its type, message and failing call, with the names of the notebook."""
    import herds  # type: ignore[import-not-found]

    assert session.namespace is not None
    session.namespace["h"] = herds
    try:
        herds.count_giraffes(None)
    except TypeError as error:
        failed = error
    session.last_failure = lambda: (failed, "h.count_giraffes(None)")

    view = call("docs", "--package", "herds")

    assert view.answer.told.startswith("TypeError: a herd is a list")
    assert view.answer[1].name == "herds.count_giraffes"


def test_nothing_asked_and_nothing_failed_is_told(call: Call, session: Session) -> None:
    """An error of ours counts as none: it says itself what to do."""
    with pytest.raises(NoQuestion, match="nothing was asked"):
        call("docs")
    session.last_failure = lambda: (UsageError("no"), "")
    with pytest.raises(NoQuestion):
        call("docs", "")


def test_a_traceback_can_be_piped_in(call: Call, terminal: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Python printed is looked up."""
    trace = 'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\nTypeError: a herd is a list\n'
    monkeypatch.setattr("sys.stdin", io.StringIO(trace))

    answer = call("docs", "-", "--package", "herds", within=terminal)

    assert answer.told == "TypeError: a herd is a list"


def test_imports_are_taken_from_a_notebook(call: Call, terminal: Session, tmp_path: Path) -> None:
    """In a terminal no notebook is open; one can be named."""
    cells = [nbformat.v4.new_code_cell("import herds as h")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "study.ipynb")
    terminal.start = tmp_path / "project"
    terminal.start.mkdir()
    (terminal.start / "victor.toml").write_text('[docs]\npackages = ["herds"]\n')

    answer = call("docs", "h.count_okapis", "--notebook", str(tmp_path / "study.ipynb"), within=terminal)

    assert answer[1].name == "herds.count_okapis"
    assert "imported here" in answer[1].why
    with pytest.raises(UsageError, match="cannot read"):
        call("docs", "x", "--notebook", "nowhere.ipynb", within=terminal)


def test_a_package_that_is_not_installed_is_told(call: Call, terminal: Session) -> None:
    """With the nearest name."""
    with pytest.raises(NothingThere, match="Did you mean 'pandas'"):
        call("docs", "x", "--package", "pnadas", within=terminal)


def test_statistics_count_questions_verdicts_and_time(call: Call, terminal: Session) -> None:
    """Before the first question, and after some."""
    none = call("docs", "stats", within=terminal)
    assert none.to_json()["questions"] == 0
    assert "no questions yet" in none.to_text()

    call("docs", *QUESTION, "--accept", "1", "--reject", "2", within=terminal)
    view = call("docs", "stats", within=terminal)
    told: dict[str, Any] = view.to_json()

    assert (told["questions"], told["accepted"], told["rejected"]) == (1, 1, 1)
    assert told["acceptance_rate"] == 0.5
    assert told["best_passages"] == [{"name": "herds.count_giraffes", "accepted": 1}]
    assert 0 < told["latency_p50_ms"] <= told["latency_p99_ms"]
    assert told["packages"][0]["name"] == "herds"
    assert told["passages"] > 5
    assert "50%" in view.to_text()
    assert "herds.count_giraffes, 1 times" in view.to_text()


def test_packages_are_read_listed_and_forgotten(call: Call, terminal: Session) -> None:
    """Beforehand, again, and away."""
    assert "passages in" in call("docs", "index", "herds", within=terminal).to_json()["herds"]
    assert "herds" in call("docs", "status", within=terminal).to_text()
    shown.clear()
    call("docs", "index", "herds", within=terminal)
    assert shown == []
    call("docs", "index", "herds", "--anew", within=terminal)
    assert len(shown) == 1

    with pytest.raises(UsageError, match="nothing was read of 'pandas'"):
        call("docs", "forget", "pandas", within=terminal)
    with pytest.raises(UsageError, match="no package was named"):
        call("docs", "forget", within=terminal)
    assert "passages are forgotten" in str(call("docs", "forget", "herds", within=terminal))
    call("docs", "forget", "--all", within=terminal)
    assert "herds" not in call("docs", "status", "--json", within=terminal).to_text()


def test_local_keeps_everything_in_the_project(call: Call, terminal: Session, tmp_path: Path) -> None:
    """By flag or by setting; the machine's folders stay as they were."""
    call("docs", *QUESTION, "--local", "--accept", "1", within=terminal)
    (tmp_path / "victor.toml").write_text("[docs]\nshared = false\n")
    call("docs", *QUESTION, within=terminal)

    assert (tmp_path / ".victor" / "docs" / "feedback.db").is_file()
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "data").exists()


def test_lessons_are_shown_exported_imported_and_forgotten(call: Call, terminal: Session, tmp_path: Path) -> None:
    """What was exported brings everything back."""
    call("docs", *QUESTION, "--accept", "2", within=terminal)
    file = str(tmp_path / "lessons.json")

    assert "accepted" in call("docs", "lessons", within=terminal).to_text()
    call("docs", "lessons", "--export", file, within=terminal)
    assert str(call("docs", "lessons", "--reset", within=terminal)) == "1 lessons are forgotten"
    assert "nothing was accepted" in call("docs", "lessons", within=terminal).to_text()
    assert str(call("docs", "lessons", "--import", file, within=terminal)) == "1 lessons were added"
    assert json.loads(Path(file).read_text())[0]["verdict"] == "accepted"


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "{}",
        '[{"question": "a"}]',
        '[{"question": 1, "passage": "p", "name": "n", "verdict": "accepted", "time": 1}]',
    ],
)
def test_what_is_no_file_of_lessons_is_told(call: Call, terminal: Session, tmp_path: Path, text: str) -> None:
    """And nothing is changed."""
    (tmp_path / "bad.json").write_text(text)

    with pytest.raises(UsageError, match=r"no JSON|holds no lessons"):
        call("docs", "lessons", "--import", str(tmp_path / "bad.json"), within=terminal)
    with pytest.raises(UsageError, match="cannot read"):
        call("docs", "lessons", "--import", "nowhere.json", within=terminal)
    with pytest.raises(UsageError, match="only one of"):
        call("docs", "lessons", "--reset", "--export", "a", within=terminal)
