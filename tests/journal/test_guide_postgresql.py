"""The guide to a journal in PostgreSQL says what is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.guides import run_examples
from victor_nb import journal as room

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "postgresql.md").read_text(encoding="utf-8")
URL = "postgresql://ada@db.example.org/lab"


def test_the_examples_run_in_order(postgres):
    """And what a comment promises is what comes out."""
    assert URL in GUIDE
    names = run_examples(GUIDE, **{URL: postgres.url()})

    names["journal"].close()


@pytest.mark.parametrize("name", re.findall(r"^\| `(Journal\w+)` \|", GUIDE, re.MULTILINE))
def test_every_error_in_the_guide_is_one_of_ours(name):
    """And can be caught by that name."""
    assert name in room.__all__
