"""The guide to caching says what is."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from victor_nb.tools.caching.rules import CACHED_TOOLS, UNSEEN, CachedTools

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "caching.md").read_text(encoding="utf-8")


def test_every_word_is_in_the_guide():
    """Of the settings, and of what can be trusted."""
    assert get_args(CachedTools) == CACHED_TOOLS
    for word in (*CACHED_TOOLS, *UNSEEN):
        assert f"`{word}`" in GUIDE
