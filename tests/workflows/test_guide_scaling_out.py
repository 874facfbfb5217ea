"""The guide to scaling out says what is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.guides import run_examples
from tests.support.require import library

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "scaling-out.md").read_text(encoding="utf-8")


def test_the_examples_run_in_order(tmp_path, monkeypatch):
    """And what a comment promises is what comes out."""
    library("distributed", extra="dask")
    monkeypatch.chdir(tmp_path)

    run_examples(GUIDE)


@pytest.mark.parametrize("name", ["ExecutorLost", "CannotMove"])
def test_every_error_in_the_guide_is_one_of_ours(name):
    """And can be caught by that name."""
    from victor_nb import workflows

    assert f"`{name}`" in GUIDE
    assert name in workflows.__all__
