"""Spans over real HTTP to a real receiver; and one that is down, slow or says no, of which no run notices anything."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.support.otlp import WAIT_S, Receiver, attributes
from victor_nb import Agent, open_journal
from victor_nb.insight import trace, trace_id_of
from victor_nb.insight.tracing.exporting import REST_S, Enduring, exporter_to

PROGRAM = """
from victor_nb import Agent, tool

@tool(effect="read")
def double(n: int) -> int:
    "Double a number."
    return 2 * n

print(Agent("counter", tools=[double]).run_sync("double 4711").run_id)
"""


def run_in(folder: Path, program: str = PROGRAM, **variables: str) -> subprocess.CompletedProcess[str]:
    """A new process in a project's folder, with nothing of OpenTelemetry's in its environment but what is given."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("OTEL_", "VICTOR_"))}
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=folder,
        env=clean | variables,
        timeout=120,
        check=False,
    )


def nowhere() -> str:
    """A URL where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_opentelemetrys_own_variables_switch_it_on(tmp_path: Path, receiver: Receiver) -> None:
    """A plain program, whose spans are sent before it ends; content stays at home."""
    ended = run_in(
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS="x-team=blue",
        OTEL_SERVICE_NAME="night-shift",
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    run = receiver.named("invoke_agent counter")
    call = receiver.named("execute_tool double")
    assert run.trace_id.hex() == trace_id_of(ended.stdout.strip())
    assert run.parent_span_id == b""
    assert {span.parent_span_id for span in receiver.spans if span is not run} >= {run.span_id}
    assert call.parent_span_id == run.span_id
    assert call.trace_id == run.trace_id
    assert run.start_time_unix_nano <= call.start_time_unix_nano <= call.end_time_unix_nano <= run.end_time_unix_nano
    assert attributes(call)["gen_ai.operation.name"] == "execute_tool"
    assert attributes(receiver.batches[0].resource)["service.name"] == "night-shift"
    assert receiver.batches[0].scope_spans[0].scope.name == "victor_nb"
    assert receiver.asked[0]["path"] == "/v1/traces"
    assert receiver.asked[0]["x-team"] == "blue"
    assert not any("4711" in str(attributes(span)) for span in receiver.spans)


def test_settings_switch_it_on_with_content(tmp_path: Path, receiver: Receiver) -> None:
    """A line in victor.toml is enough; our name stands where the environment has none."""
    (tmp_path / "victor.toml").write_text(f'[traces]\nendpoint = "{receiver.url}"\ncontent = true\n')

    ended = run_in(tmp_path)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert attributes(receiver.named("execute_tool double"))["gen_ai.tool.call.arguments"] == '{"n":4711}'
    assert attributes(receiver.batches[0].resource)["service.name"] == "victor-nb"


def test_verbs_are_traced(tmp_path: Path, receiver: Receiver) -> None:
    """`victor ask` sends before the command ends."""
    ended = run_in(
        tmp_path,
        "from victor_nb.cli import main; main(['ask', 'hello'])",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{receiver.url}/of/ours",
    )

    assert ended.returncode == 0
    assert receiver.named("invoke_agent analyst").parent_span_id == b""
    assert receiver.asked[0]["path"] == "/of/ours"


@pytest.mark.parametrize(
    "variables",
    [{"VICTOR_TRACES__EXPORT": "off"}, {"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}],
    ids=lambda variables: next(iter(variables)),
)
def test_it_can_be_switched_off(tmp_path: Path, receiver: Receiver, variables: dict[str, str]) -> None:
    """Also where the environment names a receiver."""
    ended = run_in(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, **variables)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert receiver.asked == []


def test_a_replay_sends_nothing(tmp_path: Path, receiver: Receiver) -> None:
    """What is answered from the record was no work."""
    run_in(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    receiver.asked.clear()

    replayed = run_in(
        tmp_path,
        PROGRAM.replace('"double 4711"', '"double 4711", replay="strict"'),
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
    )

    assert (replayed.returncode, replayed.stderr) == (0, "")
    assert receiver.asked == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_run_that_was_killed_continues_its_trace_in_another_process(tmp_path: Path, receiver: Receiver) -> None:
    """What the first process had sent and what the second sends have one trace id."""
    begin = """
import os, signal
from victor_nb import open_journal
from victor_nb.insight import trace
from victor_nb.insight.tracing.exporting import exporter_to

