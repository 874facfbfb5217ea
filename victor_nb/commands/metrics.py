"""`victor metrics`: what the runs of this journal did, in numbers and charts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import click

from victor_nb.commands.flags import split_names
from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.errors import UsageError, nearest
from victor_nb.views import TextView
from victor_nb.views.metrics_panel import panel
from victor_nb.views.metrics_report import MetricsReport, MetricsTable
from victor_nb.views.wording import cost, count, duration

if TYPE_CHECKING:
    import pandas as pd

    from victor_nb.journal import Journal
    from victor_nb.views.metrics_view import MetricsView

_OF_RUNS: Final = (
    *("runs", "success_rate", "p50_s", "p95_s", "model_calls", "tool_calls", "tool_errors"),
    *("input_tokens", "output_tokens", "cost_usd", "events"),
)
_OF_STEPS: Final = (
    *("calls", "error_rate", "p50_s", "p95_s", "p99_s", "runs"),
    *("input_tokens", "output_tokens", "cost_usd"),
)
_IF_ANY: Final = frozenset({"input_tokens", "output_tokens", "cost_usd"})


@click.command("metrics", cls=VerbCommand)
@click.option("--by", default="", metavar="WORDS", help="Group by agent, model, tool, notebook, hour, …: agent,day")
@click.option("--since", metavar="TIME", help='2h, 7d, today, "2026-03-01 14:30".')
@click.option("--until", metavar="TIME", help="As --since.")
@click.option("--run", default="", metavar="RUN", help="Only this run.")
@click.option("--where", default="", metavar="CONDITION", help='Only rows like "p95_s > 2 & error_rate > 0.1".')
@click.option("--derive", multiple=True, metavar="NAME=EXPRESSION", help="A further column; may be repeated.")
@click.option("--columns", default="", metavar="NAMES", help="Show these columns: runs,p95_s")
@click.option("--csv", "as_csv", is_flag=True, help="Give the whole table as CSV.")
@click.option("--live", is_flag=True, help="Charts that follow the journal, in a notebook.")
@click.pass_obj
def command(
    session: Session,
    by: str,
    since: str | None,
    until: str | None,
    run: str,
    where: str,
    derive: tuple[str, ...],
    columns: str,
    as_csv: bool,
    live: bool,
) -> MetricsReport | MetricsView | MetricsTable | TextView:
    """Measure runs, models, tools, tokens, cost, cache and checkpoints, from the journal alone.

    Without --by: charts over time and one row of everything; with it a row a group.

    Example: victor metrics --by agent --since 7d --where "error_rate > 0.1"
    """
    asked_for_table = bool(by or run or until or where or derive or columns or as_csv)
    if live:
        if asked_for_table:
            raise UsageError("--live shows charts, not a table", "victor metrics", "leave the other flags out")
        return _live(session, since)
    frame = _frame(session, by, since, until, run, where, _derived(derive))
    if as_csv:
        return TextView(frame.to_csv(index=False, lineterminator="\n"), data=_records(frame))
    if asked_for_table:
        return _table(frame, by, split_names(columns), derive)
    return _charts(session, since, frame)


def _frame(
    session: Session, by: str, since: str | None, until: str | None, run: str, where: str, derive: dict[str, str]
) -> pd.DataFrame:
    from victor_nb.insight import metrics

    journal = session.journal_to_read()
    return metrics(by, since=since, until=until, run=run, where=where, derive=derive, journal=journal)


def _derived(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in given:
        name, sign, expression = text.partition("=")
        if not sign or not expression.strip():
            raise UsageError(f"{text!r} names no column", "--derive", '--derive "tokens=input_tokens + output_tokens"')
        found[name.strip()] = expression
    return found


def _table(frame: pd.DataFrame, by: str, columns: list[str], derived: tuple[str, ...]) -> MetricsTable:
    words = list(dict.fromkeys(split_names(by)))
    for name in columns:
        if name not in frame.columns:
            raise UsageError(
                f"there is no column {name!r}.{nearest(name, frame.columns)}", "--columns", "--csv has all"
            )
    usual = _OF_STEPS if "calls" in frame.columns else _OF_RUNS
    own = [text.partition("=")[0].strip() for text in derived]
    shown = [*words, *(columns or [*(name for name in usual if name not in _IF_ANY or frame[name].any()), *own])]
    rows = [[_cell(name, row[name]) for name in shown] for row in _records(frame)]
    note = "--csv and --json have every column" if rows else ""
    return MetricsTable(shown, rows, title="Metrics", empty="nothing fits", foot=note, records=_records(frame))


def _charts(session: Session, since: str | None, frame: pd.DataFrame) -> MetricsReport:
    from victor_nb.insight.charts import dashboard
    from victor_nb.insight.frames import projection_of

    journal = session.journal_to_read()
    (row,) = _records(frame)
    return MetricsReport(panel(dashboard(projection_of(journal), since=_begin(since, journal))), row)


def _live(session: Session, since: str | None) -> MetricsReport | MetricsView:
    """The widget where a kernel talks to a front end, else the charts as they are."""
    from victor_nb.views.graph_live import has_widgets

    if not has_widgets("metrics_view"):
        return _charts(session, since, _frame(session, "", since, None, "", "", {}))
    from victor_nb.views.metrics_view import MetricsView

    journal = session.journal()
    return MetricsView(journal, since=_begin(since, journal))


def _begin(since: str | None, journal: Journal) -> float | None:
    from victor_nb.insight.moments import seconds_of

    return None if since is None else seconds_of(since, journal.clock())


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON values: nothing where there is no number, moments as ISO 8601 writes them."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> object:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _cell(name: str, value: Any) -> object:
    """Write one number as a person reads it."""
    if value is None:
        return None
    if name.endswith("_s"):
        return duration(value)
    if name.endswith("_rate"):
        return f"{value:.1%}"
    if name == "cost_usd":
        return cost(value) if value else ""
    if isinstance(value, float):
        return round(value, 4)
    return count(value) if isinstance(value, int) and value > 9999 else value
