"""Views of the other verbs: a table, a record of named values, a text.

1. They hold plain values; a terminal gets them laid out by rich, which is imported only then.
2. Cells are text in every face: nothing in them is markup.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from victor_nb.views import html
from victor_nb.views.html import tag
from victor_nb.views.markdown import escaped, tamed
from victor_nb.views.view import TERMINAL_WIDTH, Shown
from victor_nb.views.wording import one_line, pretty

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class TableView(Shown):
    """Rows under named columns.

    Attributes:
        rows: one sequence a row, as long as `columns`; JSON values.
        title: shown above; may be empty.
        empty: what is said when there are no rows; lines stay lines, here and below.
        foot: what is said below, for example the next command to try.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    title: str = ""
    empty: str = "Nothing to show."
    foot: str = ""

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """Columns aligned, numbers to the right."""
        return "\n".join(part for part in (self.title, self._text_body(width), self.foot) if part)

    def to_markdown(self) -> str:
        """A pipe table."""
        title, foot = (escaped(self.title) if self.title else "", _broken(self.foot))
        lines = [self.columns, [self._rule(place) for place in range(len(self.columns))]]
        head = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        body = "\n".join("| " + " | ".join(escaped(_cell(cell)) for cell in row) + " |" for row in self.rows)
        table = f"{head}\n{body}" if self.rows else _broken(self.empty)
        return "\n\n".join(part for part in (f"**{title}**" if title else "", table, foot) if part)

    def to_html(self) -> str:
        """A table with inline styles."""
        parts = [tag("div", self.title, style="font-weight:600;margin-bottom:4px")] if self.title else []
        parts.append(self._html_body() if self.rows else tag("p", self.empty, style="opacity:.75;white-space:pre-line"))
        if self.foot:
            parts.append(tag("div", self.foot, style="opacity:.7;font-size:12px;margin-top:6px;white-space:pre-line"))
        return tag("div", parts)

    def to_json(self) -> object:
        """One object a row, keyed by column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def _text_body(self, width: int) -> str:
        if not self.rows:
            return self.empty
        from rich.table import Table

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
        for place, column in enumerate(self.columns):
            table.add_column(column, justify="right" if self._is_number(place) else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*(_cell(cell) for cell in row))
        return laid_out(table, width)

    def _html_body(self) -> html.Html:
        styles = [
            f"padding:3px 14px 3px 0;border-bottom:1px solid {html.LINE};{html.NUMBERS};"
            f"text-align:{'right' if self._is_number(place) else 'left'}"
            for place in range(len(self.columns))
        ]
        head = [tag("th", column, style=style) for column, style in zip(self.columns, styles, strict=True)]
        body = [
            tag("tr", [tag("td", _cell(cell), style=style) for cell, style in zip(row, styles, strict=True)])
            for row in self.rows
        ]
        style = "border-collapse:collapse;font-size:13px"
        return tag("table", tag("thead", tag("tr", head)), tag("tbody", body), style=style)

    def _is_number(self, place: int) -> bool:
        cells = [row[place] for row in self.rows if row[place] is not None]
        return bool(cells) and all(isinstance(cell, int | float) and cell is not True for cell in cells)

    def _rule(self, place: int) -> str:
        return "---:" if self._is_number(place) else "---"


@dataclass(frozen=True)
class RecordView(Shown):
    """Named values of one thing, one line each."""

    fields: Mapping[str, object]
    title: str = ""

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """Names in a column, values beside them; long values wrap."""
        from rich.table import Table

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False, show_edge=False)
        for name, value in self.fields.items():
            table.add_row(name, _value(value))
        return "\n".join(part for part in (self.title, laid_out(table, width)) if part)

    def to_markdown(self) -> str:
        """A list of names and values."""
        lines = [f"- **{escaped(name)}**: {escaped(_cell(value))}" for name, value in self.fields.items()]
        return "\n".join([f"**{escaped(self.title)}**\n"] * bool(self.title) + lines)

    def to_html(self) -> str:
        """A two-column table."""
        style = f"padding:3px 14px 3px 0;border-bottom:1px solid {html.LINE};text-align:left;vertical-align:top"
        rows = [
            tag("tr", tag("th", name, style=style), tag("td", _html_value(value), style=style))
            for name, value in self.fields.items()
        ]
        title = [tag("div", self.title, style="font-weight:600;margin-bottom:4px")] if self.title else []
        table = tag("table", tag("tbody", rows), style="border-collapse:collapse;font-size:13px")
        return tag("div", [*title, table])

    def to_json(self) -> object:
        """The fields."""
        return dict(self.fields)


@dataclass(frozen=True)
class TextView(Shown):
    """A text; `data` is what `--json` gives instead of it.

    Attributes:
        markdown: whether the text is Markdown, which HTML then shows as such.
    """

    text: str
    data: object = None
    markdown: bool = field(default=False, kw_only=True)

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """The text, as it is."""
        return self.text.rstrip("\n")

    def to_markdown(self) -> str:
        """The text, escaped unless it is Markdown; even then it can load nothing."""
        return tamed(self.text) if self.markdown else "\n".join(escaped(line) for line in self.text.split("\n"))

    def to_html(self) -> str:
        """The text as paragraphs if it is Markdown, else preformatted."""
        return html.prose(self.text) if self.markdown else html.pre(self.text.rstrip("\n"))

    def to_json(self) -> object:
        """`data`, or the text where there is none."""
        return {"text": self.text} if self.data is None else self.data


def laid_out(renderable: RenderableType, width: int) -> str:
    """Let rich lay something out as plain text, `width` columns wide."""
    from rich.console import Console

    sink = io.StringIO()
    # In a kernel rich would display the text itself instead of writing it to the sink.
    console = Console(file=sink, width=width, color_system=None, legacy_windows=False, force_jupyter=False)
    console.print(renderable, markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in sink.getvalue().rstrip("\n").split("\n"))


def _broken(text: str) -> str:
    """Write a text as Markdown whose lines stay lines."""
    return "  \n".join(escaped(line) for line in text.splitlines())


def _cell(value: object) -> str:
    return one_line(_value(value))


def _value(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else pretty(value)


def _html_value(value: object) -> str:
    return html.pre(_value(value)) if isinstance(value, Mapping | list) else _value(value)
