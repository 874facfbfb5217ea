"""The report of a pipeline's run as one HTML file: graph, times, parameters, values, figures, executed notebooks.

1. One file that needs nothing: no script, nothing to load; the notebooks that it links to lie beside it.
2. Everything comes from the journal; figures, and the parameters that a notebook got, from the executed notebooks,
   as far as they are still there.
3. The size is bounded: long values are cut, and of very many figures the first are shown. What is left out is said.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from victor_nb.journal import Journal
from victor_nb.pipelines.record import TYPES, result_of
from victor_nb.pipelines.results import NodeResult, PipelineResult, joined
from victor_nb.views import html
from victor_nb.views.executed import Figure, figures_in, parameters_in, read_executed
from victor_nb.views.html import Html, tag
from victor_nb.views.page_style import STYLE
from victor_nb.views.pipeline_fold import pipeline_folded
from victor_nb.views.pipeline_report import PipelineReport, failure
from victor_nb.views.pipeline_state import MemberState, PipelineState, member_words
from victor_nb.views.values import shrink
from victor_nb.views.wording import count, duration, plural, pretty

MOST_FIGURES: Final = 40
MOST_FIGURE_CHARACTERS: Final = 12_000_000
_VALUE: Final = 8_000
_CELLS: Final = ("cell.started", "cell.finished", "cell.failed", "cell.killed")


@dataclass(slots=True)
class Cell:
    """A cell that was executed."""

    position: int
    code: str
    seconds: float | None = None
    status: str = "unfinished"


@dataclass(slots=True)
class Told:
    """All that a page tells.

    Attributes:
        result: of the run, with live values.
        cells: of each member, in their order.
        folder: that links are relative to.
    """

    known: PipelineState
    result: PipelineResult
    cells: dict[str, list[Cell]]
    folder: Path
    notebooks: dict[str, dict[str, Any]] = field(default_factory=dict)


def told_of(journal: Journal, run_id: str, folder: Path) -> Told:
    """Gather what the page of a run tells.

    Raises:
        RunNotFound: there is no such run.
    """
    info = journal.find(run_id)
    events = journal.history(info.run_id, types=TYPES)
    known = pipeline_folded(events, journal.load)
    result = result_of(journal, info.run_id)
    cells = _cells((event.step_id, event.type, event.data) for event in journal.history(info.run_id, types=_CELLS))
    notebooks = {one.id: read for one in result.nodes if (read := read_executed(one.notebook))}
    return Told(known, result, cells, folder, notebooks)


def pipeline_page(told: Told) -> str:
    """Return the page: a whole HTML document."""
    known, report = told.known, PipelineReport(told.known)
    parts = [
        tag("h1", known.name or "pipeline"),
        tag("p", report.head(), class_=f"head {known.state}"),
        tag("p", report.foot(), class_="foot"),
        _failures(known),
        _section("Graph", tag("div", Html(report.to_svg()), class_="wide")),
        _section("Times", _timeline(known)),
        _section("Parameters", _pairs(known.parameters)),
        _section("Nodes", _nodes(told)),
        _section("Values", html.join(_values(told))),
        _section("Figures", html.join(_figures(told))),
    ]
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("title", f"{known.name}: {known.state}"),
        tag("style", Html(STYLE)),
    ]
    body = tag("body", tag("main", parts))
    return f"<!doctype html>\n{tag('html', tag('head', head), body, lang='en')}\n"


# --- parts -----------------------------------------------------------------------------------------------------------


def _section(title: str, content: Html | str) -> Html:
    return tag("section", tag("h2", title), content) if content else Html("")


def _failures(known: PipelineState) -> Html:
    failed = [one for one in known.all_members if one.state in ("failed", "killed")]
    said = [tag("div", html.pre(failure(one)), class_="failure") for one in failed]
    error = known.error or {}
    if not failed and error.get("what"):
        said.append(tag("div", html.pre(str(error["what"])), class_="failure"))
    return _section("What went wrong", html.join(said))


def _timeline(known: PipelineState) -> Html:
    """A stroke for each member, where in the run it was."""
    ran = [one for one in known.all_members if one.began and one.ms]
    if not ran:
        return Html("")
    first = min(one.began for one in ran)
    whole = max(one.began - first + one.ms / 1000 for one in ran) or 1.0
    rows = [_stroke(one, first, whole) for one in ran]
    return tag("div", rows, class_="times")


def _stroke(member: MemberState, first: float, whole: float) -> Html:
    start, length = 100 * (member.began - first) / whole, 100 * member.ms / 1000 / whole
    start = min(start, 99.5)
    bar = tag("i", "", style=f"left:{start:.2f}%;width:{max(0.5, min(length, 100 - start)):.2f}%", class_=member.state)
    words = tag("span", duration(member.ms / 1000), class_="number")
    return tag("div", tag("code", member.path), tag("div", bar, class_="lane"), words, class_="time")


def _pairs(values: Mapping[str, Any]) -> Html:
    rows = [tag("tr", tag("th", str(name)), tag("td", _value(_cut(value)))) for name, value in values.items()]
    return tag("table", tag("tbody", rows)) if rows else Html("")


def _nodes(told: Told) -> Html:
    head = tag("tr", [tag("th", name) for name in ("", "node", "time", "why", "notebook")])
    rows = [_node(told, one) for one in told.known.all_members]
    return tag("table", tag("thead", head), tag("tbody", rows), class_="nodes")


def _node(told: Told, member: MemberState) -> Html:
    cells = told.cells.get(member.path, [])
    inside = [*_given(told, member), *_cell_table(cells)]
    name = tag("code", member.path)
    shown = tag("details", tag("summary", name), inside) if inside else name
    path = member.notebook.output if member.notebook else ""
    return tag(
        "tr",
        tag("td", _dot(member.state)),
        tag("td", shown),
        tag("td", member_words(member) if member.state != "done" else duration(member.ms / 1000), class_="number"),
        tag("td", [member.why, *_slow(member)]),
        tag("td", _link(told, path) if path else ""),
    )


def _slow(member: MemberState) -> list[Html]:
    return [tag("div", words, class_="slow") for words in (member.notebook.slow if member.notebook else [])]


def _given(told: Told, member: MemberState) -> list[Html]:
    """The parameters that a notebook got."""
    given = {**member.matrix, **parameters_in(told.notebooks.get(member.path, {}))}
    return [tag("h3", "parameters"), _pairs(given)] if given else []


def _cell_table(cells: list[Cell]) -> list[Html]:
    if not cells:
        return []
    longest = max((cell.seconds or 0.0 for cell in cells), default=0.0) or 1.0
    rows = [
        tag(
            "tr",
            tag("td", str(cell.position), class_="number"),
            tag("td", tag("code", cell.code)),
            tag("td", duration(cell.seconds) if cell.seconds is not None else cell.status, class_="number"),
            tag(
                "td", tag("div", tag("i", "", style=f"width:{100 * (cell.seconds or 0) / longest:.1f}%"), class_="lane")
            ),
            class_=cell.status,
        )
        for cell in cells
    ]
    return [tag("h3", plural(len(cells), "cell")), tag("table", tag("tbody", rows), class_="cells")]


def _values(told: Told) -> Iterator[Html]:
    by_node: dict[str, list[NodeResult]] = {}
    for one in told.result.nodes:
        if one.is_done and one.value not in (None, {}):
            by_node.setdefault(one.node, []).append(one)
    for node, members in by_node.items():
        rows = [joined(one.matrix, one.value) for one in members]
        if len(members) > 1 and all(_is_short(part) for row in rows for part in row.values()):
            yield tag("h3", tag("code", node))
            yield _beside(rows)
            continue
        for one in members:
            yield tag("h3", tag("code", one.id))
            yield _pairs(one.value) if isinstance(one.value, Mapping) else _value(_cut(one.value))


def _beside(rows: Sequence[Mapping[str, Any]]) -> Html:
    """What the members of a matrix handed on, a line each, to be compared."""
    names = dict.fromkeys(name for row in rows for name in row)
    body = [tag("tr", [tag("td", _value(_cut(row.get(name, "")))) for name in names]) for row in rows]
    return tag("table", tag("thead", tag("tr", [tag("th", name) for name in names])), tag("tbody", body))


def _is_short(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) < 60)


def _cut(value: object) -> Any:
    return shrink(value, text_length=_VALUE)


def _figures(told: Told) -> Iterator[Html]:
    shown, characters, left = 0, 0, 0
    for member, notebook in told.notebooks.items():
        for figure in figures_in(notebook):
            if shown >= MOST_FIGURES or characters + len(figure.data) > MOST_FIGURE_CHARACTERS:
                left += 1
                continue
            shown, characters = shown + 1, characters + len(figure.data)
            yield _figure(member, figure)
    if left:
        yield tag("p", f"{plural(left, 'figure')} more: see the executed notebooks", class_="faint")


def _figure(member: str, figure: Figure) -> Html:
    source = f"data:{figure.media_type};base64,{figure.data}"
    caption = tag("figcaption", tag("code", member), f" cell {figure.position}")
    return tag("figure", tag("img", src=source, alt=figure.text, loading="lazy"), caption)


def _value(value: Any) -> Html:
    if isinstance(value, dict) and "$grid" in value:
        return html.grid(value["$grid"])
    if isinstance(value, dict) and "$image" in value:
        return html.picture(value["$image"])
    if isinstance(value, bool | int | float) and not isinstance(value, bool):
        return html.join([count(value) if isinstance(value, int) else f"{value:.6g}"])
    written = pretty(value)
    return html.pre(written) if "\n" in written else html.join([written])


def _dot(state: str) -> Html:
    return tag("i", "", class_=f"dot {state}", title=state)


def _link(told: Told, path: str) -> Html:
    """A link relative to the page, so that both can be moved together."""
    beside = os.path.relpath(path, told.folder).replace(os.sep, "/")
    if not Path(path).exists():
        return tag("span", Path(path).name, class_="faint", title="it is not there any more")
    return tag("a", Path(path).name, href=quote(beside))


def _cells(events: Iterable[tuple[str, str, Mapping[str, Any]]]) -> dict[str, list[Cell]]:
    found: dict[str, dict[int, Cell]] = {}
    for member, type_, data in events:
        cells = found.setdefault(member, {})
        position = int(data.get("position") or 0)
        if type_ == "cell.started":
            if position == 1:
                cells.clear()  # it was tried again
            cells[position] = Cell(position, str(data.get("code") or ""))
        elif position in cells:
            cells[position].status = type_.removeprefix("cell.")
            cells[position].seconds = data.get("seconds")
    return {member: [cells[at] for at in sorted(cells)] for member, cells in found.items()}
