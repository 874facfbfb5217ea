"""What an index survives: kills, damage, other versions, other cores, other processes, a full disk, and long use."""

from __future__ import annotations

import gc
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.retrieval.made import NOTES, Counting, Turned
from victor_nb import Index
from victor_nb.errors import VictorError
from victor_nb.retrieval import ClosedIndex, CorruptIndex, IndexInUse, NewerIndex, NothingThere, UnusableFile
from victor_nb.retrieval import core as seam
from victor_nb.retrieval.storing.arms import Arms
from victor_nb.retrieval.storing.database import FORMAT, LOCK, NAME

pytestmark = pytest.mark.usefixtures("each_core")


def begun(program: str, *args: object) -> subprocess.Popen[str]:
    """Start a program of the test beside it; it inherits the choice of the core."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_in_step(index: Index) -> bool:
    """Answer whether both arms find every chunk there is, and no other."""
    chunks = index.describe()["chunks"]
    common = {hit.id for hit in index.search("common", k=100_000, mode="lexical")}
    near = {hit.id for hit in index.search("common", k=100_000, mode="dense")}
    return len(common) == len(near) == chunks == len(index)


ADDING = """
import sys
from victor_nb import Index
index = Index(sys.argv[1])
for turn in range(10_000):
    index.add([{"id": f"{turn}-{n}", "text": f"common word{turn} number{n}"} for n in range(10)])
    index.delete(f"{turn}-9")
    if turn % 7 == 0:
        index.save()
    print(turn, flush=True)
"""


@pytest.mark.parametrize("after", [0, 5, 17])
def test_a_kill_in_the_middle_of_adding_loses_nothing(tmp_path, after):
    """What `add` returned for is there; what was on its way is there whole or not at all."""
    writer = begun(ADDING, tmp_path / "i")
    turn = -1
    while turn < after:
        turn = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.communicate()

    with Index(tmp_path / "i") as index:
        ids = {hit.id for hit in index.search("common", k=100_000, mode="lexical")}
        assert is_in_step(index)
        for done in range(after + 1):
            assert {f"{done}-{n}" for n in range(9)} <= ids
            assert f"{done}-9" not in ids
        turns = {name.partition("-")[0] for name in ids}
        assert all(sum(name.startswith(f"{each}-") for name in ids) in (9, 10) for each in turns)


UPDATING = """
import sys
from pathlib import Path
from victor_nb import Index
folder = Path(sys.argv[2])
index = Index(sys.argv[1])
index.add_folder(folder)
for turn in range(10_000):
    for file in folder.iterdir():
        file.write_text(f"common turn{turn} {file.stem}")
    index.update()
    print(turn, flush=True)
"""


@pytest.mark.parametrize("after", [1, 6])
def test_a_kill_in_the_middle_of_an_update_is_mended_by_the_next(tmp_path, after):
    """Each file is there once, as it was or as it is; an update brings all to what they are."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(30):
        (folder / f"file{number}.txt").write_text("common at first")
    writer = begun(UPDATING, tmp_path / "i", folder)
    turn = -1
    while turn < after:
        turn = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.communicate()

    for file in folder.iterdir():
        file.write_text(f"common at last {file.stem}")
    with Index(tmp_path / "i") as index:
        assert is_in_step(index)
        index.update()
        assert is_in_step(index)
        assert all("at last" in hit.text for hit in index.search("common", k=100))


GATHERING = """
import os, signal, sys
from victor_nb import Index
from victor_nb.retrieval.storing import arms

index, folder, arm, moment = sys.argv[1:]
arms.LEAST_TAIL = 10
opened = Index(index)
kind = type(getattr(opened._shelf.arms, arm))
compact = kind.compact

def dying(self):
    if moment == "after":
        compact(self)
    os.kill(os.getpid(), signal.SIGKILL)

kind.compact = dying
opened.add_folder(folder)
"""


