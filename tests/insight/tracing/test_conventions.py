"""The names are OpenTelemetry's, and the package stays light."""

from __future__ import annotations

import subprocess
import sys

import pytest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as official
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE

import victor_nb.insight.tracing
from tests.insight.tracing.conftest import Traced
from victor_nb import Agent, open_journal
from victor_nb.config import Settings
from victor_nb.config.schema import TracesSettings
from victor_nb.insight.tracing import GEN_AI_VERSION, conventions, switch

NAMES = {name: value for name, value in vars(conventions).items() if isinstance(value, str) and name.isupper()}


def test_every_name_of_the_conventions_is_theirs() -> None:
    """An attribute that was renamed, or misspelt, is found here."""
    known = {value for value in vars(official).values() if isinstance(value, str)}
    ours = {value for value in NAMES.values() if value.startswith("gen_ai.")}

    assert len(ours) > 15
    assert ours <= known
    assert conventions.ERROR_TYPE == ERROR_TYPE


def test_operations_and_providers_are_theirs() -> None:
    """Their values are closed lists."""
    operations = {conventions.CHAT, conventions.EXECUTE_TOOL, conventions.INVOKE_AGENT, conventions.INVOKE_WORKFLOW}

    assert operations <= {one.value for one in official.GenAiOperationNameValues}
    assert set(conventions.PROVIDERS.values()) <= {one.value for one in official.GenAiProviderNameValues}


def test_spans_say_which_version_they_follow(traced: Traced) -> None:
    """As the schema of their scope."""
    Agent("poet").run_sync("a verse", journal=traced.journal)

    scope = traced.spans[0].instrumentation_scope
    assert scope is not None
    assert scope.name == "victor_nb"
    assert scope.schema_url == f"https://opentelemetry.io/schemas/{GEN_AI_VERSION}"


@pytest.mark.parametrize("name", victor_nb.insight.tracing.__all__)
def test_every_public_name_resolves(name: str) -> None:
    """What the package lists can be had from it."""
    assert getattr(victor_nb.insight.tracing, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails as it does for any module."""
    with pytest.raises(AttributeError, match="no attribute 'tarce'"):
        victor_nb.insight.tracing.tarce  # noqa: B018


def test_a_missing_extra_is_told() -> None:
    """With the command that brings it; ids of traces can be told without it."""
    program = (
        "import sys; sys.modules['opentelemetry.sdk'] = None\n"
        "from victor_nb.insight import trace_id_of; print(len(trace_id_of('r')))\n"
        "from victor_nb.errors import MissingExtra\n"
        "try:\n    from victor_nb.insight import trace\n"
        "except MissingExtra as missing:\n    print(missing.hint)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.splitlines() == ["32", 'pip install "victor-nb[otel]"']


def test_nothing_of_opentelemetrys_sdk_is_imported_before_it_is_wanted() -> None:
    """A run without traces pays nothing for them."""
    program = (
        "import sys, victor_nb.insight.tracing; from victor_nb import Agent\n"
        "Agent('poet').run_sync('a verse', journal='memory:')\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


def test_without_the_extra_work_goes_on(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces that a project asks for are not sent where the extra is missing; the log says so, once."""
    monkeypatch.setitem(sys.modules, "victor_nb.insight.tracing.exporting", None)
    monkeypatch.setattr(switch, "_tracings", {})
    settings = Settings(traces=TracesSettings(export="on"))
    with open_journal("memory:") as journal:
        switch.follow(journal, settings)
        switch.follow(journal, settings)

        assert not journal.hub.is_heard("any")
    (record,) = caplog.records
    assert 'pip install "victor-nb[otel]"' in record.getMessage()
