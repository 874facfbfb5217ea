"""Kernels started ahead, for systems that cannot fork: each is taken by one notebook only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pipelines.kernels.running import run
from tests.support.processes import ends
from victor_nb.pipelines.kernels import BatchKernelManager, pool


class Pooled(BatchKernelManager):
    """What `kernels="warm"` is on macOS and Windows."""

    provisioner_class = pool.PoolProvisioner


@pytest.fixture(autouse=True)
def _empty_pool() -> Iterator[None]:
    yield
    pool.close_pool()


def test_the_next_notebook_gets_the_kernel_that_was_started_ahead_and_nobody_else_does(tmp_path):
    """The same folder and environment: a kernel waits already. What a notebook leaves, its kernel takes along."""
    code = "print('left' in dir(), __import__('os').getcwd())\nleft = 1"

    first = run(code, folder=tmp_path, manager_class=Pooled)
    waiting = [idle.process.pid for idle in pool._idle.values()]
    second = run(code, folder=tmp_path, manager_class=Pooled)

    assert first.text == second.text == f"False {tmp_path}\n"
    assert (second.manager.how, second.manager.fallback) == ("pool", "")
    assert second.manager.provisioner.pid == waiting[0] != first.manager.provisioner.pid
    assert ends(waiting[0])


def test_kernels_that_nobody_took_end_with_the_pool(tmp_path):
    """Nothing is left when the runner has ended."""
    run("1", folder=tmp_path, manager_class=Pooled)
    (idle,) = pool._idle.values()

    pool.close_pool()

    assert ends(idle.process.pid)
    assert not pool._idle
