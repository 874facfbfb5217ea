"""A release says what the changelog says, and both packages carry its number."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from victor_nb import __version__

ROOT = Path(__file__).parents[2]
CHANGELOG = """# Changelog

## [Unreleased]

## [1.10.0] - 2030-01-02

### Added

- A lighthouse.

## [1.1.0] - 2029-01-02

- A harbour.
"""


def core_version() -> str:
    """The version of the compiled core."""
    cargo = tomllib.loads((ROOT / "accelerate" / "Cargo.toml").read_text(encoding="utf-8"))
    return str(cargo["workspace"]["package"]["version"])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of version 1.10.0."""
    for folder in (".ci", "victor_nb", "accelerate"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / ".ci" / "release-notes", tmp_path / ".ci")
    for name in ("victor_nb/version.py", "accelerate/Cargo.toml"):
        text = (ROOT / name).read_text(encoding="utf-8").replace(f'"{__version__}"', '"1.10.0"', 1)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    return tmp_path


def notes(checkout: Path, version: str) -> subprocess.CompletedProcess[str]:
    """Run the script as the release does."""
    command = [sys.executable, str(checkout / ".ci" / "release-notes"), version]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_both_packages_have_one_version():
    """The compiled core is released with the package, under the same number."""
    assert core_version() == __version__


def test_both_packages_carry_the_licence():
    """Each is given away alone, so each has its text."""
    assert (ROOT / "accelerate" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_notes_are_the_changelog_s_section_alone(checkout):
    """Neither what is not released yet nor what was released before."""
    done = notes(checkout, "1.10.0")

    assert (done.returncode, done.stdout) == (0, "### Added\n\n- A lighthouse.\n")


def test_a_tag_that_the_packages_do_not_carry_is_refused(checkout):
    """It says which file says what."""
    done = notes(checkout, "1.11.0")

    assert done.returncode == 1
    assert "victor_nb/version.py says 1.10.0, the release is 1.11.0" in done.stderr


def test_a_core_of_another_version_is_refused(checkout):
    """Nobody releases one package and forgets the other."""
    cargo = checkout / "accelerate" / "Cargo.toml"
    cargo.write_text(cargo.read_text(encoding="utf-8").replace("1.10.0", "1.9.0"), encoding="utf-8")

    assert "accelerate/Cargo.toml says 1.9.0, the release is 1.10.0" in notes(checkout, "1.10.0").stderr


def test_a_release_without_words_is_refused(checkout):
    """A section that is missing, or empty, is no description."""
    (checkout / "CHANGELOG.md").write_text("## [1.10.0]\n\n## [1.1.0]\n\n- A harbour.\n", encoding="utf-8")

    assert "CHANGELOG.md has no section [1.10.0]" in notes(checkout, "1.10.0").stderr
