"""What was read of packages survives kills, damage, other processes and folders that cannot be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.assist.herds import write_herds
from victor_nb.assist import Assistant, shelves
from victor_nb.assist.installed import Wanted, wanted
from victor_nb.assist.library import Library
from victor_nb.assist.places import Places, can_write, places_of
from victor_nb.assist.shelves import reading, writing
from victor_nb.retrieval.errors import IndexInUse

ROOT = Path(__file__).parents[2]
ASKED = "count the giraffes of a herd"


def quiet(name: str, done: int, of: int) -> None:
    """Tell nobody."""


def found(library: Library, want: Sequence[Wanted], query: str = ASKED) -> list[str]:
    with library.opened(want, quiet) as opened:
        return [each.chunk.title for each in opened.search(query, want)]


@pytest.fixture
def library(places: Places) -> Library:
    """An empty one."""
    return Library(places.packages)


def test_packages_stay_apart(library: Library, herds: Path) -> None:
    """A question finds what it may, whatever else was read."""
    write_herds(herds.parent, "flocks")
    both = [wanted("herds"), wanted("flocks")]
    library.read(both, quiet)

    assert {name.partition(".")[0] for name in found(library, both)} == {"herds", "flocks"}
    assert {name.partition(".")[0] for name in found(library, both[:1])} == {"herds"}
    assert found(library, []) == []


def test_two_versions_stay_beside_each_other(library: Library, herds: Path) -> None:
    """Two environments of one machine ask for two versions; each finds its own, and reads nothing again."""
    one = wanted("herds")
    two = Wanted(type(one.package)("herds", "2.0", one.package.root, one.package.inside), "2.0")
    library.read([one, two], quiet)
    told: list[str] = []

    with library.opened([two], lambda name, done, of: told.append(name)) as opened:
        versions = {each.chunk.document.partition("/")[0] for each in opened.search(ASKED, [two])}

    assert versions == {"herds 2.0"}
    assert told == []
    assert sorted(library.known()) == ["herds", "herds 2.0"]


def test_what_is_forgotten_is_read_again(library: Library, herds: Path) -> None:
    """Every version goes; the next question brings back what it needs."""
    library.read([wanted("herds")], quiet)

    assert library.forget(["herds"]) > 5
    assert library.known() == {}
    assert found(library, [wanted("herds")])[0] == "herds.count_giraffes"


@pytest.mark.parametrize("name", ["documents.db", "lexical", "dense"])
def test_a_damaged_library_is_read_anew(library: Library, herds: Path, name: str) -> None:
    """Whatever file is damaged, the answer is the same and nobody is asked to do anything."""
    before = found(library, [wanted("herds")])
    place = library.folder / name
    for file in [place] if place.is_file() else [each for each in place.rglob("*") if each.is_file()]:
        file.write_bytes(b"\xff" * max(64, file.stat().st_size // 2))

    assert found(library, [wanted("herds")]) == before


KILLED = """
import sys, time
from victor_nb.assist.installed import wanted
from victor_nb.assist.library import Library
from pathlib import Path

def progress(name, done, of):
    print(done, flush=True)
    if done == 2:
        time.sleep(600)

Library(Path(sys.argv[1])).read([wanted("herds")], progress)
"""


def test_a_kill_while_a_package_is_read_leaves_nothing_half(library: Library, herds: Path) -> None:
    """The next question reads it whole."""
    with started(KILLED, library.folder, herds) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != "2":
            pass
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    assert library.known() == {}
    assert found(library, [wanted("herds")])[0] == "herds.count_giraffes"


ASKING = """
import sys
from victor_nb.assist import Assistant, shelves
from victor_nb.assist.places import Places
from pathlib import Path

kept = Path(sys.argv[1]).parent
assistant = Assistant(Places(kept / "packages", kept / "feedback.db", None))
for _ in range(5):
    answer = assistant.ask("count the giraffes of a herd", packages=["herds"])
    answer.accept(2)
    print(answer[1].name, flush=True)
