"""Traces: spans for OpenTelemetry, made from the events of runs as these are stored.

1. A span is made when its work has ended, of what the event says; the engine keeps no second account.
2. What a replay or a resumed run answers from the record was no work, and makes no span.
3. Whatever happens to an exporter, no run notices: nothing is raised, and nothing waits but the end of the process,
   for a bounded time.
4. Importing this package imports nothing of OpenTelemetry; names resolve on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from victor_nb.errors import MissingExtra

if TYPE_CHECKING:
    from victor_nb.insight.tracing.conventions import GEN_AI_VERSION
    from victor_nb.insight.tracing.identity import trace_id_of
    from victor_nb.insight.tracing.switch import follow
    from victor_nb.insight.tracing.tracing import Tracing, trace

_HOME = {
    "GEN_AI_VERSION": "conventions",
    "Tracing": "tracing",
    "follow": "switch",
    "trace": "tracing",
    "trace_id_of": "identity",
}

__all__ = ["GEN_AI_VERSION", "Tracing", "follow", "trace", "trace_id_of"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.insight.tracing' has no attribute {name!r}")
    from importlib import import_module

    try:
        home = import_module(f".{_HOME[name]}", __name__)
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith("opentelemetry"):
            raise
        raise MissingExtra.named("otel", needed_for="traces") from missing
    return getattr(home, name)


def __dir__() -> list[str]:
    return __all__
