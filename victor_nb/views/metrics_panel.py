"""The charts of a journal as plain values with their words, as the browser, the picture and the terminal need them.

1. Every number that is read by a person is written here, once; whoever draws only places texts and points.
2. What a chart shows it also says: a sentence, and a total, a highest and a last value for each series.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final, Literal, TypedDict

from victor_nb.insight.charts import Chart, Dashboard, Series
from victor_nb.views.byte_size import byte_size
from victor_nb.views.wording import cost, count, duration, plural

_TONES: Final = {
    "throughput": ("busy", "good"),
    "latency": ("good", "ask", "bad"),
    "errors": ("bad", "agent", "tool", "function"),
    "tokens": ("busy", "agent"),
    "cost": ("good",),
    "tools": ("tool", "agent", "ask", "busy", "function"),
    "cache": ("good", "function"),
    "active": ("busy",),
    "queue": ("ask",),
    "journal": ("agent",),
}
"""The tone of each series; the names are those of `workflows/drawing/looks.py`."""


class PanelSeries(TypedDict):
    """One series; a value that there is none of is None."""

    name: str
    tone: str
    values: list[float | None]
    total: str
    highest: str
    last: str


class PanelChart(TypedDict):
    """One chart. Bars of several series stand upon each other; `peak` is what the highest point stands for."""

    key: str
    title: str
    form: Literal["bars", "line"]
    said: str
    peak: float
    peak_text: str
    series: list[PanelSeries]


class Panel(TypedDict):
    """All charts, over one span of time."""

    head: str
    span: str
    begin: str
    end: str
    charts: list[PanelChart]


def panel(found: Dashboard) -> Panel:
    """Put a dashboard into words and numbers."""
    end = found.begin + found.buckets * found.bucket_s
    facts = (plural(found.runs, "run"), plural(found.events, "event"), byte_size(found.size_bytes))
    each = f"each bar is {_length(found.bucket_s)}"
    return {
        "head": " · ".join(facts),
        "span": f"{_moment(found.begin)} to {_moment(end)}, {each}",
        "begin": _clock(found.begin, found.bucket_s),
        "end": _clock(end, found.bucket_s),
        "charts": [_chart(chart, found) for chart in found.charts],
    }


def _chart(chart: Chart, found: Dashboard) -> PanelChart:
    tones = _TONES[chart.key]
    series = [_series(one, tones[place % len(tones)], chart) for place, one in enumerate(chart.series)]
    peak = max(_heights(chart), default=0.0)
    return {
        "key": chart.key,
        "title": chart.title,
        "form": "line" if chart.is_level else "bars",
        "said": _said(chart, series, peak, found),
        "peak": peak,
        "peak_text": _written(peak, chart.unit),
        "series": series,
    }


def _heights(chart: Chart) -> list[float]:
    """How high each bucket reaches: lines lie over each other, bars stand upon each other."""
    columns = zip(*(one.values for one in chart.series), strict=True)
    whole = [[value for value in column if not math.isnan(value)] for column in columns]
    return [max(column) if chart.is_level else sum(column) for column in whole if column]


def _series(one: Series, tone: str, chart: Chart) -> PanelSeries:
    known = [value for value in one.values if not math.isnan(value)]
    return {
        "name": one.name,
        "tone": tone,
        "values": [None if math.isnan(value) else round(value, 6) for value in one.values],
        "total": "" if chart.is_level else _written(sum(known), chart.unit),
        "highest": _written(max(known, default=0.0), chart.unit) if known else "none",
        "last": _written(known[-1], chart.unit) if known else "none",
    }


def _said(chart: Chart, series: list[PanelSeries], peak: float, found: Dashboard) -> str:
    """One sentence for who does not see the chart, and for the line below it."""
    if chart.key == "journal":
        return f"{series[0]['last']} events, {byte_size(found.size_bytes)}"
    if chart.key == "latency":
        return "highest " + ", ".join(f"{one['name']} {one['highest']}" for one in series)
    if chart.is_level:
        return f"{chart.now} now, at most {_written(peak, chart.unit)}"
    if not peak:
        return "none"
    told = [f"{one['total']} {one['name']}" for one in series if any(one["values"])]
    return f"{', '.join(told)}; at most {_written(peak, chart.unit)} in {_length(found.bucket_s)}"


def _written(value: float, unit: str) -> str:
    if unit == "s":
        return duration(value)
    if unit == "USD":
        return cost(value) if value > 0 else "$0"
    return count(round(value))


def _length(seconds: float) -> str:
    for name, unit in (("day", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= unit and seconds % unit == 0:
            number = int(seconds // unit)
            return plural(number, name) if name == "day" else f"{number} {name}"
    return f"{seconds:g} s"


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time).strftime("%Y-%m-%d %H:%M:%S")


def _clock(time: float, bucket_s: float) -> str:
    """A point of the time axis, as exact as its buckets."""
    form = "%H:%M:%S" if bucket_s < 60 else "%d %b %H:%M" if bucket_s < 86_400 else "%Y-%m-%d"
    return datetime.fromtimestamp(time).strftime(form)
