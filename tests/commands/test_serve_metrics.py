"""`victor serve-metrics` over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import urllib.request
from typing import Any

import pytest
import yaml

from tests.commands.conftest import Call, saying
from tests.support.require import library
from victor_nb.agents import Agent
from victor_nb.commands import Session, invoke
from victor_nb.errors import UsageError

library("prometheus_client", extra="prometheus")


def test_metrics_are_served_until_it_is_interrupted(session: Session, call: Call) -> None:
    """The address is shown at once; each scrape has what is new; then the port is free again."""
    assert session.namespace is not None
    session.namespace["poet"] = Agent(name="poet", model=saying("a verse"))
    call("ask", "poet", body="Say something.")
    shown: list[str] = []
    session.display = lambda view: shown.append(str(view))

    async def scraped_twice() -> list[str]:
        served: Any = invoke(["serve-metrics", "--port", "0"], session)
        serving = asyncio.ensure_future(served)
        while not shown:
            await asyncio.sleep(0)
        found = [await asyncio.to_thread(fetched, address(shown[0]))]
        await invoke(["ask", "poet"], session, "Once more.")  # type: ignore[misc]  # a verb that runs agents
        found.append(await asyncio.to_thread(fetched, address(shown[0])))
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return found

    first, second = asyncio.run(scraped_twice())

    assert 'victor_runs_started_total{kind="agent",name="poet"} 1.0' in first
    assert 'victor_runs_started_total{kind="agent",name="poet"} 2.0' in second
    with pytest.raises(OSError, match="refused"):
        fetched(address(shown[0]))


def test_a_port_that_is_taken_is_told(call: Call) -> None:
    """With what to try."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="nothing can listen"):
        call("serve-metrics", "--port", str(taken.getsockname()[1]))


def test_dashboard_and_alerts_are_printed(call: Call) -> None:
    """As they are in the package: the output is a file, and nothing is served."""
    assert json.loads(str(call("serve-metrics", "--dashboard")))["title"] == "Victor NB"
    assert yaml.safe_load(str(call("serve-metrics", "--alerts")))["groups"][0]["name"] == "victor"


def address(said: str) -> str:
    found = re.search(r"http://\S+/metrics", said)
    assert found is not None
    return found[0]


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())
