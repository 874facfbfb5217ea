"""`victor serve-metrics`: the metrics of this journal for Prometheus."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.errors import MissingExtra, UsageError
from victor_nb.views import TextView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from victor_nb.journal import Journal

DASHBOARDS: Final = Path(__file__).parents[1] / "insight" / "dashboards"
PORT: Final = 9464
"""What exporters of OpenTelemetry's metrics for Prometheus listen on."""


@click.command("serve-metrics", cls=VerbCommand)
@click.option("--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True, help="0 for any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 for other machines.")
@click.option("--dashboard", "asset", flag_value="grafana.json", help="Print the dashboard for Grafana instead.")
@click.option("--alerts", "asset", flag_value="alerts.yml", help="Print rules for alerts in Prometheus instead.")
@click.pass_obj
def command(session: Session, port: int, host: str, asset: str | None) -> object:
    """Serve metrics for Prometheus until it is interrupted.

    They are computed from the journal at each scrape. Needs the extra "prometheus".

    Example: victor serve-metrics --dashboard > victor.json
    """
    if asset is not None:
        return TextView(DASHBOARDS.joinpath(asset).read_text(encoding="utf-8"))
    return _served(session, session.journal_to_read(), host, port)


async def _served(session: Session, journal: Journal, host: str, port: int) -> TextView:
    with serving(journal, host, port) as url:
        session.display(TextView(f"{url} (end it with Ctrl-C, or Interrupt)"))
        await asyncio.Event().wait()
    return TextView("")


@contextmanager
def serving(journal: Journal, host: str, port: int) -> Iterator[str]:
    """Serve while entered; gives the address to scrape.

    Raises:
        MissingExtra: prometheus-client is not installed.
        UsageError: nothing can listen there.
    """
    try:
        from victor_nb.insight import serving as server
    except ImportError as missing:
        raise MissingExtra.named("prometheus", needed_for="victor serve-metrics") from missing
    from victor_nb.insight.frames import projection_of

    with ExitStack() as stack:
        try:
            url = stack.enter_context(server.serving(projection_of(journal), host, port))
        except (OSError, OverflowError) as failure:
            raise UsageError(
                f"nothing can listen on {host}:{port}: {failure}", "victor serve-metrics", "try --port 0"
            ) from failure
        yield url
