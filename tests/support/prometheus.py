"""A real Prometheus on loopback that scrapes what it is told to, and can be asked."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.require import require

WAIT_S = 60.0


class Prometheus:
    """A server that runs.

    Attributes:
        url: where its API is.
    """

    def __init__(self, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.url, self._process, self._log = url, process, log

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        """Ask the API; an answer that it refuses is an answer, too."""
        address = f"{self.url}{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as refused:
            return dict(json.load(refused))

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Return the series that a query gives now."""
        answer = self.get("/api/v1/query", query=query)
        assert answer["status"] == "success", f"{query}: {answer.get('error')}"
        return list(answer["data"]["result"])

    def wait_for(self, query: str) -> list[dict[str, Any]]:
        """Wait until a query gives something."""
        deadline = time.monotonic() + WAIT_S
        while not (found := self._tried(query)):
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, f"nothing for {query}\n{self._log.read_text()[-2000:]}"
            time.sleep(0.05)
        return found

    def _tried(self, query: str) -> list[dict[str, Any]]:
        try:
            return self.ask(query)
        except (OSError, ValueError):  # it is still starting, and says so in plain words
            return []


@contextmanager
def scraping(targets: list[str], folder: Path, rules: Path | None = None) -> Iterator[Prometheus]:
    """Run Prometheus while entered; it scrapes every second.

    Args:
        targets: hosts with ports, scraped at /metrics under the job "victor".
        rules: a file of alerts.
    """
    program = require("prometheus")
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [{"job_name": "victor", "static_configs": [{"targets": targets}]}],
        **({"rule_files": [str(rules)]} if rules is not None else {}),
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    command = [
        *(program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"),
        *(f"--web.listen-address={listen}", "--log.level=warn"),
    ]
    log = folder / "prometheus.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=folder)
    try:
        yield Prometheus(f"http://{listen}", process, log)
    finally:
        process.terminate()
        process.wait(30)
