"""The face without a kernel: words in, views out, and a clean end."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.in_kernel import hang, save, scripted
from victor_nb import Agent
from victor_nb.agents.background import run_blocking
from victor_nb.agents.errors import ApprovalDenied
from victor_nb.errors import UsageError
from victor_nb.notebook.completing import Sources
from victor_nb.notebook.completion_hooks import _add_command_hook, hook_completion
from victor_nb.notebook.errors import LineUnreadable
from victor_nb.notebook.face import Face, _deliver, words
from victor_nb.notebook.prompting import CannotPrompt
from victor_nb.views.offers import Answer


@pytest.fixture
def face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Face]:
    """The face of a shell without a kernel, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    InteractiveShell.clear_instance()
    face = Face(InteractiveShell.instance())
    face.shell.user_ns["noter"] = scripted(("note", {"text": "a"}))
    face.shell.user_ns["saver"] = scripted(("save", {"text": "b"}))
    yield face
    face.close()
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("line", "body", "argv"),
    [
        ("runs --limit 3", None, ["runs", "--limit", "3"]),
        ("", None, []),
        ("", "why?", ["ask"]),
        ("analyst --with 'a,b'", "why?", ["ask", "analyst", "--with", "a,b"]),
        ("show last", "ignored", ["show", "last"]),
        ('ask "two words"', None, ["ask", "two words"]),
    ],
)
def test_a_line_is_split_like_a_shell_would(line: str, body: str | None, argv: list[str]) -> None:
    """A cell without a verb asks."""
    assert words(line, body) == argv


def test_an_open_quote_is_an_error() -> None:
    """Nothing is guessed."""
    with pytest.raises(LineUnreadable):
        words("ask 'why", None)


def test_a_cell_runs_an_agent_blocking_or_awaited(face: Face) -> None:
    """Both ways lead to the same verb, and bind the answer."""
    blocking: Any = face.call("noter -o one", "note it")
    awaited: Any = asyncio.run(face.awaited("noter -o two", "note it"))

    assert blocking.text == awaited.text == "all done"
    assert face.shell.user_ns["one"] is blocking
    assert face.shell.user_ns["two"] is awaited
    assert list(face.displays.recent) == [blocking.run_id, awaited.run_id]


def test_verbs_that_need_no_agent_answer_at_once(face: Face) -> None:
    """Awaited or not."""
    assert str(face.call("version")) == str(asyncio.run(face.awaited("version")))


def test_errors_of_ours_come_alone(face: Face) -> None:
    """Without cause, context and frames of the work, and with their own lines for IPython."""
    with pytest.raises(ApprovalDenied) as denied:
        face.call("saver", "save it")

    error: Any = denied.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert error._render_traceback_()[0].startswith("ApprovalDenied: tool 'save' needs approval")


def test_errors_of_ours_come_alone_from_awaited_cells(face: Face) -> None:
    """The same there."""
    with pytest.raises(UsageError) as unknown:
        asyncio.run(face.awaited("rnus"))

    assert unknown.value.__context__ is None


def test_a_button_speaks_through_the_mailbox(face: Face) -> None:
    """Its word has the form of every other word, and the run may be in any process."""
    with pytest.raises(ApprovalDenied):
        face.call("saver", "save it")
    journal = face.session.journal()
    run_id = journal.find("last").run_id
    asked = journal.events(run_id, types=("approval.requested",))[0].data

    _deliver(journal, Answer("approve", run_id, asked["call_id"], asked["call_hash"], {"text": "edited"}))
    resumed: Any = face.call("resume last")

    assert resumed.text == "all done"
    assert Path("saved.txt").read_text() == "edited\n"
    decided = journal.events(run_id, types=("approval.decided",))[-1].data
    assert (decided["approved"], decided["by"]) == (True, "button")


def test_a_stop_button_stops_a_run_in_the_background(face: Face) -> None:
    """It can be gone on with."""
    face.shell.user_ns["hanger"] = scripted(("hang", {}))
    face.call("hanger --background", "hang")
    journal = face.session.journal()
    run_id = journal.find("last").run_id
    waiting = list(face.session.tasks)

    _deliver(journal, Answer("stop", run_id))

    async def ended() -> None:
        await asyncio.wait(waiting)

    run_blocking(ended())
    assert str(journal.find(run_id).status) == "stopped"


def test_closing_stops_what_runs_in_the_background(face: Face) -> None:
    """A kernel that ends leaves runs that say so."""
    face.shell.user_ns["hanger"] = Agent(name="hanger", model=scripted(("hang", {})).model, tools=[hang, save])
    face.call("hanger --background", "hang")
    run_id = face.session.journal().find("last").run_id

    face.close()

    assert str(face.session.journal().find(run_id).status) == "stopped"


class Kernel:
    """As much of a kernel as reading a line needs."""

    def __init__(self, allow_stdin: bool, line: str | None) -> None:
        self._allow_stdin, self.line, self.asked = allow_stdin, line, ""

    def raw_input(self, text: str) -> str:
        self.asked = text
        if self.line is None:
            raise StdinNotImplementedError
        return self.line


def read_line(kernel: object, text: str) -> str:
    return Face(SimpleNamespace(kernel=kernel, user_ns={}))._read_line(text)


def test_a_front_end_is_asked_for_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The question is printed, because some front ends show a prompt in a small box."""
    kernel = Kernel(True, "y")

    assert read_line(kernel, "The call\n  text = 1\nyes? > ") == "y"

    assert kernel.asked == "yes? > "
    assert capsys.readouterr().out == "The call\n  text = 1\n"


def test_nothing_is_printed_where_nobody_can_type(capsys: pytest.CaptureFixture[str]) -> None:
    """As in papermill."""
    with pytest.raises(CannotPrompt):
        read_line(Kernel(False, "y"), "question\n> ")

    assert capsys.readouterr().out == ""


def test_the_kernel_has_the_last_word_on_input() -> None:
    """What it allows in an attribute is only a hint."""
    with pytest.raises(CannotPrompt):
        read_line(Kernel(True, None), "> ")


def test_a_terminal_is_asked_if_it_is_one(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is not."""
    with pytest.raises(CannotPrompt):
        face._read_line("> ")
    terminal = io.StringIO("n\n")
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", terminal)

    assert face._read_line("> ") == "n"


def test_ipython_completes_with_our_words(face: Face) -> None:
    """Through its matchers, and no longer when it is undone."""
    undo = hook_completion(face.shell, Sources(variables={"df": 1}))

    def offered(line: str) -> set[str]:
        with provisionalcompleter():
            return {one.text for one in face.shell.Completer.completions(line, len(line))}

    assert "resume" in offered("%victor res")
    assert "--max-steps" in offered("%victor ask --max-st")
    assert "df" in offered("%%victor\nlook at {{d")
    assert "resume" not in offered("res")
    undo()
    undo()
    assert "resume" not in offered("%victor res")


def test_ipython_7_completes_through_command_hooks(face: Face) -> None:
    """Its own table is as before when the hooks are undone."""
    before = dict(face.shell.strdispatchers["complete_command"].strs)
    undo = _add_command_hook(face.shell, Sources())

    hooks = face.shell.strdispatchers["complete_command"]
    chain = next(iter(hooks.s_matches("%victor")))
    event = SimpleNamespace(text_until_cursor="%victor ask --max-st", symbol="st")
    elsewhere = SimpleNamespace(text_until_cursor="victor", symbol="victor")

    assert chain(event) == ["steps"]
    assert chain(elsewhere) == []
    undo()
    assert dict(hooks.strs) == before
