"""A run as it stays in the notebook: text, Markdown, HTML and SVG, complete without a kernel.

1. Everything comes from one `RunSummary`; nothing is computed twice and nothing is asked of the journal.
2. The size is bounded: long answers are cut, and of very many steps the first and the last are shown. What is
   left out is counted in place, and the command that shows it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from victor_nb.journal.events import Event
from victor_nb.views import html
from victor_nb.views.html import Html, tag
from victor_nb.views.markdown import escaped, tamed
from victor_nb.views.rows import MARKS, detail, facts, state_words, title, took, traceback, trouble
from victor_nb.views.state import RunSummary, StepRow
from victor_nb.views.summary import summarise
from victor_nb.views.svg import timeline
from victor_nb.views.values import Image, cut_text
from victor_nb.views.view import TERMINAL_WIDTH, Shown, bundle, chosen
from victor_nb.views.wire import Load
from victor_nb.views.wording import arguments, clip, one_line, plural, pretty, tokens

FIRST_STEPS: Final = 40
LAST_STEPS: Final = 40
ANSWER_LENGTH: Final = 20_000
DETAILS_LENGTH: Final = 120_000
PICTURES_LENGTH: Final = 400_000
_MOST_PICTURES: Final = 6
_LEAST_DETAIL: Final = 300
_MOST_DETAIL: Final = 4_000


@dataclass(frozen=True)
class RunReport(Shown):
    """The static view of a run."""

    summary: RunSummary

    @classmethod
    def of(cls, events: Iterable[Event], load: Load | None = None) -> RunReport:
        """Report on a run from its events; with `load` (`Journal.load`) tables and pictures are shown too."""
        return cls(summarise(events, load))

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """Header, answer, then one line for each step."""
        summary = self.summary
        head = f"{_mark(summary.state)} {state_words(summary)}  " + " · ".join([summary.name, *facts(summary)])
        parts = [head, *trouble(summary), _answer(summary), "\n".join(_text_rows(summary, width))]
        return "\n\n".join(part.rstrip() for part in [*parts, _footer(summary)] if part.strip())

    def to_markdown(self) -> str:
        """Header, answer, then the steps as a table."""
        summary = self.summary
        head = f"**{_mark(summary.state)} {state_words(summary)}** · " + " · ".join(
            [escaped(summary.name), *facts(summary)]
        )
        parts = [head, *(f"> {escaped(line)}" for line in trouble(summary)), tamed(_answer(summary))]
        rows = ["| | step | what | time |", "|---|---|---|---:|", *map(_markdown_row, _shown(summary.steps))]
        table = "\n".join(rows) if summary.steps else ""
        return "\n\n".join(part for part in [*parts, table, f"`{summary.run_id}`"] if part)

    def to_html(self) -> str:
        """Header, answer, the pictures that tools made, then the steps folded."""
        summary, room = self.summary, _Room.on_page_of(self.summary)
        said = [_header(summary), *_failure(summary), html.prose(_answer(summary))]
        parts = [*said, *_pictures(summary, room), _steps(summary, room)]
        foot = tag("div", _footer(summary), style=f"{html.MONO};font-size:11px;opacity:.65;margin-top:6px")
        return tag("div", [*parts, foot], style="line-height:1.5;max-width:62em")

    def to_svg(self) -> str:
        """The timeline as a picture."""
        return timeline(self.summary)

    def to_json(self) -> object:
        """The summary."""
        return self.summary.to_json()

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        return chosen(bundle(self) | {"image/svg+xml": self.to_svg()}, include, exclude)


@dataclass(slots=True)
class _Room:
    """How much fits on a page.

    Attributes:
        text: characters that one part of a step may take.
        pictures: characters that are left for pictures.
        above: the steps whose pictures stand above the steps already.
    """

    text: int
    pictures: int = PICTURES_LENGTH
    above: set[str] = field(default_factory=set)

    @classmethod
    def on_page_of(cls, summary: RunSummary) -> _Room:
        shown = max(1, len(_shown(summary.steps)))
        return cls(max(_LEAST_DETAIL, min(_MOST_DETAIL, DETAILS_LENGTH // shown)))


def _mark(state: str) -> str:
    return MARKS.get(state, "●")


def _answer(summary: RunSummary) -> str:
    return cut_text(summary.text, ANSWER_LENGTH)


def _footer(summary: RunSummary) -> str:
    resume = f" · victor resume {summary.run_id}" if summary.state in {"failed", "stopped"} else ""
    return f"run {summary.run_id}{resume}"


def _shown(rows: list[StepRow]) -> list[StepRow | int]:
    """The steps to show; an int in between is how many are left out."""
    if len(rows) <= FIRST_STEPS + LAST_STEPS:
        return list(rows)
    return [*rows[:FIRST_STEPS], len(rows) - FIRST_STEPS - LAST_STEPS, *rows[-LAST_STEPS:]]


# --- text and Markdown ---------------------------------------------------------------------------------


def _text_rows(summary: RunSummary, width: int) -> list[str]:
    shown = _shown(summary.steps)
    names = [len(title(row)) + 2 * row.depth for row in shown if isinstance(row, StepRow)]
    column = min(28, max(names, default=0))
    return [_text_row(row, column, width) for row in shown]


def _text_row(row: StepRow | int, column: int, width: int) -> str:
    if isinstance(row, int):
        return f"  … {plural(row, 'step')} more"
    name = clip("  " * row.depth + title(row), column).ljust(column)
    time = took(row).rjust(10)
    room = max(10, width - column - len(time) - 7)
    return f"  {_mark(row.state)} {name}  {clip(detail(row), room).ljust(room)} {time}".rstrip()


def _markdown_row(row: StepRow | int) -> str:
    if isinstance(row, int):
        return f"| … | {plural(row, 'step')} more | | |"
    return f"| {_mark(row.state)} | {escaped(title(row))} | {escaped(detail(row))} | {took(row)} |"


# --- HTML ----------------------------------------------------------------------------------------------

_STATE_COLOURS: Final = {
    "finished": "#2e9e5b",
    "done": "#2e9e5b",
    "approved": "#2e9e5b",
    "failed": "#d1453b",
    "denied": "#d1453b",
    "stopped": "#b7791f",
    "waiting": "#b7791f",
    "unfinished": "#b7791f",
    "running": "#3b7dd8",
}


def _header(summary: RunSummary) -> Html:
    state = tag("strong", f"{_mark(summary.state)} {state_words(summary)}", style=f"color:{_colour(summary.state)}")
    measures = tag("span", " · ".join(["", *facts(summary)]), style=f"opacity:.75;{html.NUMBERS}")
    style = f"padding-bottom:6px;margin-bottom:8px;border-bottom:1px solid {html.LINE};font-size:13px"
    return tag("div", [state, "  ", tag("strong", summary.name, style="margin-left:6px"), measures], style=style)


def _colour(state: str) -> str:
    return _STATE_COLOURS.get(state, "inherit")


def _failure(summary: RunSummary) -> list[Html]:
    if not (lines := trouble(summary)):
        return []
    edge = f"border-left:3px solid {_colour(summary.state)};background:{html.TINT}"
    style = f"margin:6px 0 10px;padding:6px 10px;{edge}"
    trace = traceback(summary)
    more = [tag("details", tag("summary", "traceback"), html.pre(trace))] if trace else []
    return [tag("blockquote", [tag("div", line) for line in lines], more, style=style)]


def _pictures(summary: RunSummary, room: _Room) -> list[Html]:
    """The pictures that tools made, open to be seen: whoever asked for a plot should not have to unfold a step."""
    shown: list[Html] = []
    for row in summary.steps:
        image = row.result.get("$image") if isinstance(row.result, dict) else None
        if image and len(shown) < _MOST_PICTURES and len(image["data"]) <= room.pictures:
            shown.append(tag("div", _picture(image, room), style="margin:8px 0"))
            room.above.add(row.step_id)
    return shown


def _steps(summary: RunSummary, room: _Room) -> Html:
    if not summary.steps:
        return Html("")
    shown = _shown(summary.steps)
    whole = max([summary.seconds, *(row.at + (row.ms or 0) / 1000 for row in summary.steps)])
    rows = [_html_row(row, room, whole) for row in shown]
    body = tag("table", tag("tbody", rows), style="border-collapse:collapse;width:100%;font-size:12px")
    head = tag("summary", plural(len(summary.steps), "step"), style="cursor:pointer;font-size:13px")
    return tag("details", head, body, style="margin-top:8px")


_TD: Final = f"padding:3px 8px 3px 0;vertical-align:top;text-align:left;border:0;border-top:1px solid {html.LINE}"


def _html_row(row: StepRow | int, room: _Room, whole: float) -> Html:
    if isinstance(row, int):
        return tag("tr", tag("td", f"… {plural(row, 'step')} more: victor show RUN --events", colspan=4, style=_TD))
    mark = tag("span", _mark(row.state), title=row.state, style=f"color:{_colour(row.state)}")
    time = tag("td", took(row), style=f"{_TD};text-align:right;white-space:nowrap;{html.NUMBERS}")
    bar = tag("td", _bar(row, whole), style=f"{_TD};width:90px;padding-right:0")
    cell = tag("td", _unfolding(row, room), style=f"{_TD};padding-left:{16 * min(row.depth, 6)}px;width:100%")
    return tag("tr", tag("td", mark, style=f"{_TD};width:14px"), cell, time, bar)


def _unfolding(row: StepRow, room: _Room) -> Html:
    name = tag("strong", title(row), style=f"{html.MONO};font-weight:600")
    replayed = tag("em", " replayed", style="opacity:.65") if row.replayed else Html("")
    line = html.join([name, "  ", tag("span", detail(row), style="opacity:.8;overflow-wrap:anywhere"), replayed])
    inside = [part for write in _SECTIONS for part in write(row, room)]
    return tag("details", tag("summary", line, style="cursor:pointer"), inside) if inside else line


def _bar(row: StepRow, whole: float) -> Html:
    """Where in the run the step was: a stroke in a 90 px wide lane."""
    start = round(90 * row.at / whole) if whole else 0
    length = max(2, round(90 * (row.ms or 0) / 1000 / whole)) if whole else 2
    start = min(start, 88)
    style = f"margin:7px 0 0 {start}px;width:{min(length, 90 - start)}px;height:5px;border-radius:2px"
    stroke = tag("div", "", style=f"{style};background:{_colour(row.state)};opacity:.7")
    return tag("div", stroke, style="width:90px")


def _section(label: str, content: Html) -> Html:
    return tag("div", [tag("div", label, style="opacity:.65;font-size:11px;margin-top:4px"), content])


def _arguments(row: StepRow, room: _Room) -> list[Html]:
    return [_section("arguments", html.pre(cut_text(_lines(row.arguments), room.text)))] if row.arguments else []


def _result(row: StepRow, room: _Room) -> list[Html]:
    if row.step_id in room.above:
        return [_section("result", html.join(["the picture above"]))]
    return [] if row.result is None else [_section("result", _value(row.result, room))]


def _words(row: StepRow, room: _Room) -> list[Html]:
    said = [("thinking", row.thinking), ("text", row.text), ("output", row.output), ("note", row.note)]
    asked = "\n".join(f"{call['tool']}  {_asked(call['arguments'])}" for call in row.calls)
    calls = [_section("asks for", html.pre(cut_text(asked, room.text)))] if row.calls else []
    return [_section(label, html.pre(cut_text(text, room.text))) for label, text in said if text] + calls


def _error(row: StepRow, room: _Room) -> list[Html]:
    if not row.error:
        return []
    lines = [row.error.get(key) for key in ("what", "where", "hint", "traceback")]
    return [_section("error", html.pre(cut_text("\n".join(str(line) for line in lines if line), room.text)))]


def _used(row: StepRow, room: _Room) -> list[Html]:
    if not row.input_tokens and not row.output_tokens:
        return []
    return [_section("tokens", html.join([tokens(row.input_tokens, row.output_tokens)]))]


_SECTIONS: Final[tuple[Callable[[StepRow, _Room], list[Html]], ...]] = (
    _error,
    _arguments,
    _words,
    _result,
    _used,
)


def _picture(image: Image, room: _Room) -> Html:
    """Show a picture while there is room for its bytes, and then its words."""
    if len(image["data"]) > room.pictures:
        return html.pre(f"{image['text'] or image['media_type']} (a picture; too many bytes for this page)")
    room.pictures -= len(image["data"])
    return html.picture(image)


def _lines(values: dict[str, Any]) -> str:
    """Arguments, a line each where they fit one."""
    return "\n".join(f"{name} = {pretty(value)}" for name, value in values.items())


def _asked(given: Any) -> str:
    """A model's call on one line; some models send their arguments as text."""
    return arguments(given) if isinstance(given, dict) else one_line(str(given))


def _value(value: Any, room: _Room) -> Html:
    """Show a JSON value: a table as one, a picture as one, the rest as indented text."""
    if isinstance(value, dict) and "$grid" in value:
        return html.grid(value["$grid"])
    if isinstance(value, dict) and "$image" in value:
        return _picture(value["$image"], room)
    return html.pre(cut_text(pretty(value), room.text))
