"""Which packages a question is about, and when what was read of one is no longer true."""

from __future__ import annotations

from pathlib import Path

import pytest

from victor_nb.assist.installed import wanted


@pytest.mark.parametrize("name", ["feeding.py", "_compiled.pyi"])
def test_a_package_that_is_worked_on_is_read_again_after_an_edit(herds: Path, name: str) -> None:
    """Its modules count, and the stubs of what is compiled."""
    (herds / name).write_text('"""Before."""\n')
    before = wanted("herds").stamp

    assert wanted("herds").stamp == before
    (herds / name).write_text('"""After that."""\n')
    assert wanted("herds").stamp != before


def test_what_is_not_read_makes_no_difference(herds: Path) -> None:
    """Tests of a package, and the link to nowhere that an editor leaves beside a file that it has open."""
    before = wanted("herds").stamp
    (herds / "tests").mkdir()
    (herds / "tests" / "test_feeding.py").write_text("assert True\n")
    (herds / ".#feeding.py").symlink_to("somebody@somewhere.4711")

    assert wanted("herds").stamp == before
