"""A real Prometheus scrapes the metrics, and answers every question of the dashboard and of the alerts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.insight.conftest import Clock, Doings
from tests.support.prometheus import Prometheus, scraping
from tests.support.require import library, require
from victor_nb.insight import Projection
from victor_nb.journal import Journal, current_step
from victor_nb.journal.memory import MemoryStore

library("prometheus_client", extra="prometheus")

from prometheus_client import CollectorRegistry, generate_latest  # noqa: E402

from victor_nb.commands.serve_metrics import DASHBOARDS  # noqa: E402
from victor_nb.insight.exposition import JournalCollector  # noqa: E402
from victor_nb.insight.serving import serving  # noqa: E402

ALERTS = DASHBOARDS / "alerts.yml"
BOARD: dict[str, Any] = json.loads((DASHBOARDS / "grafana.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
CHOSEN = {"$__rate_interval": "1m", "$__range": "5m", "$job": ".*", "$kind": ".*", "$name": ".*"}


def do_everything(doings: Doings) -> None:
    """At least one event of every sort that is counted."""
    doings.agent("poet", tools=("search", "search"))
    doings.agent("poet", fails=True)
    run = doings.journal.start("agent", "poet")
    for _ in range(2):
        doings.use(run, "search", fails=True)
    run.step_sync("search", lambda: current_step().note(cached=True), kind="tool")
    run.record("approval.requested", {"call_id": "c1"})
    run.stop("approval")
    doings.journal.resume(run.id).finish("said")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """One that has scraped a journal before and after something happened in it."""
    folder = tmp_path_factory.mktemp("prometheus")
    with Journal(MemoryStore()) as journal:
        doings = Doings(journal, Clock())
        do_everything(doings)
        projection = Projection(journal)
        with (
            serving(projection, "127.0.0.1", 0) as url,
            scraping([urlsplit(url).netloc], folder, rules=ALERTS) as running,
        ):
            running.wait_for("count_over_time(victor_journal_events_total[1m]) >= 2")
            before = journal.runs(limit=1000)
            do_everything(doings)
            assert len(journal.runs(limit=1000)) > len(before)
            running.wait_for(f"victor_runs_started_total == {len(journal.runs(limit=1000))}")
            yield running


def test_what_it_scrapes_is_what_happened(prometheus: Prometheus) -> None:
    """The journal's numbers, under the labels of Prometheus' own."""
    (series,) = prometheus.wait_for('victor_runs_started_total{kind="agent",name="poet"}')

    assert series["metric"]["job"] == "victor"
    assert series["value"][1] == "6"
    assert prometheus.wait_for("victor_model_cost_usd_total")[0]["value"][1] == "0.04"
    assert prometheus.wait_for('up{job="victor"} == 1')


def test_types_and_descriptions_arrive(prometheus: Prometheus) -> None:
    """So that Grafana and the API can say what a metric is."""
    told = prometheus.get("/api/v1/metadata")["data"]

    assert told["victor_step_duration_seconds"][0]["type"] == "histogram"
    assert told["victor_steps"][0] == {"type": "counter", "help": "Steps that ended", "unit": ""}
    assert told["victor_runs_active"][0]["type"] == "gauge"


def test_counters_can_be_asked_for_their_growth(prometheus: Prometheus) -> None:
    """What happened between two scrapes."""
    (series,) = prometheus.wait_for("increase(victor_journal_events_total[1m])")

    assert float(series["value"][1]) > 0


@pytest.mark.parametrize(
    ("title", "query"), QUERIES, ids=[f"{title}-{number}" for number, (title, _) in enumerate(QUERIES)]
)
def test_every_panel_has_something_to_show(prometheus: Prometheus, title: str, query: str) -> None:
    """Its query is right, and names metrics and labels that there are."""
    assert prometheus.wait_for(chosen(query)), title


@pytest.mark.parametrize(
    "variable", [one for one in BOARD["templating"]["list"] if one["type"] == "query"], ids=lambda v: v["name"]
)
def test_every_variable_has_values(prometheus: Prometheus, variable: dict[str, Any]) -> None:
    """`label_values(metric, label)` is Grafana's; of Prometheus it asks the values of a label."""
    metric, label = variable["definition"].removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)

    answer = prometheus.get(f"/api/v1/label/{label}/values", **{"match[]": chosen(metric)})

    assert answer["status"] == "success"
    assert answer["data"]


def test_the_alerts_are_evaluated(prometheus: Prometheus) -> None:
    """All are loaded and none has an error; the failed runs are on their way to an alert."""
    for name in ("VictorRunsFail", "VictorToolFails"):
        prometheus.wait_for(f'ALERTS{{alertname="{name}"}}')
    (group,) = prometheus.get("/api/v1/rules")["data"]["groups"]

    assert {rule["health"] for rule in group["rules"]} == {"ok"}
    states = {rule["name"]: rule["state"] for rule in group["rules"]}
    assert states["VictorRunsFail"] == states["VictorToolFails"] == "pending"
    assert states["VictorJournalIsLarge"] == states["VictorMetricsAreGone"] == "inactive"


def test_promtool_finds_nothing_to_say_of_the_metrics(in_memory: Doings) -> None:
    """Names, units, descriptions and suffixes are as Prometheus wants them."""
    do_everything(in_memory)
    registry = CollectorRegistry()
    registry.register(JournalCollector(Projection(in_memory.journal)))

    checked = promtool("check", "metrics", stdin=generate_latest(registry))

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_promtool_finds_nothing_to_say_of_the_alerts() -> None:
    """Their expressions, labels and templates are right."""
    checked = promtool("check", "rules", str(ALERTS))

    assert checked.returncode == 0, checked.stderr
    assert b"SUCCESS" in checked.stdout


def promtool(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([require("promtool"), *arguments], input=stdin, capture_output=True, timeout=60, check=False)


def chosen(query: str) -> str:
    """What Grafana makes of a query where all is chosen."""
    for name, value in CHOSEN.items():
        query = query.replace(name, value)
    return query
