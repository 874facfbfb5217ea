"""A private PostgreSQL server: on loopback and a socket in a folder of its own, gone after the tests.

PostgreSQL refuses to run as root; where the tests do (CI), it runs as the user `postgres`, whom its package made.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psutil

from tests.support.require import absent, library

CONFIGURATION = """
listen_addresses = '127.0.0.1'
fsync = off
shared_buffers = 32MB
max_connections = 60
log_min_messages = fatal
"""
KEEPER = """
import shutil, subprocess, sys
folder, *stopping = sys.argv[1:]
sys.stdin.read()  # until the tests are over, or killed
subprocess.run(stopping, cwd=folder, capture_output=True)
shutil.rmtree(folder, ignore_errors=True)
"""
ACCESS = """
local all all trust
host all locked 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


def programs() -> Path:
    """The folder of PostgreSQL's programs, or a skip."""
    library("psycopg", extra="postgres")
    if found := shutil.which("initdb"):
        return Path(found).parent
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return packaged[-1].parent if packaged else absent("a PostgreSQL server is not installed on this machine")


class Cluster:
    """A server with the superuser `victor` and no password, and a role `locked` that needs one over TCP."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self.folder = programs, folder
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        self._numbers = count(1)
        self.port = _free_port()

    def make(self) -> None:
        """Make the data folder, and start."""
        if self._user:
            shutil.chown(self.folder, "postgres", "postgres")
        self._do("initdb", "--no-sync", "-A", "trust", "-U", "victor", "-E", "UTF8", "--locale=C", "-D", self.data)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"{CONFIGURATION}port = {self.port}\nunix_socket_directories = '{self.folder}'\n")
        (self.data / "pg_hba.conf").write_text(ACCESS)
        self.start()
        self.sql("CREATE ROLE locked LOGIN PASSWORD 'open sesame'")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._do("pg_ctl", "-w", "-D", self.data, "-l", self.folder / "log", "start")

    def stopping(self) -> list[str]:
        """The command that ends it at once, to be run as its user."""
        words = [str(self._programs / "pg_ctl"), "-w", "-m", "immediate", "-D", str(self.data), "stop"]
        return ["runuser", "-u", "postgres", "--", *words] if self._user else words

    def stop(self, mode: str = "fast") -> None:
        """Stop as `pg_ctl` does: "fast" ends every connection, "immediate" pulls the plug."""
        self._do("pg_ctl", "-w", "-m", mode, "-D", self.data, "stop")

    def _do(self, program: str, *words: object) -> None:
        command = [str(self._programs / program), *map(str, words)]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **self._user
        )
        assert done.returncode == 0, done.stderr

    def url(self, schema: str = "", **options: str) -> str:
        """The URL of a journal: by default an empty one."""
        options = {"host": str(self.folder), "port": str(self.port), "user": "victor", **options}
        options["schema"] = schema or f"journal_{next(self._numbers)}"
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        return f"postgresql:///postgres?{query}"

    def sql(self, *statements: str) -> list[tuple[object, ...]]:
        """Do something as the superuser; return the rows of the last statement."""
        import psycopg

        rows: list[tuple[object, ...]] = []
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="victor", dbname="postgres", autocommit=True
        ) as connection:
            for statement in statements:
                cursor = connection.execute(statement)  # type: ignore[arg-type]
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def backends(self, application: str = "victor-nb") -> list[int]:
        """The server's processes that work for journals."""
        query = f"SELECT pid FROM pg_stat_activity WHERE application_name = '{application}' ORDER BY pid"
        return [pid for (pid,) in self.sql(query)]

    def kill(self, pid: int) -> None:
        """End one of the server's own processes without a word: the server then throws away all of its memory."""
        process = psutil.Process(pid)
        assert process.name() == "postgres"
        process.send_signal(signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def running() -> Iterator[Cluster]:
    """A server for as long as it is needed, or as the tests live."""
    found = programs()
    folder = Path(tempfile.mkdtemp(prefix="victor-pg-"))  # a socket's path must be short, and its folder postgres's
    cluster = Cluster(found, folder)
    keeper = [sys.executable, "-c", KEEPER, folder, *cluster.stopping()]
    with subprocess.Popen(keeper, stdin=subprocess.PIPE, start_new_session=True):  # Ctrl-C is not meant for it
        cluster.make()
        yield cluster