@pytest.mark.parametrize("arm", ["_lexical", "_dense"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_while_a_folder_is_made_one_piece_loses_nothing(tmp_path, arm, moment):
    """The folder is there; adding it again finds nothing to do and leaves both arms in step."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(30):
        (folder / f"file{number}.txt").write_text(f"common file{number}")
    writer = begun(GATHERING, tmp_path / "i", folder, arm, moment)
    _, told = writer.communicate(timeout=60)
    assert writer.returncode == -signal.SIGKILL, told

    with Index(tmp_path / "i") as index:
        assert len(index) == 30
        assert is_in_step(index)
        assert not index.add_folder(folder)
        assert is_in_step(index)


def stored(folder: Path) -> list[Path]:
    """Return the files of both arms."""
    return sorted(path for arm in ("lexical", "dense") for path in (folder / arm).rglob("*") if path.is_file())


def many(folder: Path) -> list[tuple[str, float]]:
    """Make an index with segments on disk and return what a search of it finds."""
    with Index(folder) as index:
        index.add([{"id": str(n), "text": f"common giraffe{n % 50} number{n}"} for n in range(400)])
        return found(index)


def found(index: Index) -> list[tuple[str, float]]:
    return [(hit.id, round(hit.score, 4)) for hit in index.search("giraffe7 number57", k=20)]


DAMAGE = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "garbage": lambda data: bytes(255 - byte for byte in data),
    "flipped": lambda data: (
        data[: len(data) // 2] + bytes(255 - byte for byte in data[len(data) // 2 :][:1]) + data[len(data) // 2 + 1 :]
    ),
    "longer": lambda data: data + b"\0" * 100,
    "of a later version": lambda data: data[:8] + (99).to_bytes(4, "little") + data[12:],
    "gone": None,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_files_are_built_anew_from_the_documents(tmp_path, damage):
    """Any file of either arm, however it is damaged: the same hits as before, and no error."""
    before = many(tmp_path / "i")
    assert stored(tmp_path / "i")
    for number in range(len(stored(tmp_path / "i"))):
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(tmp_path / "i", tmp_path / "copy")
        file = stored(tmp_path / "copy")[number]
        if DAMAGE[damage] is None:
            file.unlink()
        else:
            file.write_bytes(DAMAGE[damage](file.read_bytes()))
        with Index(tmp_path / "copy") as index:
            assert found(index) == before, file
            assert is_in_step(index), file


def test_arms_that_are_not_folders_or_not_there_are_made(tmp_path):
    """Whatever lies where they should be."""
    before = many(tmp_path / "i")
    shutil.rmtree(tmp_path / "i/lexical")
    shutil.rmtree(tmp_path / "i/dense")
    (tmp_path / "i/dense").write_text("in the way")

    with Index(tmp_path / "i") as index:
        assert found(index) == before


def test_files_of_the_other_core_are_built_anew(tmp_path, each_core, monkeypatch, compiled):
    """What one core wrote is found by the other, and by the first again."""
    before = many(tmp_path / "i")
    for name in ("twin" if each_core == "compiled" else "compiled", each_core):
        monkeypatch.setenv(seam.CHOICE, name)
        gc.collect()
        seam.core.cache_clear()
        with Index(tmp_path / "i") as index:
            assert index.describe()["core"] == name
            assert [name for name, _ in found(index)][:3] == [name for name, _ in before][:3]
            assert is_in_step(index)
            index.add([{"id": f"by {name}", "text": "common"}])


def test_arms_older_or_newer_than_the_documents_are_brought_in_step(tmp_path):
    """A folder put together from two backups: what is too old catches up, what knows too much is built anew."""
    with Index(tmp_path / "i") as index:
        index.add([{"id": str(n), "text": f"common {n}"} for n in range(30)])
    shutil.copytree(tmp_path / "i", tmp_path / "early")
    with Index(tmp_path / "i") as index:
        index.add([{"id": str(n), "text": f"common again {n}"} for n in range(20, 60)])
        index.delete([str(n) for n in range(5)])
        index.save()

    for documents, arms in (("i", "early"), ("early", "i")):
        mixed = tmp_path / f"{documents}-{arms}"
        shutil.copytree(tmp_path / documents, mixed)
        for arm in ("lexical", "dense"):
            shutil.rmtree(mixed / arm)
            shutil.copytree(tmp_path / arms / arm, mixed / arm)
        with Index(mixed) as index:
            assert is_in_step(index)
            assert len(index) == (55 if documents == "i" else 30)


def use(folder: Path) -> None:
    """Open an index, read everything and write something."""
    with Index(folder) as index:
        index.search("common", k=1_000)
        index.add(NOTES)


@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_a_damaged_journal_of_documents_is_told(tmp_path, damage):
    """There is nothing to build it from: an error of ours with what to do, and the file stays as it is."""
    many(tmp_path / "i")
    file = tmp_path / "i" / NAME
    file.write_bytes(DAMAGE[damage](file.read_bytes()))
    before = file.read_bytes()

    with pytest.raises(CorruptIndex, match="add the documents again"):
        use(tmp_path / "i")
    assert file.read_bytes()[: len(before)] == before


def test_an_index_of_a_later_version_is_left_alone(tmp_path):
    """It says which version would be needed, and writes nothing."""
    many(tmp_path / "i")
    with sqlite3.connect(tmp_path / "i" / NAME) as database:
        database.execute(f"PRAGMA user_version = {FORMAT + 1}")
    database.close()

    with pytest.raises(NewerIndex, match="pip install"):
        Index(tmp_path / "i")


def test_a_database_of_something_else_is_left_alone(tmp_path):
    """A file that happens to have the name is not written into."""
    with sqlite3.connect(tmp_path / NAME) as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()

    with pytest.raises(CorruptIndex, match="something else"):
        Index(tmp_path)


HOLDING = """
import sys
from victor_nb import Index
index = Index(sys.argv[1])
index.add([{"id": "first", "text": "common first"}])
print("open", flush=True)
for line in sys.stdin:
    index.add([{"id": line.strip(), "text": f"common {line}"}])
    index.delete("first")
    print("added", flush=True)
"""


def test_a_second_process_may_read_and_not_write(tmp_path):
    """Writing is refused with what to do; reading sees what the writer commits; a death lets go of the lock."""
    writer = begun(HOLDING, tmp_path / "i")
    assert writer.stdout.readline() == "open\n"
    with pytest.raises(IndexInUse, match="read_only=True"):
        Index(tmp_path / "i")

    reader = Index.open(tmp_path / "i", read_only=True)
    assert [hit.id for hit in reader.search("common")] == ["first"]
    writer.stdin.write("second\n")
    writer.stdin.flush()
    assert writer.stdout.readline() == "added\n"
    assert [hit.id for hit in reader.search("common")] == ["second"]
    with pytest.raises(ClosedIndex, match="reading only"):
        reader.add(NOTES)
    reader.close()

    writer.kill()
    writer.communicate()
    with Index(tmp_path / "i") as index:
        assert is_in_step(index)


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_a_search_is_of_one_state_whatever_is_written_meanwhile(tmp_path, monkeypatch, mode):
    """What was found is still there to be shown, though the writer has deleted it; the next search knows."""
    with Index(tmp_path / "i") as writer, Index.open(tmp_path / "i", read_only=True) as reader:
        writer.add([{"id": "first", "text": "common first"}])
        search = Arms.search

        def search_and_change(arms, *asked):
            found = search(arms, *asked)
            writer.delete("first")
            writer.add([{"id": "second", "text": "common second"}])
            return found

        monkeypatch.setattr(Arms, "search", search_and_change)
        assert [hit.id for hit in reader.search("common", mode=mode)] == ["first"]
        monkeypatch.undo()
        assert [hit.id for hit in reader.search("common", mode=mode)] == ["second"]


def test_what_is_written_while_an_index_is_opened_to_read_is_found(tmp_path, monkeypatch):
    """Opening reads everything, and what is committed just then is caught up with by the first search."""
    with Index(tmp_path / "i") as writer:
        writer.add([{"id": "first", "text": "common first"}])
        catch_up = Arms.catch_up

        def catch_up_and_write(arms):
            catch_up(arms)
            monkeypatch.undo()
            writer.add([{"id": "second", "text": "common second"}])
            writer.delete("first")

        monkeypatch.setattr(Arms, "catch_up", catch_up_and_write)
        with Index.open(tmp_path / "i", read_only=True) as reader:
            assert [hit.id for hit in reader.search("common")] == ["second"]


READING = """
import sys
from victor_nb import Index
with Index.open(sys.argv[1], read_only=True) as index:
    print("open", flush=True)
    for turn in range(1500):
        mode = ("hybrid", "lexical", "dense")[turn % 3]
        assert all(hit.text.startswith("common") for hit in index.search("common", mode=mode))
"""


def test_readers_beside_a_writer_that_replaces_all_the_time_always_get_answers(tmp_path):
    """Documents come and go, arms are merged; no search meets half of it."""
    with Index(tmp_path / "i") as writer:
        writer.add([{"id": f"{n}", "text": f"common first{n}"} for n in range(50)])
        readers = [begun(READING, tmp_path / "i") for _ in range(2)]
        assert [reader.stdout.readline() for reader in readers] == ["open\n"] * 2
        turn = 0
        while any(reader.poll() is None for reader in readers):
            turn += 1
            writer.add([{"id": f"{turn * 7 % 50}", "text": f"common word{turn}"}])
            writer.delete(f"{turn * 11 % 50}")
        assert [reader.communicate()[1] for reader in readers] == ["", ""]


def test_an_index_that_is_only_begun_is_not_read(tmp_path):
    """Its writer has made the file, and not yet its tables."""
    (tmp_path / "documents.db").touch()
    with pytest.raises(NothingThere, match=r"not been made yet[\s\S]*Index\(path\)"):
        Index.open(tmp_path, read_only=True)


@pytest.mark.parametrize("moment", ["catch_up", "_add_words", "_add_vectors"])
def test_an_interrupted_call_loses_nothing_that_it_wrote(tmp_path, monkeypatch, moment):
    """What the journal has by then, the next search finds; a person who stopped a cell need not know of arms."""
    with Index(tmp_path / "i") as index:
        index.add([{"id": "first", "text": "common first"}, {"id": "second", "text": "common second"}])

        def interrupted(*_):
            monkeypatch.undo()
            raise KeyboardInterrupt

        monkeypatch.setattr(Arms, moment, interrupted)
        with pytest.raises(KeyboardInterrupt):
            index.add([{"id": "first", "text": "common again"}, {"id": "third", "text": "common third"}])

        assert is_in_step(index)
        assert {hit.text for hit in index.search("common")} == {"common again", "common second", "common third"}


@pytest.mark.parametrize("moment", ["catch_up", "_add_words", "_add_vectors"])
def test_a_reader_that_was_interrupted_catches_up_all_the_same(tmp_path, monkeypatch, moment):
    """What it had begun to take in, it finishes with the next search."""
    with Index(tmp_path / "i") as writer, Index.open(tmp_path / "i", read_only=True) as reader:
        writer.add([{"id": "first", "text": "common first"}])

        def interrupted(*_):
            monkeypatch.undo()
            raise KeyboardInterrupt

        monkeypatch.setattr(Arms, moment, interrupted)
        with pytest.raises(KeyboardInterrupt):
            reader.search("common")
        assert [hit.id for hit in reader.search("common")] == ["first"]
        assert is_in_step(reader)


class Failing(Counting):
    """An embedder that does not get to the end of many texts."""

    def __init__(self, problem):
        super().__init__("failing", dimension=48)
        self._problem = problem

    def embed(self, texts):
        if len(texts) > 1:
            raise self._problem
        return super().embed(texts)


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), RuntimeError("the provider is down")])
def test_an_embedder_that_fails_leaves_the_former_one(tmp_path, problem):
    """A change of embedders that came to nothing is none, now and after the next opening."""
    with Index(tmp_path / "i", embedder="hashing") as index:
        index.add([{"id": f"{n}", "text": f"common word{n}"} for n in range(20)])
        name, before = index.embedder.name, [(hit.id, hit.score) for hit in index.search("word7", mode="dense")]
        with pytest.raises((KeyboardInterrupt, VictorError, RuntimeError)):
            Index(tmp_path / "i", embedder=Failing(problem))

        assert index.embedder.name == name
        assert [(hit.id, hit.score) for hit in index.search("word7", mode="dense")] == before
        assert is_in_step(index)
    with Index(tmp_path / "i") as index:
        assert index.embedder.name == name
        assert [(hit.id, hit.score) for hit in index.search("word7", mode="dense")] == before


CHANGING = """
import os, signal, sys
from tests.retrieval.made import Turned
from victor_nb import Index
from victor_nb.retrieval.storing.arms import Arms
from victor_nb.retrieval.storing.store import Documents

index = Index(sys.argv[1], embedder=Turned("first", 5))
index.add([{"id": f"{n}", "text": f"common word{n}"} for n in range(20)])
moment = {"dense begun": (Arms, "catch_up"), "embedded": (Arms, "settle"), "settled": (Documents, "note")}[sys.argv[2]]
known, calls = getattr(*moment), []

def dying(self, *asked, **facts):
    if moment[1] != "note" or facts.get("embedder") == "second":
        os.kill(os.getpid(), signal.SIGKILL)
    known(self, *asked, **facts)

setattr(*moment, dying)
Index(sys.argv[1], embedder=Turned("second", 9))
"""


@pytest.mark.parametrize("moment", ["dense begun", "embedded", "settled"])
@pytest.mark.parametrize("then", [Turned("first", 5), Turned("second", 9)], ids=["back", "on"])
def test_a_kill_while_the_embedder_changes_leaves_no_vectors_of_another(tmp_path, moment, then):
    """Whichever is given next, every vector is its own."""
    process = begun(CHANGING, tmp_path / "i", moment)
    _, told = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, told

    with Index(tmp_path / "i", embedder=then) as index:
        assert is_in_step(index)
        for number in range(20):
            (best,) = index.search(f"common word{number}", k=1, mode="dense")
            assert (best.id, best.score) == (f"{number}", pytest.approx(1, abs=0.02))


FILLING = """
import resource, signal, sys
from victor_nb import Index
from victor_nb.errors import VictorError
index = Index(sys.argv[1])
index.add([{"id": str(n), "text": f"common {n}"} for n in range(20)])
index.save()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
try:
    for turn in range(100):
        text = " ".join(f"word{turn}x{n}" for n in range(2_000))
        index.add([{"id": f"{turn}-{n}", "text": f"common {n} {text}"} for n in range(5)])
        print(turn, flush=True)
    index.save()
except VictorError as problem:
    print(type(problem).__name__, flush=True)
print(len(index.search("common", k=100_000)) > 0, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
index.add([{"id": "after", "text": "common after"}])
index.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits for files there")
def test_a_full_disk_is_told_and_loses_nothing(tmp_path):
    """What was acknowledged stays, searching goes on, and adding works again when there is room."""
    filler = begun(FILLING, tmp_path / "i")
    said, problems = filler.communicate()
    assert filler.returncode == 0, problems
    *turns, error, searched = said.split()

    assert error == "UnusableFile"
    assert searched == "True"
    with Index(tmp_path / "i") as index:
        assert is_in_step_of_documents(index)
        assert {"0", "19", "after"} <= {name for name in map(str, [*range(20), "after"]) if name in index}
        assert all(f"{turn}-{n}" in index for turn in turns for n in range(5))


def is_in_step_of_documents(index: Index) -> bool:
    """As `is_in_step`, for documents of several chunks."""
    ids = {hit.id for hit in index.search("common", k=100_000, mode="lexical")}
    return len(ids) == len(index) and len({hit.id for hit in index.search("common", k=100_000, mode="dense")}) == len(
        ids
    )


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    """A file in the way, or a lock that is none."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnusableFile):
        Index(tmp_path / "file")
    (tmp_path / "i" / LOCK).mkdir(parents=True)
    with pytest.raises(UnusableFile):
        Index(tmp_path / "i")


def test_memory_is_flat_over_ten_thousand_updates(tmp_path):
    """Documents that are replaced over and over leave nothing behind, neither in memory nor on disk."""
    index = Index(tmp_path / "i")
    process = psutil.Process()

    def update(turns: range) -> None:
        for turn in turns:
            index.add([{"id": str(turn % 50), "text": f"common version{turn % 997} about topic{turn % 13}"}])
            if turn % 20 == 0:
                index.search(f"topic{turn % 13}")
        gc.collect()

    update(range(3_000))
    before = process.memory_info().rss
    update(range(3_000, 10_000))

    assert process.memory_info().rss - before < 16_000_000
    assert is_in_step(index)
    index.close()
    assert sum(path.stat().st_size for path in (tmp_path / "i").rglob("*") if path.is_file()) < 8_000_000
