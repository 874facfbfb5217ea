"""A receiver of traces on loopback: OTLP over real HTTP, decoded with OpenTelemetry's own protobuf classes."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span

WAIT_S = 30.0


class Receiver:
    """What arrived.

    Attributes:
        status: what requests are answered with.
        hangs: while set, requests are taken and not answered.
        asked: headers of each request.
    """

    def __init__(self) -> None:
        self.status = 200
        self.hangs = False
        self.asked: list[dict[str, str]] = []
        self.batches: list[ResourceSpans] = []
        self.url = ""
        self.let_go = threading.Event()
        self._arrived = threading.Condition()

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Note a request."""
        request = ExportTraceServiceRequest()
        request.ParseFromString(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
        with self._arrived:
            self.asked.append(headers)
            if self.status == 200:
                self.batches += request.resource_spans
            self._arrived.notify_all()

    def wait_for_requests(self, count: int = 1) -> None:
        """Wait until somebody has asked that often."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.asked) >= count, WAIT_S), "no request came"

    @property
    def spans(self) -> list[Span]:
        """Every span, in the order of arrival."""
        return [span for batch in self.batches for scope in batch.scope_spans for span in scope.spans]

    def named(self, name: str) -> Span:
        """The one span of that name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found


def attributes(span: Any) -> dict[str, Any]:
    """A span's or a resource's attributes as Python values."""
    return {one.key: _plain(one.value) for one in span.attributes}


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(inner) for inner in value.array_value.values]
    return getattr(value, kind)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens while entered, at `url`."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take({name.lower(): text for name, text in self.headers.items()} | {"path": self.path}, body)
            if receiver.hangs:
                receiver.let_go.wait(WAIT_S)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(receiver.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Tests' output is not the place for it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()
