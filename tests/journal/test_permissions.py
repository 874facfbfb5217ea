"""A journal that belongs to somebody else: what the operating system forbids is told, and nothing is broken."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from victor_nb.journal import open_journal

pytestmark = pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="only root can act as another user")
PROGRAM = """
import os, sys
from victor_nb.errors import VictorError
from victor_nb.journal import open_journal
open_journal("sqlite:///" + os.path.join(sys.argv[2], "first.db")).close()  # imports all while it may be read
os.chdir("/")
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
try:
    with open_journal(sys.argv[1]) as journal:
        print(journal.runs()[0].name, flush=True)
        journal.start().finish()
        print("done writing")
except VictorError as error:
    print(type(error).__name__, str(error))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that everybody can reach and read."""
    for folder in [tmp_path, *tmp_path.parents][:-2]:
        if folder.owner() == "root" and folder != Path("/tmp"):
            folder.chmod(0o755)
    return tmp_path


def as_nobody(url: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", PROGRAM, url, folder], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_another_users_journal_cannot_be_written(place, tmp_path):
    """The error names the file and the way out; the file is as it was."""
    path = place / "victor.db"
    with open_journal(f"sqlite:///{path}") as journal:
        journal.start(name="kept").finish()
    before = path.read_bytes()

    told = as_nobody(f"sqlite:///{path}", tmp_path)

    assert "Journal" in told, told
    assert "VICTOR_JOURNAL" in told, told
    assert "done writing" not in told
    assert path.read_bytes() == before


def test_another_users_journal_can_be_read(place, tmp_path):
    """Reading needs no right to write, neither to the file nor to its folder."""
    path = place / "victor.db"
    with open_journal(f"sqlite:///{path}") as journal:
        journal.start(name="kept").finish()

    assert as_nobody(f"sqlite:///{path}?mode=ro", tmp_path).startswith("kept")


def test_a_journal_that_may_not_even_be_read_is_named(place, tmp_path):
    """A private folder of somebody else."""
    path = place / "private" / "victor.db"
    with open_journal(f"sqlite:///{path}") as journal:
        journal.start(name="kept").finish()
    path.parent.chmod(0o700)

    told = as_nobody(f"sqlite:///{path}", tmp_path)

    assert "Journal" in told, told
    assert str(path) in told or str(path.parent) in told
