"""Processes that the tests of a file share, ended with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from victor_nb.pipelines.kernels import close_zygotes

# Each test file starts zygotes of its own: they belong to the process that runs it.
needs_forks = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


@pytest.fixture(scope="session", autouse=True)
def _zygotes() -> Iterator[None]:
    yield
    close_zygotes()
