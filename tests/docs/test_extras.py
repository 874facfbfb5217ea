"""Every extra that an error, a provider or a guide names can be installed, and is explained."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from victor_nb.models.catalogue import PROVIDERS

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def test_the_guide_explains_every_extra():
    """What can be installed is in the table, and nothing else."""
    guide = (ROOT / "docs" / "guides" / "installation.md").read_text(encoding="utf-8")
    table = re.search(r"^\| extra \|.*?\n\n", guide, re.DOTALL | re.MULTILINE)
    assert table is not None
    first_cells = re.findall(r"^\| (`.*?) \|", table[0], re.MULTILINE)

    assert sorted(re.findall(r"`(\w+)`", " ".join(first_cells))) == sorted(EXTRAS)


def test_every_provider_s_client_is_an_extra():
    """`victor models` says what to install, and that works."""
    assert {provider.extra for provider in PROVIDERS.values()} - {""} <= EXTRAS.keys()


def test_every_extra_that_the_code_asks_for_exists():
    """The command that an error proposes does what it says."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "victor_nb").rglob("*.py"))
    named = re.findall(r'MissingExtra\.named\("(\w+)"|victor-nb\[(\w+)\]', source)

    assert {one or other for one, other in named} <= EXTRAS.keys()


def test_all_brings_every_extra_for_users():
    """Whoever installs everything lacks nothing."""
    assert set(re.findall(r"\w+", EXTRAS["all"][0].partition("[")[2])) == EXTRAS.keys() - {"all", "test", "docs"}
