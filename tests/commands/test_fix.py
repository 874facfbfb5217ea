"""Explaining errors: what, where, and proposals in the order of their likelihood."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.commands.conftest import Call
from victor_nb.commands import Session
from victor_nb.commands.failure import failure_in, failure_of
from victor_nb.commands.fix import Explanation, explained
from victor_nb.errors import UsageError, VictorError


def failing(source: str, **names: Any) -> Explanation:
    """Run a cell that fails, as IPython would name it, and explain the failure."""
    try:
        exec(compile(source, "<ipython-input-1>", "exec"), {"__name__": "__main__", **names})
    except BaseException as error:
        return explained(failure_of(error, source))
    raise AssertionError("the cell did not fail")


def best(explanation: Explanation) -> str:
    return explanation.remedies[0].says


def test_a_mistyped_name_is_matched_and_shown_as_a_difference() -> None:
    """The proposal is a change of the cell, which nobody applies unasked."""
    found = failing("total = 3\n\nprint(totla)")

    assert best(found) == "did you mean 'total'?"
    assert (found.failure.where, found.failure.text) == ("cell, line 3", "print(totla)")
    assert "-print(totla)" in found.to_text()
    assert "+print(total)" in found.to_text()
    assert "```diff" in found.to_markdown()
    assert "total" in found.to_html()
    assert found.to_json()["remedies"][0]["diff"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("np.zeros(3)", "import numpy as np"),
        ("import sklern", "sklearn"),
        ("import yamll_not_there", "%pip install yamll_not_there"),
        ("import cv2", "opencv-python"),
        ("from pathlib import Paht", "'Path'"),
        ("'abc'.uper()", "'upper'"),
        ("df['specis']", "'species'"),
        ("df['SPECIES']", "+df['species']"),
        ("df['weight']", "df has 'species'"),
        ("{'alpha': 1}['alpah']", "No rule"),
        ("d = {'alpha': 1}\nd['alpah']", "'alpha'"),
        ("open('victor.tmol')", "victor.toml"),
        ("open('no/such/folder/x')", "no folder"),
        ("1 / 0", "divisor is zero"),
        ("'a' + 1", "str("),
        ("1 + 'a'", "convert one side"),
        ("[1][3]", "past the end"),
        ("int('x', basee=3)", "basee"),
        ("sum = 3\nsum([1])", "del sum"),
        ("print((1)", "close"),
        ("print 'x'", "print(…)"),
        ("x = 1\n  y = 2", "indented"),
        ("if df: pass", "& and |"),
        ("df['species'].astype(float)", "to_numeric"),
        ("b'\\xff'.decode()", "latin-1"),
        ("def f(): f()\nf()", "without an end"),
        ("None[0]", "not a list"),
        ("raise KeyboardInterrupt", "resume last"),
        ("def f():\n  x += 1\nx = 0\nf()", "assigned later"),
    ],
)
def test_each_rule_finds_its_mistake(source: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy stands among the proposals; where there is none, that is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "victor.toml").touch()

    assert words in failing(source, df=pd.DataFrame({"species": ["a", "b"]})).to_text()


def test_our_own_errors_bring_their_hint() -> None:
    """Whoever raised it knew best what to do."""

    def fail() -> None:
        raise VictorError("it is broken", "here", "mend it")

    assert best(failing("fail()", fail=fail)) == "mend it"


def test_the_innermost_frame_of_the_user_counts() -> None:
    """An error deep inside a library is shown where the user's code called it."""
    found = failing("frame.drop(columns=['lenght'])", frame=pd.DataFrame({"length": [1]}))

    assert found.failure.where == "cell, line 1"


def test_a_traceback_can_be_read_from_text(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal there is no cell: a file or standard input has what Python printed."""
    file = tmp_path / "log"
    file.write_text(
        'Traceback (most recent call last):\n  File "study.py", line 7, in <module>\n'
        "ModuleNotFoundError: No module named 'sklern'\n"
    )

    found = call("fix", str(file)).to_json()
    monkeypatch.setattr("sys.stdin", io.StringIO(file.read_text()))

    assert (found["type"], found["file"], found["line"]) == ("ModuleNotFoundError", "study.py", 7)
    assert call("fix", "-").to_json() == found


def test_our_own_errors_are_understood_from_their_text(tmp_path: Path) -> None:
    """Their message may have several lines, and their advice is the remedy; the place is the user's file, not ours."""
    script = tmp_path / "study.py"
    script.write_text("agent.run_sync('x', replay='strict')\n")
    text = f"""Traceback (most recent call last):
  File "{script}", line 1, in <module>
    agent.run_sync('x', replay='strict')
  File "/usr/lib/python3.11/site-packages/victor_nb/journal/journal.py", line 188, in recorded
    raise missed_request(kind, name, asked, near)
victor_nb.journal.errors.ReplayMiss: no recording of agent 'geographer' matches: its inputs changed
  tools.population: recorded '269a86c8', now 'a1ca2724' (compared with run 1m7y)
  → run it once with --replay record
"""

    found = explained(failure_in(text))

    assert found.failure.type == "ReplayMiss"
    assert found.failure.message.startswith("no recording of agent")
    assert (found.failure.file, found.failure.line) == (str(script), 1)
    assert best(found) == "run it once with --replay record"


def test_ipython_s_own_tracebacks_are_understood() -> None:
    """Both forms that IPython has used for the place of a frame."""
    new = failure_in("Cell In[3], line 2\n      1 x\n----> 2 y\n\nNameError: name 'y' is not defined")
    old = failure_in("File ~/a.py:12, in f()\n\nValueError: bad")

    assert (new.file, new.line, old.line) == ("cell", 2, 12)


@pytest.mark.parametrize(("argv", "words"), [(["fix"], "no cell has failed yet"), (["fix", "none"], "cannot read")])
def test_nothing_to_explain_is_an_error(call: Call, argv: list[str], words: str) -> None:
    """The message says what would be something."""
    with pytest.raises(UsageError, match=words):
        call(*argv)


def test_text_without_a_traceback_is_an_error() -> None:
    """Guessing at prose would help nobody."""
    with pytest.raises(UsageError, match="no Python traceback"):
        failure_in("all is well, and the weather too")


def test_the_last_failing_cell_is_explained(call: Call) -> None:
    """The face remembers it; the verb asks for it."""
    error: Callable[[], tuple[BaseException, str]] = lambda: (NameError("name 'np' is not defined"), "np")  # noqa: E731

    assert "import numpy" in call("fix", within=Session(last_failure=error)).to_text()