journal = open_journal("sqlite:///j.db")
tracing = trace(journal, exporter_to(os.environ["RECEIVER"]))
run = journal.start("program", "p")
run.step_sync("first", lambda: 1, kind="tool")
tracing.flush()
print(run.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    go_on = begin.replace('journal.start("program", "p")', 'journal.resume("last")').replace(
        "tracing.flush()", 'run.step_sync("second", lambda: 2, kind="tool"); run.finish(); tracing.close(); os._exit(0)'
    )
    killed = run_in(tmp_path, begin, RECEIVER=receiver.url)
    resumed = run_in(tmp_path, go_on, RECEIVER=receiver.url)

    assert (killed.returncode, resumed.returncode) == (-signal.SIGKILL, 0)
    assert [span.name for span in receiver.spans] == ["execute_tool first", "execute_tool second", "program p"]
    assert {span.trace_id.hex() for span in receiver.spans} == {trace_id_of(killed.stdout.strip())}


@pytest.mark.parametrize("status", [400, 503])
def test_a_receiver_that_says_no_is_told_once(tmp_path: Path, receiver: Receiver, status: int) -> None:
    """Run and result are the same; the log has one line with the reason."""
    receiver.status = status

    ended = run_in(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, OTEL_EXPORTER_OTLP_TIMEOUT="1")

    assert ended.returncode == 0
    assert ended.stdout.strip()
    assert ended.stderr.count("traces cannot be sent") == ended.stderr.count("\n") == 1
    assert receiver.url in ended.stderr
    assert {400: "400", 503: "export"}[status] in ended.stderr


def test_a_receiver_that_is_down_changes_nothing(tmp_path: Path) -> None:
    """Neither result nor exit code; there is no traceback, and one line in the log at most."""
    ended = run_in(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=nowhere(), OTEL_EXPORTER_OTLP_TIMEOUT="1")

    assert ended.returncode == 0
    assert ended.stdout.strip()
    assert ended.stderr.count("\n") <= 1
    assert "Traceback" not in ended.stderr


def test_the_end_does_not_try_again_what_failed(receiver: Receiver) -> None:
    """An exporter by itself would go on trying for ten seconds; whoever ends has been told after one attempt."""
    receiver.status = 503
    with open_journal("memory:") as journal:
        tracing = trace(journal, exporter_to(receiver.url))
        Agent("poet").run_sync("a verse", journal=journal)

        assert tracing.close(within_s=WAIT_S)

    assert len(receiver.asked) == 1


def test_an_attempt_that_waits_to_be_repeated_is_given_up_at_the_end(receiver: Receiver) -> None:
    """It had failed already when the end came."""
    receiver.status = 503
    with open_journal("memory:") as journal:
        tracing = trace(journal, exporter_to(receiver.url))
        Agent("poet").run_sync("a verse", journal=journal)
        receiver.wait_for_requests()

        assert tracing.close(within_s=WAIT_S)

    assert len(receiver.asked) <= 2


def test_the_end_of_a_process_waits_for_a_bounded_time(receiver: Receiver) -> None:
    """A receiver that takes requests and never answers holds nobody up: the wait ends though nothing was taken."""
    receiver.hangs = True
    with open_journal("memory:") as journal:
        tracing = trace(journal, exporter_to(receiver.url))
        Agent("poet").run_sync("a verse", journal=journal)
        receiver.wait_for_requests()

        in_time = tracing.close(within_s=0.1)

    assert in_time is False


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_sends_nothing_of_its_parents(tmp_path: Path, receiver: Receiver) -> None:
    """What waits in the parent's queue is the parent's, and the child's end waits for nobody."""
    program = """
import os
from victor_nb import Agent, open_journal
from victor_nb.insight import trace
from victor_nb.insight.tracing.exporting import exporter_to

with open_journal("memory:") as journal, trace(journal, exporter_to(os.environ["RECEIVER"])) as tracing:
    Agent("poet").run_sync("a verse", journal=journal)
    if (pid := os.fork()) == 0:
        os._exit(0 if tracing.close() else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    ended = run_in(tmp_path, program, RECEIVER=receiver.url, PYTHONWARNINGS="ignore", OTEL_BSP_SCHEDULE_DELAY="60000")

    assert ended.stdout == "0\n"
    assert [span.name for span in receiver.spans] == ["chat offline", "invoke_agent poet"]


class Moody(SpanExporter):
    """Does what it is told, and counts how often it was asked."""

    def __init__(self) -> None:
        self.results: list[SpanExportResult | Exception] = []
        self.asked = 0
        self.is_shut = False

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True

    def export(self, spans: object) -> SpanExportResult:
        self.asked += 1
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def shutdown(self) -> None:
        self.is_shut = True


def test_after_a_failure_nothing_is_tried_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and again only if it fails after it had worked."""
    now, moody, no_spans = [0.0], Moody(), list[ReadableSpan]()
    exporter = Enduring(moody, "there", lambda: now[0])
    failed, fine = SpanExportResult.FAILURE, SpanExportResult.SUCCESS
    moody.results = [OSError("no route"), failed, fine, failed]

    assert exporter.export(no_spans) is failed
    assert exporter.export(no_spans) is failed
    assert moody.asked == 1
    for _ in range(3):
        now[0] += REST_S
        exporter.export(no_spans)

    assert moody.asked == 4
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert "OSError: no route" in told[0]
    assert "no reason was given" in told[1]
    assert exporter.force_flush()
    exporter.shutdown()
    assert moody.is_shut


def test_what_others_send_is_logged_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    """Only what is said while we send is taken out of the exporter's log."""
    exporter_to(nowhere())
    Enduring(InMemorySpanExporter(), "there").export([])

    logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter").warning("somebody else's")

    assert [record.getMessage() for record in caplog.records] == ["somebody else's"]


@pytest.mark.parametrize(("given", "path"), [("", "/v1/traces"), ("/", "/v1/traces"), ("/of/ours", "/of/ours")])
def test_an_endpoint_without_a_path_gets_the_usual_one(receiver: Receiver, given: str, path: str) -> None:
    """As OpenTelemetry's own variable does."""
    with open_journal("memory:") as journal, trace(journal, exporter_to(receiver.url + given)):
        Agent("poet").run_sync("a verse", journal=journal)

    assert receiver.asked[0]["path"] == path
    assert urlsplit(receiver.url).path == ""
