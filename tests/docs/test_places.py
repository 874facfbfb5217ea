"""Files and folders that the documentation names are there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITTEN = [path for path in ROOT.glob("docs/**/*.md") if not {"_build", "generated"} & set(path.parts)]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md", *WRITTEN]
EXAMPLES = {"victor_nb/commands/names.py"}
"""What a reader would write."""
FOLDERS = "|".join(("victor_nb", "tests", "docs", "benchmarks", "notebooks", "cookbook", "widgets"))


def named_in(page: Path) -> set[str]:
    """Paths from the root of the repository, or of the package, that a page writes as code."""
    text = page.read_text(encoding="utf-8")
    from_root = set(re.findall(rf"`((?:{FOLDERS})/[\w/.-]+)`", text))
    in_package = {f"victor_nb/{path}" for path in re.findall(r"`([a-z_]+/[\w/]*\.py)`", text)}
    return from_root | {path for path in in_package if not re.match(rf"victor_nb/(?:{FOLDERS})/", path)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_a_page_names_exist(page):
    """Whoever looks for a file finds it."""
    assert {path for path in named_in(page) - EXAMPLES if not (ROOT / path).exists()} == set()


def test_the_architecture_lists_the_rooms_from_the_top_floor_down():
    """A new room is described, and stands where the import contract has it."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    rows = re.findall(r"^\| `([a-z_]+)(?:/|\.py)` \|", text, re.MULTILINE)

    assert rows == [layer.removeprefix("victor_nb.") for layer in layers]


def test_links_between_pages_lead_somewhere():
    """Also in the pages that are read on GitHub; the site takes recipes and the tutorial from the root."""
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            places = [page.parent, ROOT] if page.is_relative_to(ROOT / "docs") else [page.parent]
            assert any((place / target).exists() for place in places), f"{page.name}: {target}"
