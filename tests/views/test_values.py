"""What is shown of a value: small whatever its size, and honest about what is left out."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from victor_nb.journal import Event, open_journal
from victor_nb.tools import Artifact
from victor_nb.views import summarise
from victor_nb.views.values import DEPTH, GRID_ROWS, ITEMS, shrink
from victor_nb.views.wire import wire

PNG = b"\x89PNG\r\n"


def test_small_json_is_left_alone() -> None:
    """What fits is shown as it is."""
    value = {"a": [1, 2.5, None, True, "text"], "b": {"c": {}}, "d": []}

    assert shrink(value) == value


@pytest.mark.parametrize("value", ["x" * 10**7, ["x" * 1000] * 10**5, {str(i): i for i in range(10**5)}])
def test_a_huge_value_is_cut_and_says_so(value: Any) -> None:
    """The rest is counted in words, and what is kept fits a page."""
    kept = json.dumps(shrink(value), ensure_ascii=False)

    assert len(kept) < 25_000
    assert "more" in kept


def test_a_long_list_keeps_its_beginning() -> None:
    """The first items stay, and the number of the others is told."""
    assert shrink(list(range(1_000))) == [*range(ITEMS), f"… ({1_000 - ITEMS} more)"]


def test_deep_nesting_ends() -> None:
    """A value that goes on and on is cut at a depth nobody reads."""
    value: Any = "end"
    for _ in range(100):
        value = {"in": [value]}

    assert json.dumps(shrink(value)).count("[") <= DEPTH


def test_numbers_that_json_does_not_know_become_words() -> None:
    """The browser's JSON has no infinity."""
    assert shrink([float("inf"), float("nan"), np.float64(1.5), np.int64(3)]) == ["inf", "nan", 1.5, 3]


def test_a_data_frame_is_shown_by_its_corner_and_its_size() -> None:
    """Index, columns and the first rows; never the whole."""
    frame = pd.DataFrame({"x": np.arange(1000) / 3, "name": ["<b>"] * 1000}, index=pd.RangeIndex(1000, name="id"))

    grid = shrink(frame)["$grid"]

    assert grid["columns"] == ["id", "x", "name"]
    assert grid["rows"][1] == [1, 0.333333, "<b>"]
    assert (len(grid["rows"]), grid["total_rows"], grid["total_columns"]) == (GRID_ROWS, 1000, 2)


@pytest.mark.parametrize(
    ("value", "columns"),
    [
        (pd.Series([1.0, 2.0], name="mean", index=["a", "b"]), ["", "mean"]),
        (np.eye(2), ["", "0", "1"]),
        (np.arange(3), ["", "0"]),
        (pd.DataFrame(), [""]),
        (
            pd.DataFrame({("a", 1): [1]}, index=pd.MultiIndex.from_tuples([("x", 1)], names=["k", "l"])),
            ["k, l", "('a', 1)"],
        ),
    ],
)
def test_series_arrays_and_odd_tables_are_tables_too(value: Any, columns: list[str]) -> None:
    """Whatever pandas and NumPy lay out in rows is shown in rows."""
    assert shrink(value)["$grid"]["columns"] == columns


def test_missing_cells_and_dates_are_words() -> None:
    """A cell is a number or a short text."""
    frame = pd.DataFrame({"when": [pd.Timestamp("2026-01-02"), pd.NaT], "x": [1.5, np.nan], "ok": [True, None]})

    assert shrink(frame)["$grid"]["rows"] == [[0, "2026-01-02 00:00:00", 1.5, "True"], [1, "NaT", "NaN", "None"]]


def test_a_picture_is_shown_as_one() -> None:
    """A plot travels as base64 with the words that say what it shows."""
    plot = Artifact("plot.png", "image/png", PNG, text="x by y")

    assert shrink(plot) == {
        "$image": {"media_type": "image/png", "data": base64.b64encode(PNG).decode(), "text": "x by y"}
    }


def test_a_picture_that_is_too_large_is_told_in_words() -> None:
    """A view stays small; the picture itself is in the journal."""
    assert shrink(Artifact("plot.png", "image/png", b"x" * 10**6, text="x by y")) == "x by y"


def test_what_json_does_not_know_is_written_out() -> None:
    """Dataclasses and structs by field, bytes by size, sets as lists, the rest by `str`."""

    @dataclass
    class Point:
        x: int
        where: Path

    struct = msgspec.defstruct("Struct", [("x", int), ("where", Path)])

    assert shrink(Point(1, Path("a") / "b")) == {"x": 1, "where": "a/b"}
    assert shrink(struct(1, Path("a") / "b")) == {"x": 1, "where": "a/b"}
    assert shrink([b"abc", {7}, (1, 2)]) == ["(3 bytes)", [7], [1, 2]]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ((1, "a"), [1, "a"]),
        ({1: "a"}, [[1, "a"]]),
        (2**70, str(2**70)),
        (np.float32(1.5), 1.5),
        (b"abc", "(3 bytes)"),
        (b"x" * 100_000, "(bytes in the journal)"),
        (pd.DataFrame({"a": [1]}), "(frame in the journal)"),
        (Artifact("n", "text/csv", b"a,b", text="a table"), "a table"),
    ],
)
def test_stored_values_are_named_without_loading_them(value: Any, shown: Any) -> None:
    """The journal's tags are understood, and no blob is read."""
    assert result_of(value, load=False) == shown


def test_stored_tables_are_shown_where_the_journal_can_be_asked() -> None:
    """With `Journal.load` a table is a table again."""
    assert result_of(pd.DataFrame({"a": [1, 2]}), load=True)["$grid"]["rows"] == [[0, 1], [1, 2]]
    assert result_of(["x" * 80_000], load=True)[0].endswith("more characters)")


def test_a_value_whose_blob_is_gone_is_named() -> None:
    """A view never fails for a value that cannot be read."""

    def load(_: Any) -> Any:
        raise KeyError("blob")

    event = Event.of(
        "r", 1, 1.0, "step.finished", step_id="s", data={"kind": "tool", "result": {"$table": "frame", "blob": "0"}}
    )

    assert wire(event, load)["data"]["result"] == "(frame in the journal)"


def result_of(value: Any, *, load: bool) -> Any:
    """Send a value through a real journal, and return what a view shows of it."""
    journal = open_journal("memory:")
    try:
        with journal.start(kind="agent", name="a", request={}) as run:
            run.step_sync("look", lambda: value, kind="tool")
            run.finish()
            return summarise(journal.events(run.id), journal.load if load else None).steps[0].result
    finally:
        journal.close()


def test_prompts_and_unknown_events_stay_out_of_views() -> None:
    """What no view shows is not sent to a browser and not saved in a notebook."""
    prompt = {"kind": "model", "name": "m", "inputs": {"prompt": "private"}}
    events = [
        Event.of("r", 1, 1.0, "run.started", data={"kind": "agent", "name": "a", "request": {"prompt": "private"}}),
        Event.of("r", 2, 1.0, "step.started", step_id="m", data=prompt),
        Event.of("r", 3, 1.0, "model.tools", step_id="m", data={"tools": ["private"]}),
    ]

    assert "private" not in json.dumps([wire(event) for event in events])
