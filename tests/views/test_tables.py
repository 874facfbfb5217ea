"""Tables, records and texts: the views of the other verbs."""

from __future__ import annotations

import pytest

from victor_nb.views import RecordView, TableView, TextView, View

TABLE = TableView(("run", "steps", "note"), [("01A", 12, "ok"), ("01B", 3, "<b>|x|</b>")], title="Runs", foot="2 runs")


def test_a_table_lines_up_in_a_terminal() -> None:
    """Text to the left, numbers to the right, title above and foot below."""
    assert TABLE.to_text(60).splitlines() == [
        "Runs",
        "run  steps  note",
        "01A     12  ok",
        "01B      3  <b>|x|</b>",
        "2 runs",
    ]


def test_a_table_in_markdown_keeps_its_columns() -> None:
    """A bar inside a cell does not open a new one, and markup is text."""
    assert TABLE.to_markdown().splitlines()[2:6] == [
        "| run | steps | note |",
        "| --- | ---: | --- |",
        "| 01A | 12 | ok |",
        "| 01B | 3 | \\<b\\>\\|x\\|\\</b\\> |",
    ]


def test_a_table_in_html_is_escaped() -> None:
    """Cells are text."""
    assert "&lt;b&gt;|x|&lt;/b&gt;" in TABLE.to_html()
    assert "<b>" not in TABLE.to_html()


def test_a_table_in_json_is_a_list_of_objects() -> None:
    """Values keep their types."""
    assert TABLE.to_json() == [
        {"run": "01A", "steps": 12, "note": "ok"},
        {"run": "01B", "steps": 3, "note": "<b>|x|</b>"},
    ]


def test_lines_of_what_is_said_below_or_instead_stay_lines() -> None:
    """Two lines under a table, or in the place of one, do not run together in a notebook either."""
    for table in (TableView(("a",), [(1,)], foot="one\ntwo"), TableView(("a",), [], empty="one\ntwo")):
        assert "one\ntwo" in table.to_text()
        assert table.to_markdown().endswith("one  \ntwo")
        assert 'white-space:pre-line">one\ntwo<' in table.to_html()


def test_an_empty_table_says_so() -> None:
    """Nothing is shown as a sentence, not as a bare head."""
    empty = TableView(("a",), [], empty="No runs yet.")

    assert empty.to_text() == "No runs yet."
    assert "No runs yet." in empty.to_html()
    assert empty.to_markdown() == "No runs yet."
    assert empty.to_json() == []


def test_rich_markup_in_cells_stays_text() -> None:
    """What looks like the terminal library's own markup is shown as it is."""
    assert "[red]x[/red]" in TableView(("a",), [("[red]x[/red]",)]).to_text()
    assert "[red]x[/red]" in RecordView({"a": "[bold]", "b": "[red]x[/red]"}).to_text()


def test_a_record_shows_names_and_values() -> None:
    """One line each; yes, no, nothing and nested values are readable."""
    record = RecordView({"model": "offline", "ready": True, "key": None, "more": {"a": 1}}, title="Settings")

    assert record.to_text(60).splitlines()[:4] == ["Settings", "model  offline", "ready  yes", "key"]
    assert "- **ready**: yes" in record.to_markdown()
    assert "<pre" in record.to_html()
    assert record.to_json() == {"model": "offline", "ready": True, "key": None, "more": {"a": 1}}


def test_a_text_shows_itself() -> None:
    """Plain text is preformatted and escaped; `data` is what JSON gives."""
    view = TextView("a <b>\n*c*\n", data={"x": 1})

    assert view.to_text() == "a <b>\n*c*"
    assert "&lt;b&gt;" in view.to_html()
    assert view.to_markdown() == "a \\<b\\>\n\\*c\\*\n"
    assert view.to_json() == {"x": 1}
    assert TextView("a").to_json() == {"text": "a"}


def test_a_markdown_text_is_shown_as_such() -> None:
    """Headings are headings, and HTML in it is text all the same."""
    view = TextView("# Title\n<b>", markdown=True)

    assert "<h3" in view.to_html()
    assert "<b>" not in view.to_html()
    assert view.to_markdown() == "### Title\n\n\\<b\\>"


@pytest.mark.parametrize("view", [TABLE, RecordView({"a": 1}), TextView("a")])
def test_every_view_has_the_faces_of_a_view(view: View) -> None:
    """The protocol holds, and `print` shows the text face."""
    assert isinstance(view, View)
    assert str(view) == view.to_text()
    assert set(view._repr_mimebundle_()) == {"text/plain", "text/markdown", "text/html"}  # type: ignore[attr-defined]
