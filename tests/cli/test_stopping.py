"""Ctrl-C, and runs in the background: what was done is kept, and the way on is told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Victor, words_for
from victor_nb.cli.detaching import NotStarted, detached
from victor_nb.journal import open_journal


class Silent:
    """A model's server that takes requests and never answers; `asked` is set by the first."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self.asked = threading.Event()
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._kept.append(connection)
            if connection.recv(65536):
                self.asked.set()

    def close(self) -> None:
        """Hang up."""
        for one in (self._socket, *self._kept):
            one.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    """A model that never answers."""
    server = Silent()
    yield server
    server.close()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_termination_stop_the_run_and_print_how_to_go_on(
    silent: Silent, table: Path, tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    """Exit code 130 or 143, a stopped run in the journal, and a command line that can be pasted."""
    argv = words_for("ask", "How many rows are there?", "--model", silent.url, "--data", f"plants={table}")
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert silent.asked.wait(60)

    process.send_signal(sent)
    _, said = process.communicate(timeout=60)

    with open_journal(f"sqlite:///{tmp_path}/.victor/victor.db") as journal:
        run = journal.find("last")
    assert process.returncode == code
    assert run.status == "stopped"
    assert f"victor resume {run.run_id} --data plants={table}" in said


def test_a_background_run_outlives_the_command_and_can_be_stopped(
    silent: Silent, table: Path, victor: Victor, tmp_path: Path
) -> None:
    """`--background` prints the run; `stop` from another process ends it; `attach` sees the end."""
    begun = victor("ask", "Rows?", "--model", silent.url, "--data", f"plants={table}", "--background", "--json")
    run_id = json.loads(begun.stdout)["run"]
    assert silent.asked.wait(60)

    assert victor("stop", run_id).returncode == 0
    seen = victor("attach", run_id, "--json")

    assert json.loads(seen.stdout) == {"run": run_id, "status": "stopped"}


def test_a_background_run_that_cannot_start_shows_why(tmp_path: Path) -> None:
    """What the child printed is what the person reads."""
    with pytest.raises(NotStarted, match="nothing to ask"):
        detached(["ask"], tmp_path / "logs")
