"""Plots of one or two columns, as an artifact with SVG, PNG and a sentence.

1. matplotlib's object API with the Agg canvas: no pyplot, no current figure, no backend and no setting changed,
   so a plot made in a worker thread disturbs nothing that the user is drawing.
2. The kind follows the types of the columns; a kind that does not fit them is an error that says which do.
3. Every plot has a title, axis labels, and a description that a screen reader finds in the SVG.
4. A plot of any number of rows has at most MOST_POINTS marks and MOST_GROUPS groups, and says so.
5. The same columns give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final, Literal

from victor_nb.tools.builtin.answers import hashable
from victor_nb.tools.builtin.tables import is_number
from victor_nb.tools.errors import ToolArgumentError
from victor_nb.tools.values import Artifact

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["auto", "histogram", "bar", "line", "scatter", "box"]
Sort = Literal["number", "time", "group"]

MOST_POINTS: Final = 5000
MOST_GROUPS: Final = 20
LABEL_CHARS: Final = 30
SIZE_INCHES: Final = (7.0, 4.3)
PNG_DPI: Final = 110

_NAMES: Final = {
    "histogram": "Histogram",
    "bar": "Bar chart",
    "line": "Line chart",
    "scatter": "Scatter plot",
    "box": "Box plot",
}
_RANDOM_ID: Final = re.compile(r'(?<=id=")([a-zA-Z]+)([0-9a-f]{10})(?=")')


def plot(variable: str, x: pd.Series, y: pd.Series | None, kind: Kind) -> Artifact:
    """Plot a column, or two, of the table `variable`.

    Raises:
        ToolArgumentError: the columns hold nothing to plot, or the kind does not fit them.
    """
    picture = _Picture.of(variable, x, y, kind)
    figure = _figure(picture)
    sentence = picture.sentence()
    return Artifact(
        name=picture.title(),
        media_type="image/svg+xml",
        data=_svg(figure, picture.title(), sentence),
        text=sentence,
        alternatives={"image/png": _png(figure, sentence)},
    )


@dataclass(frozen=True)
class _Picture:
    """What is drawn: the columns without missing values, thinned out if they are long."""

    variable: str
    kind: Kind
    x: Any
    y: Any
    rows: int
    missing: int
    thinned: bool

    @classmethod
    def of(cls, variable: str, x: pd.Series, y: pd.Series | None, kind: Kind) -> _Picture:
        if y is not None and (sort_of(x), sort_of(y)) == ("number", "group"):
            x, y = y, x  # groups go below, whichever was named first
        known = x.notna() if y is None else x.notna() & y.notna()
        shown_x, shown_y = x[known.to_numpy()], None if y is None else y[known.to_numpy()]
        if not len(shown_x):
            raise ToolArgumentError.at("x", "there is nothing to plot: every row misses a value")
        chosen = _kind_for(shown_x, shown_y, kind)
        step = max(1, -(-len(shown_x) // MOST_POINTS)) if chosen in ("scatter", "line") else 1
        return cls(
            variable,
            chosen,
            shown_x.iloc[::step],
            None if shown_y is None else shown_y.iloc[::step],
            rows=len(shown_x),
            missing=len(x) - len(shown_x),
            thinned=step > 1,
        )

    def title(self) -> str:
        x = str(self.x.name)
        return f"Distribution of {x}" if self.y is None else f"{self.y.name} by {x}"

    def sentence(self) -> str:
        notes = [f"{self.rows:,} rows of {self.variable}"]
        if self.missing:
            notes.append(f"{self.missing:,} with a missing value left out")
        if self.thinned:
            notes.append(f"{len(self.x):,} evenly chosen rows drawn")
        return f"{_NAMES[self.kind]}. {self.title()}: {', '.join(notes)}."


def sort_of(column: pd.Series) -> Sort:
    """Return how a column is drawn: as numbers, as moments, or as groups."""
    import pandas as pd

    if is_number(column):
        return "number"
    return "time" if pd.api.types.is_datetime64_any_dtype(column.dtype) else "group"


def _kind_for(x: pd.Series, y: pd.Series | None, kind: Kind) -> Kind:
    sorts = (sort_of(x), None if y is None else sort_of(y))
    fitting = _FITTING[sorts]
    if kind == "auto":
        if fitting[0] == "box" and y is not None and _are_single(x, y):
            return "bar"
        return fitting[0]
    if kind not in fitting:
        raise ToolArgumentError.at(
            "kind",
            f"a {kind} plot does not fit {x.name!r} ({x.dtype})"
            + (f" and {y.name!r} ({y.dtype})" if y is not None else ""),
            hint=f"kinds that fit: {', '.join(fitting)}",
        )
    return kind


def _are_single(x: pd.Series, y: pd.Series) -> bool:
    """Answer whether each group has one value, so that a box would be a line."""
    groups = x if sort_of(x) == "group" else y
    return bool(hashable(groups).nunique() == len(groups))


_FITTING: Final[dict[tuple[Sort, Sort | None], tuple[Kind, ...]]] = {
    ("number", None): ("histogram", "box"),
    ("time", None): ("histogram",),
    ("group", None): ("bar",),
    ("number", "number"): ("scatter", "line"),
    ("time", "number"): ("line", "scatter"),
    ("number", "time"): ("scatter", "line"),
    ("time", "time"): ("scatter",),
    ("group", "number"): ("box", "bar"),
    ("group", "time"): ("scatter",),
    ("time", "group"): ("scatter",),
    ("group", "group"): ("bar",),
}


def _figure(picture: _Picture) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _DRAWERS[picture.kind](axes, picture)
    axes.set_title(_plain_text(picture.title(), 80))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_histogram(axes: Any, picture: _Picture) -> None:
    axes.hist(_numbers(picture.x), bins="auto" if picture.rows < 100_000 else 50, edgecolor="white")
    _label(axes, str(picture.x.name), "rows")


def _draw_scatter(axes: Any, picture: _Picture) -> None:
    faint = 0.8 if len(picture.x) < 500 else 0.3
    axes.scatter(_numbers(picture.x), _numbers(picture.y), s=18, alpha=faint, linewidths=0)
    _label(axes, str(picture.x.name), str(picture.y.name))


def _draw_line(axes: Any, picture: _Picture) -> None:
    order = picture.x.argsort(kind="stable").to_numpy()
    axes.plot(_numbers(picture.x.iloc[order]), _numbers(picture.y.iloc[order]))
    _label(axes, str(picture.x.name), str(picture.y.name))
    if sort_of(picture.x) == "time":
        axes.tick_params(axis="x", labelrotation=30)


def _draw_box(axes: Any, picture: _Picture) -> None:
    if picture.y is None:
        _boxes(axes, [_numbers(picture.x)])
        axes.set_xticks([])
        return _label(axes, "", str(picture.x.name))
    groups, values = _texts(picture.x), picture.y
    names = _most_frequent(groups)
    _boxes(axes, [_numbers(values[(groups == name).to_numpy()]) for name in names])
    _name_ticks(axes, names)
    return _label(axes, _with_limit(groups, names), str(values.name))


def _boxes(axes: Any, samples: list[Any]) -> None:
    """Draw boxes from their statistics: `Axes.boxplot` reads every setting, and with them picks a backend."""
    from matplotlib.cbook import boxplot_stats

    for place, found in enumerate(boxplot_stats(samples)):
        axes.vlines(place, found["whislo"], found["whishi"], color="0.35", linewidth=1, zorder=1)
        axes.bar(
            place,
            found["q3"] - found["q1"],
            bottom=found["q1"],
            width=0.5,
            color="C0",
            edgecolor="0.2",
            zorder=2,
        )
        axes.hlines(found["med"], place - 0.25, place + 0.25, color="0.1", linewidth=1.5, zorder=3)
        axes.scatter([place] * len(found["fliers"]), found["fliers"], s=14, facecolors="none", edgecolors="0.35")


def _draw_bar(axes: Any, picture: _Picture) -> None:
    if picture.y is None:
        return _draw_counts(axes, picture.x)
    if sort_of(picture.x) == sort_of(picture.y) == "group":
        return _draw_crossing(axes, picture.x, picture.y)
    groups, values = _texts(picture.x), picture.y
    names = _most_frequent(groups)
    means = [float(_numbers(values[(groups == name).to_numpy()]).mean()) for name in names]
    axes.bar(range(len(names)), means)
    _name_ticks(axes, names)
    return _label(axes, _with_limit(groups, names), f"mean of {values.name}")


def _draw_counts(axes: Any, x: pd.Series) -> None:
    groups = _texts(x)
    names = _most_frequent(groups)
    axes.bar(range(len(names)), [int((groups == name).sum()) for name in names])
    _name_ticks(axes, names)
    _label(axes, _with_limit(groups, names), "rows")


def _draw_crossing(axes: Any, x: pd.Series, y: pd.Series) -> None:
    """Stack, for each group of x, how many rows belong to each group of y."""
    left, right = _texts(x), _texts(y)
    names, parts = _most_frequent(left), _most_frequent(right)[:10]
    floor = [0] * len(names)
    for part in parts:
        heights = [int(((left == name) & (right == part)).sum()) for name in names]
        axes.bar(range(len(names)), heights, bottom=floor, label=_plain_text(part))
        floor = [low + high for low, high in zip(floor, heights, strict=True)]
    axes.legend(title=_plain_text(str(y.name)), frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    _name_ticks(axes, names)
    _label(axes, _with_limit(left, names), "rows")


_DRAWERS: Final[dict[str, Callable[[Any, _Picture], None]]] = {
    "histogram": _draw_histogram,
    "scatter": _draw_scatter,
    "line": _draw_line,
    "box": _draw_box,
    "bar": _draw_bar,
}


def _texts(column: pd.Series) -> pd.Series:
    """Return groups as texts, under the column's name."""
    texts = hashable(column).astype(object).map(str)
    texts.name = column.name
    return texts


