"""Contents kept once, by their hash: never given out damaged, never swept away while somebody is about to use them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from victor_nb.pipelines.caching.hashing import Hashes
from victor_nb.pipelines.caching.kept import Kept, KeptLost


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """An empty one."""
    return Kept(tmp_path / "kept", Hashes())


def test_equal_contents_are_kept_once(kept: Kept, tmp_path: Path) -> None:
    """Whether they come as bytes or as files."""
    (tmp_path / "a.csv").write_bytes(b"a,b\n")

    digest = kept.put(b"a,b\n")

    assert kept.keep(tmp_path / "a.csv") == digest
    assert kept.get(digest) == b"a,b\n"
    assert kept.bytes() == 4


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"x")])
def test_what_was_damaged_is_not_given_out_and_heals_when_it_is_kept_again(kept: Kept, tmp_path: Path, damage) -> None:
    """A disk, or somebody who looked into the folder."""
    digest = kept.put(b"a,b\n")
    damage(kept.path(digest))

    with pytest.raises(KeptLost, match=r"gone|damaged"):
        kept.get(digest)
    with pytest.raises(KeptLost, match="gone or damaged"):
        kept.restore(digest, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()

    assert kept.put(b"a,b\n") == digest
    assert kept.get(digest) == b"a,b\n"
    kept.restore(digest, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"a,b\n"


def test_what_goes_while_it_is_put_back_is_gone_and_leaves_the_file_alone(
    kept: Kept, tmp_path: Path, monkeypatch
) -> None:
    """Another process sweeps between the look at it and its copy."""
    (tmp_path / "out.csv").write_bytes(b"before")
    digest = kept.put(b"a,b\n")
    is_whole = kept.is_whole

    def sweep_then(asked: str) -> bool:
        found = is_whole(asked)
        kept.path(asked).unlink()
        return found

    monkeypatch.setattr(kept, "is_whole", sweep_then)
    with pytest.raises(KeptLost, match="is gone"):
        kept.restore(digest, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.csv"]


def test_what_is_kept_again_is_not_swept_away(kept: Kept) -> None:
    """Its new entry may not be written yet; what nobody has kept since goes."""
    again, left, used = (kept.put(content) for content in (b"again", b"left", b"used"))
    for digest in (again, left, used):
        os.utime(kept.path(digest), (1, 1))
    before = time.time() - 60
    kept.put(b"again")

    assert kept.sweep({used}, before) == len(b"left")
    assert [kept.is_whole(digest) for digest in (again, left, used)] == [True, False, True]
