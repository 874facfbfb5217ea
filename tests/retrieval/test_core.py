"""The seam: which core is taken."""

from __future__ import annotations

import sys

import pytest

from victor_nb.errors import MissingExtra, UsageError
from victor_nb.retrieval.core import CHOICE, core


@pytest.fixture(autouse=True)
def choose_anew():
    """Every test chooses for itself."""
    core.cache_clear()
    yield
    core.cache_clear()


def test_the_compiled_core_is_taken_if_it_is_there(compiled, monkeypatch):
    """Nothing has to be set."""
    monkeypatch.delenv(CHOICE, raising=False)
    assert core().NAME == "compiled"


def test_without_the_compiled_core_the_twin_is_taken(monkeypatch):
    """Nothing has to be installed."""
    monkeypatch.delenv(CHOICE, raising=False)
    monkeypatch.setitem(sys.modules, "victor_accelerate", None)
    monkeypatch.delitem(sys.modules, "victor_nb.retrieval.core.compiled", raising=False)
    monkeypatch.delattr("victor_nb.retrieval.core.compiled", raising=False)
    assert core().NAME == "twin"


def test_the_twin_can_be_asked_for(monkeypatch):
    """To compare, or to get around a fault."""
    monkeypatch.setenv(CHOICE, "twin")
    assert core().NAME == "twin"


def test_a_compiled_core_that_is_asked_for_and_absent_is_an_error(monkeypatch):
    """What was asked for by name is not replaced silently."""
    monkeypatch.setenv(CHOICE, "compiled")
    monkeypatch.setitem(sys.modules, "victor_accelerate", None)
    monkeypatch.delitem(sys.modules, "victor_nb.retrieval.core.compiled", raising=False)
    monkeypatch.delattr("victor_nb.retrieval.core.compiled", raising=False)
    with pytest.raises(MissingExtra, match="compiled search core"):
        core()


def test_another_name_is_an_error(monkeypatch):
    """A typing error is not a choice."""
    monkeypatch.setenv(CHOICE, "fast")
    with pytest.raises(UsageError, match="'fast'"):
        core()
