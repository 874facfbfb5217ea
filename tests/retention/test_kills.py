"""A clearance that is killed, at any statement, leaves everything consistent, and the next one goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
KILLS = max(3, int(os.environ.get("VICTOR_KILLS", "200")) // 20)
"""VICTOR_KILLS=10000 kills before every statement."""


def killed(url: str) -> int:
    """How many clearances were killed; the program looks at each journal afterwards."""
    command = [sys.executable, "-m", "tests.retention.killed", url, str(KILLS)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return int(done.stdout.split()[-1])


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is forked there")
@pytest.mark.timeout(max(300, 10 * KILLS))
def test_in_a_file(tmp_path: Path) -> None:
    """In SQLite a statement, or a transaction, is done whole or not at all."""
    assert killed(f"sqlite:///{tmp_path}/NUMBER.db") >= 3


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is forked there")
@pytest.mark.timeout(max(300, 10 * KILLS))
def test_on_a_server(postgres) -> None:
    """The server takes back what was begun."""
    assert killed(postgres.url(schema="killed_NUMBER")) >= 3
