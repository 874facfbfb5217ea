"""The live display in this process: what it shows, and that it makes room."""

from __future__ import annotations

import pytest

from tests.views.pipeline_page import half_way
from victor_nb.cli.terminal import Screen, Terminal
from victor_nb.journal import Event, open_journal


def events() -> list[Event]:
    """A run as its first events tell it."""
    return [
        Event.of("run-1", 1, 1.0, "run.started", data={"kind": "agent", "name": "analyst", "request": {}}),
        Event.of("run-1", 0, 1.5, "model.delta", step_id="s1", data={"text": "so far"}),
    ]


def test_without_a_terminal_the_run_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Logs and background runs learn the id, on standard error."""
    terminal = Terminal(live=False, ask=False)

    with open_journal("memory:") as journal, terminal.watch(journal) as show:
        for event in events():
            show(event)

    out, err = capsys.readouterr()
    assert (out, err) == ("", "run run-1\n")
    assert terminal.run_id == "run-1"
    assert terminal.person is None


def test_the_display_shows_the_run_and_makes_room_for_a_question(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output stays free for the result."""
    terminal = Terminal(live=True, ask=True)
    assert terminal.person is not None

    with open_journal("memory:") as journal, terminal.watch(journal) as show:
        for event in events():
            show(event)
        with terminal.aside():
            print("question", end="")

    assert capsys.readouterr().out == "question"
    assert terminal.run_id == "run-1"


def test_the_display_is_the_report_so_far() -> None:
    """It is folded from the events, live text among them."""
    screen = Screen(Terminal(live=True, ask=False))

    for event in events():
        screen.add(event)

    assert "Running" in str(screen.drawn())
    assert "so far" in str(screen.drawn())


def test_making_room_for_nothing_is_nothing() -> None:
    """A question may come while no display is open."""
    with Terminal(live=True, ask=True).aside():
        pass


def test_of_a_pipeline_it_is_every_node_with_its_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes between events too: a cell gets slower than usual while nothing happens."""
    monkeypatch.setenv("COLUMNS", "140")
    screen = Screen(Terminal(live=True, ask=False))

    for event in half_way():
        screen.add(event)

    drawn = str(screen.drawn())
    assert "2 of 5 nodes done, 1 from the cache" in drawn
    assert "cell 3 of 4" in drawn
    assert "CPU 98 % · 412 MB" in drawn
    assert "slower than usual: cell 3 of train.ipynb" in drawn
    assert "ValueError: loss is not a number" in drawn