def _most_frequent(groups: pd.Series) -> list[str]:
    """Return the groups to draw, in order of their names if all fit, else the most frequent first."""
    counts = groups.value_counts()
    if len(counts) <= MOST_GROUPS:
        return sorted(counts.index)
    return sorted(counts.index, key=lambda name: (-int(counts[name]), name))[:MOST_GROUPS]


def _with_limit(groups: pd.Series, names: list[str]) -> str:
    distinct = groups.nunique()
    return (
        f"{groups.name} (the {len(names)} most frequent of {distinct:,})" if distinct > len(names) else str(groups.name)
    )


def _numbers(column: pd.Series) -> Any:
    """Return what matplotlib draws: floats, datetime64 without zone, or texts for groups."""
    sort = sort_of(column)
    if sort == "number":
        return column.to_numpy(dtype="float64")
    if sort == "time":
        return (column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz is not None else column).to_numpy()
    return column.astype(object).map(lambda cell: _plain_text(str(cell))).to_numpy()


def _name_ticks(axes: Any, names: list[str]) -> None:
    many = len(names) > 6 or max(map(len, names)) > 12
    axes.set_xticks(
        range(len(names)),
        [_plain_text(name) for name in names],
        rotation=45 if many else 0,
        ha="right" if many else "center",
    )


