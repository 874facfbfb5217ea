"""The charts of a journal as they stay: sparklines in a terminal, a picture with a table beside it everywhere else."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from victor_nb.views import html
from victor_nb.views.html import Html, tag
from victor_nb.views.markdown import escaped
from victor_nb.views.metrics_panel import Panel, PanelChart
from victor_nb.views.metrics_svg import picture
from victor_nb.views.tables import TableView
from victor_nb.views.view import TERMINAL_WIDTH, Shown, bundle, chosen

_LEVELS: Final = "▁▂▃▄▅▆▇█"
_TITLE: Final = 34
_COLUMNS: Final = ("chart", "series", "total", "highest", "last")


@dataclass(frozen=True)
class MetricsTable(TableView):
    """A table of metrics; `records` has every column as plain numbers."""

    records: Sequence[Mapping[str, object]] = ()

    def to_json(self) -> object:
        """The numbers of every column, one object a row."""
        return [dict(record) for record in self.records]


@dataclass(frozen=True)
class MetricsReport(Shown):
    """The static view of a journal's charts.

    Attributes:
        measured: the metrics of everything, by column.
    """

    panel: Panel
    measured: Mapping[str, object] = field(default_factory=dict)

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """A sparkline a chart, with what it says."""
        room = max(10, min(60, width - _TITLE - 34))
        lines = [f"{chart['title']:<{_TITLE}}{spark(chart, room)}  {chart['said']}" for chart in self.panel["charts"]]
        return "\n".join([self.panel["head"], self.panel["span"], "", *lines])

    def to_markdown(self) -> str:
        """A table of all series."""
        lines = [f"| {' | '.join(escaped(cell) for cell in row)} |" for row in self._rows()]
        head = [f"| {' | '.join(_COLUMNS)} |", "| --- | --- | ---: | ---: | ---: |"]
        return "\n".join([f"**{escaped(self.panel['head'])}**", "", escaped(self.panel["span"]), "", *head, *lines])

    def to_html(self) -> str:
        """The picture, and the numbers of it folded as a table."""
        style = f"padding:2px 12px 2px 0;border-bottom:1px solid {html.LINE};text-align:left;{html.NUMBERS}"
        head = tag("tr", [tag("th", column, style=style) for column in _COLUMNS])
        body = [tag("tr", [tag("td", cell, style=style) for cell in row]) for row in self._rows()]
        table = tag("table", tag("thead", head), tag("tbody", body), style="border-collapse:collapse;font-size:12px")
        numbers = tag("details", tag("summary", "the numbers"), table, style="margin-top:6px;font-size:12px")
        return tag("div", tag("div", Html(self.to_svg()), style="overflow-x:auto"), numbers)

    def to_svg(self) -> str:
        """The picture."""
        return picture(self.panel)

    def to_json(self) -> object:
        """The metrics of everything, and the charts with their values."""
        return {"metrics": dict(self.measured), **self.panel}

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        return chosen(bundle(self) | {"image/svg+xml": self.to_svg()}, include, exclude)

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (chart["title"], one["name"], one["total"], one["highest"], one["last"])
            for chart in self.panel["charts"]
            for one in chart["series"]
        ]


def spark(chart: PanelChart, room: int) -> str:
    """Draw a chart in one line of at most `room` signs: bars as they stand, of lines the highest."""
    columns = zip(*(one["values"] for one in chart["series"]), strict=True)
    add = max if chart["form"] == "line" else sum
    heights = [add([value or 0.0 for value in column]) for column in columns]
    step = -(-len(heights) // room)
    merged = [max(heights[place : place + step]) for place in range(0, len(heights), step)]
    peak = max(merged, default=0.0)
    signs = [" " if not height else _LEVELS[min(7, int(height / peak * 8))] for height in merged]
    return "".join(signs).ljust(room)
