"""What Prometheus scrapes: counters that only grow, histograms, gauges; read by Prometheus' own parser."""

from __future__ import annotations

from tests.insight.conftest import Clock, Doings
from tests.support.require import library
from victor_nb.insight import Projection

library("prometheus_client", extra="prometheus")

from prometheus_client import CollectorRegistry, generate_latest  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402

from victor_nb.insight.exposition import JournalCollector  # noqa: E402

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(registry: CollectorRegistry) -> Samples:
    """Every sample by its name and labels."""
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def registry_of(doings: Doings) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(JournalCollector(Projection(doings.journal)))
    return registry


def test_runs_steps_tokens_and_cost_are_told(in_memory: Doings) -> None:
    """By kind, name and outcome."""
    in_memory.agent('po"et', tools=("search", "search"))
    in_memory.agent('po"et', fails=True)
    in_memory.journal.start("agent", 'po"et')

    found = scraped(registry_of(in_memory))

    poet = (("kind", "agent"), ("name", 'po"et'))
    tool, model = (("kind", "tool"), ("name", "search")), (("model", "offline"),)
    assert found["victor_runs_started_total", poet] == 3
    assert found["victor_runs_active", poet] == 1
    assert found["victor_run_ends_total", (*poet, ("outcome", "failed"))] == 1
    assert found["victor_steps_total", (*tool, ("outcome", "ok"))] == 2
    assert found["victor_step_duration_seconds_count", tool] == 2
    assert found["victor_step_duration_seconds_bucket", (tool[0], ("le", "+Inf"), tool[1])] == 2
    assert found["victor_run_duration_seconds_count", poet] == 1
    assert found["victor_model_tokens_total", (*model, ("type", "input"))] == 200
    assert round(found["victor_model_cost_usd_total", model], 6) == 0.02
    assert found["victor_journal_events_total", ()] == 9
    assert found["victor_journal_size_bytes", ()] > 0


def test_counters_only_grow(in_memory: Doings, clock: Clock) -> None:
    """A failed run that is resumed and finishes has ended twice."""
    registry = registry_of(in_memory)
    run = in_memory.journal.start("agent", "poet")
    run.fail(ValueError("no"))
    before = scraped(registry)
    in_memory.journal.resume(run.id).finish()
    after = scraped(registry)

    ends = {labels: value for (name, labels), value in after.items() if name == "victor_run_ends_total"}
    assert sorted(ends.values()) == [0, 1, 1]
    assert after["victor_restores_total", ()] == 1
    counters = [key for key in before if key[0].endswith(("_total", "_count", "_bucket", "_sum"))]
    assert all(after[key] >= before[key] for key in counters)


def test_questions_that_wait_are_told(in_memory: Doings) -> None:
    """Until they are answered, or their run is over."""
    registry = registry_of(in_memory)
    first, second = (in_memory.journal.start("agent", "poet") for _ in range(2))
    for run in (first, second):
        run.record("approval.requested", {"call_id": "c1"})
    assert scraped(registry)["victor_questions_open", ()] == 2

    first.record("approval.decided", {"call_id": "c1", "approved": True})
    assert scraped(registry)["victor_questions_open", ()] == 1

    second.finish("said")
    assert scraped(registry)["victor_questions_open", ()] == 0


def test_an_empty_journal_is_scraped_too(in_memory: Doings) -> None:
    """Zero events are told, so that their absence is not taken for a dead exporter."""
    assert scraped(registry_of(in_memory))["victor_journal_events_total", ()] == 0
