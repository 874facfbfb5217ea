"""Sending spans over OTLP, from a thread of its own, to a receiver that may be down, slow, or say no.

1. Nothing is raised, whatever happens; spans that cannot be sent are dropped.
2. It is said in the log once, with the reason, and not again before something arrived.
3. After a failure nothing is tried for REST_S, so that waiting spans do not each wait for the same dead receiver. When
   the process ends, what failed once is not tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from victor_nb.config.environment import without_password
from victor_nb.insight.tracing.endpoints import usual_endpoint, with_path

REST_S: Final = 30.0
_SENDER: Final = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")


def exporter_to(endpoint: str = "") -> Enduring:
    """Return an exporter to a URL, or to where OpenTelemetry's own variables say; headers are always theirs."""
    inner = OTLPSpanExporter(endpoint=with_path(endpoint) if endpoint else None)
    return Enduring(inner, without_password(usual_endpoint(endpoint)))


class Enduring(SpanExporter):
    """Endures what happens to another exporter.

    Args:
        where: what the log calls the receiver.
        clock: seconds, never set back.
    """

    def __init__(self, inner: SpanExporter, where: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner, self._where, self._clock = inner, where, clock
        self._rests_until = float("-inf")
        self._is_down = self._is_hurried = self._is_shut = False
        self._reasons: list[str] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send, or drop where sending failed a moment ago."""
        if self._clock() < self._rests_until:
            return SpanExportResult.FAILURE
        with _told_to(self._note):
            try:
                result = self._inner.export(spans)
            except Exception as failure:
                self._note(f"{type(failure).__name__}: {failure}")
                result = SpanExportResult.FAILURE
        if result is SpanExportResult.SUCCESS:
            self._is_down = False
        else:
            self._rest("; ".join(dict.fromkeys(self._reasons)) or "no reason was given")
        self._reasons = []
        return result

    def hurry(self) -> None:
        """Send what waits, but try nothing twice: somebody waits for the end."""
        self._is_hurried = True
        if self._reasons:
            self.shutdown()

    def _note(self, reason: str) -> None:
        self._reasons.append(reason)
        if self._is_hurried:
            self.shutdown()

    def _rest(self, reason: str) -> None:
        self._rests_until = self._clock() + REST_S
        if not self._is_down:
            self._is_down = True
            logging.getLogger(__name__).warning(
                "traces cannot be sent to %s and are dropped until they can; runs go on. %s",
                self._where,
                without_password(reason[:300]),
            )

    def shutdown(self) -> None:
        """Send nothing more; an attempt that waits is given up."""
        if not self._is_shut:
            self._is_shut = True
            self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is held back here."""
        return self._inner.force_flush(timeout_millis)


# --- the exporter's own log ----------------------------------------------------------------------------------------

_mine = threading.local()


class _Taken(logging.Filter):
    """Takes what the exporter says on this thread out of the log: it would be said with every batch."""

    def filter(self, record: logging.LogRecord) -> bool:
        tell: Callable[[str], None] | None = getattr(_mine, "tell", None)
        if tell is None:
            return True
        tell(record.getMessage())
        return False


_TAKEN: Final = _Taken()


@contextmanager
def _told_to(tell: Callable[[str], None]) -> Iterator[None]:
    _SENDER.addFilter(_TAKEN)  # once, however often it is added
    _mine.tell = tell
    try:
        yield
    finally:
        _mine.tell = None
