"""Files that are put in their place at one stroke, and what a process that was killed meanwhile leaves of them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.pipelines.nodes import rows
from victor_nb.pipelines import compute
from victor_nb.pipelines.drafts import LEFT_AFTER_S, sweep, write_whole

ROOT = Path(__file__).parents[2]
WRITER = """
import sys, time
from pathlib import Path
from victor_nb.pipelines.drafts import draft_of
with draft_of(Path(sys.argv[1]), Path(sys.argv[2])) as draft:
    draft.write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(1000)
"""


@contextmanager
def writing(target: Path, drafts: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process write a draft, which it never finishes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WRITER, str(target), str(drafts)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "writing\n"
            yield process
        finally:
            process.kill()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    """What raises meanwhile leaves the old one, and no draft."""
    target = tmp_path / "a"
    write_whole(target, b"old")

    with pytest.raises(TypeError):
        write_whole(target, "no bytes")

    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_living_process_writes_stays_and_what_a_killed_one_left_goes(tmp_path):
    """At once: nobody has to wait until it is old."""
    with writing(tmp_path / "a", tmp_path) as process:
        assert sweep(tmp_path) == 0
        assert len(list(tmp_path.iterdir())) == 1

        process.kill()
        process.wait()

        assert sweep(tmp_path) == 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(platform.system() == "Windows", reason="times of files")
def test_drafts_of_other_machines_go_by_their_age(tmp_path):
    """Their processes cannot be asked."""
    young, old = tmp_path / ".1.elsewhere.1.part", tmp_path / ".2.elsewhere.1.part"
    for path in (young, old):
        path.write_bytes(b"half")
    then = old.stat().st_mtime - LEFT_AFTER_S - 10
    os.utime(old, (then, then))

    sweep(tmp_path)

    assert list(tmp_path.iterdir()) == [young]


@pytest.mark.parametrize("kind", ["cache", "kept"])
def test_the_next_run_removes_what_a_killed_one_left_in_the_cache(place, kind):
    """Of entries and of kept outputs."""
    folder = place.path / ".victor" / "pipelines" / "demo" / kind
    with writing(folder / "a", folder / ".drafts") as process:
        process.kill()
        process.wait()
    assert len(list((folder / ".drafts").iterdir())) == 1

    place.run(compute(rows))

    assert list((folder / ".drafts").iterdir()) == []


def test_cleaning_removes_what_a_killed_run_left_wherever_it_is(place):
    """Beside executed notebooks too."""
    place.run(compute(rows))
    folder = place.path / ".victor" / "pipelines" / "demo" / "runs" / "some run"
    with writing(folder / "a", folder) as process:
        process.kill()
        process.wait()

    assert place.pipeline(compute(rows)).clean() > 0

    assert list(folder.iterdir()) == []