def _label(axes: Any, x: str, y: str) -> None:
    axes.set_xlabel(_plain_text(x, 80))
    axes.set_ylabel(_plain_text(y, 80))


def _plain_text(text: str, chars: int = LABEL_CHARS) -> str:
    """Cut a label, and keep matplotlib from reading `$` in it as the start of a formula."""
    short = text if len(text) <= chars else text[: chars - 1] + "…"
    return "".join(c if c.isprintable() else " " for c in short).replace("$", r"\$")


def _svg(figure: Any, title: str, sentence: str) -> bytes:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    head, tag, rest = out.getvalue().partition("<svg ")
    attributes, close, body = rest.partition(">")
    named = f'{tag}role="img" aria-label="{escape(title)}" {attributes}{close}'
    described = f"\n <title>{escape(title)}</title>\n <desc>{escape(sentence)}</desc>{body}"
    return (head + named + _with_stable_ids(described)).encode()


def _with_stable_ids(svg: str) -> str:
    """Number the ids that matplotlib draws at random, in the order in which they appear."""
    names = {m[0]: f"{m[1]}-{i}" for i, m in enumerate(_RANDOM_ID.finditer(svg))}
    if not names:
        return svg
    return re.sub("|".join(map(re.escape, names)), lambda m: names[m[0]], svg)


def _png(figure: Any, sentence: str) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=PNG_DPI, metadata={"Software": None, "Description": sentence})
    return out.getvalue()