"""


def test_processes_that_ask_at_once_all_get_answers(library: Library, herds: Path) -> None:
    """One of them reads the package, the others wait for it; no question is lost."""
    processes = [started(ASKING, library.folder, herds) for _ in range(3)]
    answers = [process.communicate(timeout=120)[0].split() for process in processes]

    assert all(len(names) == 5 for names in answers)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(library.known()) == 1
    kept = library.folder.parent
    assert Assistant(Places(kept / "packages", kept / "feedback.db", None)).feedback.counts().questions == 15


def test_a_library_that_is_cleared_all_the_time_answers_every_question(library: Library, herds: Path) -> None:
    """Whoever asks just then reads the package again; nobody is refused, and nothing is left at the end."""
    processes = [started(ASKING, library.folder, herds) for _ in range(3)]
    while any(process.poll() is None for process in processes):
        library.clear()
    answers = [process.communicate(timeout=120)[0].split() for process in processes]

    assert all(len(names) == 5 for names in answers)
    assert [process.returncode for process in processes] == [0, 0, 0]
    library.clear()
    assert library.known() == {}
    assert found(library, [wanted("herds")])[0] == "herds.count_giraffes"


def test_clearing_waits_for_who_has_it(library: Library, herds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two minutes it says who is in the way; nothing is half taken away."""
    library.read([wanted("herds")], quiet)
    monkeypatch.setattr(shelves, "WRITERS_PATIENCE_S", 0.1)
    with started(HOLDING, library.folder, herds) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "open"
        with pytest.raises(IndexInUse):
            library.clear()
        process.kill()

    assert sorted(library.known()) == ["herds"]
    library.clear()
    assert library.bytes() == 0


def test_a_reader_does_not_wait_for_a_writer(library: Library, herds: Path) -> None:
    """Who only searches reads beside a process that has the index for itself."""
    library.read([wanted("herds")], quiet)
    with started(HOLDING, library.folder, herds) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "open"

        with reading(library.folder) as shelf:
            assert shelf.read_only
        assert found(library, [wanted("herds")])[0] == "herds.count_giraffes"
        process.kill()


HOLDING = """
import sys, time
from pathlib import Path
from victor_nb.assist.shelves import writing

with writing(Path(sys.argv[1])):
    print("open", flush=True)
    time.sleep(600)
"""


def started(script: str, folder: Path, herds: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(herds.parent), str(ROOT)])
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_places_are_the_machine_s_unless_one_wants_otherwise(tmp_path: Path) -> None:
    """Shared ones are the user's folders of cache and data; local ones lie in the project."""
    shared, local = places_of(tmp_path / ".victor", shared=True), places_of(tmp_path / ".victor", shared=False)

    assert shared.packages == tmp_path / "cache" / "victor-nb" / "docs" / "packages"
    assert shared.feedback == tmp_path / "data" / "victor-nb" / "docs" / "feedback.db"
    assert local.packages == tmp_path / ".victor" / "docs" / "packages"
    assert shared.project == local.project == tmp_path / ".victor" / "docs" / "project"
    assert shared.note == local.note == ""


def test_a_home_that_cannot_be_written_is_told_and_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First into the project, and where that cannot be written either, into a temporary folder."""
    (tmp_path / "file").write_text("no folder can be made below a file, by nobody")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "cache"))

    own = places_of(tmp_path / ".victor", shared=True)
    assert own.packages == tmp_path / ".victor" / "docs" / "packages"
    assert "cannot be written" in own.note

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    nowhere = places_of(tmp_path / "file" / ".victor", shared=True)
    assert nowhere.packages.is_relative_to(tmp_path / "temporary")
    assert nowhere.project is not None
    assert can_write(nowhere.project)


def test_a_damaged_file_of_lessons_is_put_aside(assistant: Assistant, places: Places) -> None:
    """It is a user's data: nothing deletes it, and the assistant goes on."""
    assistant.ask(ASKED, packages=["herds"]).accept(1)
    for file in places.feedback.parent.glob("feedback.db*"):
        file.write_bytes(b"nothing that was ever a database" * 100)

    answer = assistant.ask(ASKED, packages=["herds"])

    assert answer[1].name == "herds.count_giraffes"
    assert places.feedback.with_name("feedback.db.damaged").is_file()


def test_one_writer_has_it_alone(library: Library) -> None:
    """A thread that has it open can open it again only when it lets go."""
    with writing(library.folder) as shelf:
        assert not shelf.read_only
    with writing(library.folder) as shelf:
        assert shelf.documents.count() == (0, 0)
