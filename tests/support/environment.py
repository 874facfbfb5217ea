"""An environment in which nobody's settings change what is tested."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def without_settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take our variables out of the environment, and the user's own file of settings away."""
    for name in [name for name in os.environ if name.startswith("VICTOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "nobody"))
