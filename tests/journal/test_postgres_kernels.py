"""Several kernels and one journal: what one began, another watches, takes over and replays."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import psutil
import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from victor_nb.journal import open_journal

BEGIN = """
from victor_nb.config import Settings
from victor_nb.journal import Effect, open_journal
journal = open_journal(Settings.load().journal_url)
"""
WORK = """
run = journal.start("program", "shared")
for number in range(5):
    run.step_sync("s", lambda: number, inputs=number, effect=Effect.READ)
print(run.id)
"""
WATCH = """
heard = []
with journal.subscribe("{run}") as events:
    for event in events:
        heard.append(event.type)
        if len(heard) == 11:  # a beginning, and two events a step
            break
print(len(heard))
"""
TAKE_OVER = """
run, done = journal.resume("{run}"), []
answers = [run.step_sync("s", lambda: done.append(number), inputs=number) for number in range(6)]
run.finish()
print(answers, len(done))
"""


class ThisPython(KernelManager):
    """Starts kernels of the interpreter that runs the tests."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The one kernel that it knows."""
        return KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])


class Kernel:
    """A kernel that is asked, and answers with what it printed."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager, self._client = manager, client

    def __call__(self, code: str) -> str:
        printed: list[str] = []

        def heard(message: dict) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self._client.execute_interactive(code, output_hook=heard, timeout=60)
        assert reply["content"]["status"] == "ok", "\n".join(reply["content"]["traceback"])
        return "".join(printed).strip()

    def kill(self) -> None:
        """End the process without a word."""
        process = psutil.Process(int(self("import os; print(os.getpid())")))
        process.kill()
        process.wait(30)


@pytest.fixture
def kernels(postgres, tmp_path) -> Iterator[list[Kernel]]:
    """Two kernels of one project whose settings name a journal in PostgreSQL."""
    (tmp_path / "victor.toml").write_text(f'journal = "{postgres.url("shared_by_kernels")}"')
    started = []
    try:
        for _ in range(2):
            manager = ThisPython()
            manager.start_kernel(cwd=str(tmp_path))
            client = manager.client()
            client.start_channels()
            started.append((manager, client))
        for _, client in started:
            client.wait_for_ready(timeout=60)
        yield [Kernel(*one) for one in started]
    finally:
        for manager, client in started:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def test_a_killed_kernels_run_is_watched_and_taken_over_by_another(kernels):
    """Its finished steps are not done again."""
    one, other = kernels
    one(BEGIN)
    other(BEGIN)
    run = one(WORK)

    assert other(WATCH.format(run=run)) == "11"
    one.kill()
    assert other(TAKE_OVER.format(run=run)) == "[0, 1, 2, 3, 4, None] 1"


def test_a_cells_run_is_replayed_in_another_notebook(kernels, postgres):
    """One line in the settings, and a team shares its runs."""
    one, other = kernels
    for kernel in kernels:
        kernel("%load_ext victor_nb")
    one("%%victor -o answer\nWhat is 6 times 7?")
    with open_journal(postgres.url("shared_by_kernels")) as journal:
        [info] = journal.runs(kind="agent")
        other(f"%victor replay {info.run_id}")

        assert [run.status for run in journal.runs(kind="agent")] == ["finished"]
        assert journal.request(info)["prompt"] == "What is 6 times 7?"
