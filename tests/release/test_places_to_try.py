"""Binder and Colab open the tutorial that they say, and it installs what it needs."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Source"].removeprefix("https://github.com/")
COLAB = re.compile(rf"https://colab\.research\.google\.com/github/{REPOSITORY}/blob/main/([^)\s]+)")
BINDER = re.compile(rf"https://mybinder\.org/v2/gh/{REPOSITORY}/main\?labpath=([^)\s]+)")


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_badges_open_a_notebook_that_is_there(page):
    """One click from the first page to the first notebook."""
    text = (ROOT / page).read_text(encoding="utf-8")
    opened = [unquote(path) for form in (COLAB, BINDER) for path in form.findall(text)]

    assert opened == ["notebooks/00_introduction.ipynb"] * 2


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_notebook_of_the_tutorial_opens_itself_elsewhere(path):
    """The links at its top lead to this notebook and to no other."""
    opening = nbformat.read(path, 4).cells[0].source

    assert [unquote(found) for form in (COLAB, BINDER) for found in form.findall(opening)] == [
        f"notebooks/{path.name}"
    ] * 2


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_notebook_of_the_tutorial_installs_the_package_where_it_is_missing(path):
    """Before its first line that needs it, folded away, and without asking for anything."""
    cell = nbformat.read(path, 4).cells[1]

    assert "except ImportError:\n    %pip install -q victor-nb" in cell.source
    assert cell.metadata.jupyter.source_hidden
    assert "remove-cell" in cell.metadata.tags  # of the site


def test_binder_s_python_is_one_that_the_package_supports():
    """What the environment asks for is among the versions of the tests."""
    environment = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text(encoding="utf-8"))
    (version,) = (line.partition("=")[2] for line in environment["dependencies"] if line.startswith("python="))

    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such right")
def test_binder_can_run_its_script():
    """It is executed as it stands, so it must be executable and say what reads it."""
    script = ROOT / "binder" / "postBuild"

    assert script.stat().st_mode & 0o100
    assert script.read_text(encoding="utf-8").startswith("#!")
