"""Which cells become awaited calls."""

from __future__ import annotations

import pytest

from victor_nb.notebook.transforming import AwaitVictor, awaited_call


def transformed(cell: str) -> str:
    return "".join(awaited_call(cell.splitlines(keepends=True)))


def test_a_victor_cell_becomes_an_awaited_call() -> None:
    """Line and body arrive as they were typed, whatever quotes and braces they hold."""
    code = transformed("%%victor analyst --with df\nWhat's in {\"a\": 1}?\n'''x'''\n")

    assert code.startswith("await get_ipython().find_cell_magic('victor').awaited(")
    called: dict[str, object] = {}
    awaitable = code.removeprefix("await get_ipython().find_cell_magic('victor').awaited")
    exec(f"line, body = {awaitable}", called)
    assert called["line"] == "analyst --with df"
    assert called["body"] == "What's in {\"a\": 1}?\n'''x'''\n"


@pytest.mark.parametrize("cell", ["%victor runs", "# first\n%victor runs\n\n", "%victor"])
def test_a_cell_of_one_line_is_awaited_too(cell: str) -> None:
    """Comments and blank lines beside it change nothing."""
    assert ".awaited(" in transformed(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "x = 1",
        "x = %victor runs",
        "%victor runs\n%victor tools",
        "x = 1\n%victor runs",
        "%victory",
        "%%victory\nbody",
        "%%time\n%victor runs",
        "%%victor?",
        "%victor?",
        "%victor runs \\\n",
        "",
    ],
)
def test_any_other_cell_is_left_alone(cell: str) -> None:
    """What is not wholly ours is IPython's business."""
    assert transformed(cell) == cell


def test_inner_cells_are_left_alone() -> None:
    """Between the start and the end of a cell nothing changes, because inner cells are not awaited."""
    transform = AwaitVictor(lambda: True)
    transform.enter()
    inner = transform(["%victor runs"])
    transform.leave()

    assert inner == ["%victor runs"]
    assert transform(["%victor runs"]) != ["%victor runs"]


def test_an_end_without_a_start_does_not_count() -> None:
    """IPython tells the end of an empty cell and not its start."""
    transform = AwaitVictor(lambda: True)
    transform.leave()
    transform.enter()

    assert transform(["%victor runs"]) == ["%victor runs"]


def test_a_shell_that_cannot_await_keeps_the_magic() -> None:
    """In terminals, and with autoawait off, the blocking magic is called."""
    assert AwaitVictor(lambda: False)(["%%victor\n", "body"]) == ["%%victor\n", "body"]
