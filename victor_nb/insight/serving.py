"""Metrics over HTTP: `/metrics` for Prometheus, a word for a person at `/`, and nothing else.

1. The library's own application answers at `/metrics`, in the form and compression that is asked for; it would answer
   at any other path, too, so that a mistyped one would look as if it worked.
2. One thread a request; asking twice at once reads the journal once after the other.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from victor_nb.insight.exposition import JournalCollector
from victor_nb.insight.projection import Projection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH: Final = "/metrics"
_WORD: Final = b"Victor NB: metrics for Prometheus are at /metrics\n"
_TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")

Application = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


def application(projection: Projection) -> Application:
    """Return the WSGI application that serves a projection."""
    registry = CollectorRegistry()
    registry.register(JournalCollector(projection))
    metrics: Application = make_wsgi_app(registry)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path not in (PATH, "/"):
            said = f"there is nothing at {path}; metrics are at {PATH}\n".encode()
            return _said(start, HTTPStatus.NOT_FOUND, said, method)
        if method not in ("GET", "HEAD"):
            return _said(start, HTTPStatus.METHOD_NOT_ALLOWED, b"GET or HEAD\n", method, ("Allow", "GET, HEAD"))
        if path == "/":
            return _said(start, HTTPStatus.OK, _WORD, method)
        if method == "GET":
            return metrics(environ, start)
        return _headed(metrics, environ, start)

    return answer


def _headed(metrics: Application, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    """Answer as to a GET, without the body."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def note(status: str, headers: list[tuple[str, str]], _failure: object = None, /) -> Callable[[bytes], object]:
        told.append((status, headers))
        return len  # what an application may write with: the library's returns its answer instead

    body = b"".join(metrics({**environ, "REQUEST_METHOD": "GET"}, note))
    ((status, headers),) = told
    start(status, [*headers, ("Content-Length", str(len(body)))])
    return []


def _said(start: StartResponse, status: HTTPStatus, text: bytes, method: str, *headers: tuple[str, str]) -> list[bytes]:
    start(f"{status.value} {status.phrase}", [_TEXT, ("Content-Length", str(len(text))), *headers])
    return [] if method == "HEAD" else [text]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _ServerIPv6(_Server):
    address_family = socket.AF_INET6


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """A scrape every few seconds is no news."""


@contextmanager
def serving(projection: Projection, host: str, port: int) -> Iterator[str]:
    """Serve while entered; gives the address to scrape.

    Args:
        port: 0 for any free one.
    Raises:
        OSError, OverflowError: nothing can listen there.
    """
    kind = _ServerIPv6 if ":" in host else _Server
    server = kind((host, port), _Silent)
    server.set_app(application(projection))
    thread = threading.Thread(target=server.serve_forever, name="victor-metrics", daemon=True)
    thread.start()
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}{PATH}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
