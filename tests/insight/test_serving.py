"""Metrics over real HTTP: what is asked for where it is, and a word where it is not."""

from __future__ import annotations

import gzip
import http.client
import socket
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.insight.conftest import Doings
from tests.support.require import library
from victor_nb.insight import Projection

library("prometheus_client", extra="prometheus")

from prometheus_client.openmetrics.parser import text_string_to_metric_families  # noqa: E402

from victor_nb.insight.serving import serving  # noqa: E402


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def url(in_memory: Doings) -> Iterator[str]:
    """Where the metrics of one run are served."""
    in_memory.agent("poet", tools=("search",))
    with serving(Projection(in_memory.journal), "127.0.0.1", 0) as served:
        yield served


def asked(url: str, path: str = "/metrics", method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def test_text_is_served_as_prometheus_reads_it(url: str) -> None:
    """With the version of the format."""
    answer = asked(url)

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b'victor_runs_started_total{kind="agent",name="poet"} 1.0' in answer.body


def test_openmetrics_is_served_compressed_to_who_asks_for_it(url: str) -> None:
    """As Prometheus does; the library's own parser reads it."""
    answer = asked(url, Accept="application/openmetrics-text; version=1.0.0", Accept_Encoding="gzip")
    families = {one.name: one for one in text_string_to_metric_families(gzip.decompress(answer.body).decode())}

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert families["victor_step_duration_seconds"].type == "histogram"
    assert families["victor_runs_started"].type == "counter"


@pytest.mark.parametrize("path", ["/metrics", "/"])
def test_a_head_is_what_a_get_says_before_its_body(url: str, path: str) -> None:
    """For whoever only looks whether it is there."""
    got, headed = asked(url, path), asked(url, path, "HEAD")

    assert (headed.status, headed.body) == (200, b"")
    assert headed.headers["content-type"] == got.headers["content-type"]
    assert headed.headers["content-length"] == str(len(got.body))


@pytest.mark.parametrize("path", ["/metric", "/metrics/", "/favicon.ico", "/api/v1/query"])
def test_any_other_path_is_not_found(url: str, path: str) -> None:
    """A mistyped one must not look as if it worked."""
    answer = asked(url, path)

    assert answer.status == 404
    assert b"metrics are at /metrics" in answer.body


def test_a_person_is_told_where_to_go(url: str) -> None:
    """At the address without a path."""
    assert b"/metrics" in asked(url, "/").body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(url: str, method: str) -> None:
    """And it says what can be asked."""
    answer = asked(url, method=method)

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_an_address_of_the_sixth_version_is_served(in_memory: Doings) -> None:
    """Written in brackets."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")

    with serving(Projection(in_memory.journal), "::1", 0) as url:
        assert url.startswith("http://[::1]:")
        assert asked(url).status == 200
