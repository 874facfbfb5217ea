"""Programs and libraries that a test needs and a user's machine may lack: skip there, fail in CI."""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from types import ModuleType
from typing import NoReturn

import pytest

PLACES = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "node": ("node",), "npm": ("npm",)}


def require(program: str) -> str:
    """Return the path of `program`; without it skip the test, or fail it if VICTOR_TEST_REQUIRE is "all"."""
    for name in PLACES.get(program, (program,)):
        if path := shutil.which(name):
            return path
    absent(f"{program} is not installed on this machine")


def library(module: str, *, extra: str) -> ModuleType:
    """Import what belongs to an extra; where the extra is not installed, the test or the whole file is skipped."""
    try:
        return import_module(module)
    except ImportError:
        absent(f"the extra {extra!r} is not installed")


def absent(reason: str) -> NoReturn:
    """Skip with `reason`, or fail where everything is required (CI)."""
    if os.environ.get("VICTOR_TEST_REQUIRE") == "all":
        pytest.fail(reason)
    pytest.skip(reason, allow_module_level=True)
