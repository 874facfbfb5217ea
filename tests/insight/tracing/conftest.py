"""Spans in memory, and a receiver of them on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.require import library

library("opentelemetry.sdk", extra="otel")
library("opentelemetry.exporter.otlp.proto.http", extra="otel")

from opentelemetry.sdk.trace import ReadableSpan  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402

from tests.support import otlp  # noqa: E402
from victor_nb.insight import Tracing, trace  # noqa: E402
from victor_nb.journal import Journal, open_journal  # noqa: E402


class Traced:
    """A journal whose runs are traced into memory.

    Attributes:
        tracing: what makes the spans.
    """

    def __init__(self, journal: Journal, *, content: bool = False) -> None:
        self.journal = journal
        self._spans = InMemorySpanExporter()
        self.tracing: Tracing = trace(journal, SimpleSpanProcessor(self._spans), content=content)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """Every span, in the order in which they ended."""
        return self._spans.get_finished_spans()

    @property
    def names(self) -> list[str]:
        """The names of all spans."""
        return [span.name for span in self.spans]

    def named(self, name: str) -> ReadableSpan:
        """The one span of that name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def parent(self, name: str) -> str:
        """The name of the span around another; empty for a root."""
        outer = self.named(name).parent
        return "" if outer is None else next(s.name for s in self.spans if s.context.span_id == outer.span_id)


@pytest.fixture
def traced() -> Iterator[Traced]:
    """A journal in memory, traced without content."""
    with open_journal("memory:") as journal:
        traced = Traced(journal)
        with traced.tracing:
            yield traced


@pytest.fixture
def traced_whole() -> Iterator[Traced]:
    """A journal in memory, traced with content."""
    with open_journal("memory:") as journal:
        traced = Traced(journal, content=True)
        with traced.tracing:
            yield traced


@pytest.fixture
def receiver() -> Iterator[otlp.Receiver]:
    """A receiver of OTLP."""
    with otlp.receiving() as receiving:
        yield receiving
