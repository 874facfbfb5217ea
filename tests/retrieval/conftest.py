"""Both search cores, and texts to search."""

from __future__ import annotations

import pytest

from tests.support.require import absent
from victor_nb.retrieval import twin
from victor_nb.retrieval.core import Core


@pytest.fixture
def compiled() -> Core:
    """The compiled core; a test that compares is skipped where it is not installed."""
    try:
        from victor_nb.retrieval import compiled
    except ImportError:
        absent("the compiled search core is not installed")
    return compiled


@pytest.fixture(params=["compiled", "twin"])
def core(request) -> Core:
    """Each core in turn: what holds for one holds for the other."""
    return twin if request.param == "twin" else request.getfixturevalue("compiled")
