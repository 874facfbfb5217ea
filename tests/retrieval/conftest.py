"""Both search cores, and texts to search."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.require import absent
from victor_nb.retrieval import core as seam
from victor_nb.retrieval.core import Core, twin


@pytest.fixture
def compiled() -> Core:
    """The compiled core; a test that compares is skipped where it is not installed."""
    try:
        from victor_nb.retrieval.core import compiled
    except ImportError:
        absent("the compiled search core is not installed")
    return compiled


@pytest.fixture(params=["compiled", "twin"])
def core(request) -> Core:
    """Each core in turn: what holds for one holds for the other."""
    return twin if request.param == "twin" else request.getfixturevalue("compiled")


@pytest.fixture
def each_core(core, monkeypatch) -> Iterator[str]:
    """Everything above the seam takes each core in turn; its name."""
    name = core.NAME.rpartition(".")[2]
    monkeypatch.setenv(seam.CHOICE, name)
    seam.core.cache_clear()
    yield name
    seam.core.cache_clear()
