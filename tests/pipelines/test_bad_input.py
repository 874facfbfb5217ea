"""What a whole pipeline does with bad places and bad notebooks: the error names node and cause, all else goes on."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.pipelines.conftest import Place
from tests.pipelines.made import code
from tests.pipelines.nodes import statuses
from victor_nb.errors import VictorError
from victor_nb.pipelines import PipelineFailed, PipelineResult, compute, notebook

MEGABYTE = 1_000_000


def failure(result: PipelineResult, member: str) -> VictorError:
    """What a member failed with."""
    error = next(one.error for one in result.nodes if one.id == member)
    assert error is not None
    return error


@contextmanager
def mounted(folder: Path, *how: str) -> Iterator[Path]:
    """A folder that is a file system of its own while the block lasts."""
    folder.mkdir(exist_ok=True)
    if subprocess.run(["mount", *how, str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("file systems can be mounted by root on Linux only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """A folder that nobody can write to, root neither."""
    if os.geteuid():
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    with mounted(folder, "--bind", "-o", "ro", str(folder)) as bound:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield bound


@pytest.fixture
def small(place: Place, tmp_path: Path) -> Iterator[Place]:
    """A folder on a disk of four megabytes; the journal is elsewhere."""
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=4m", "tmpfs") as folder:
        yield Place(folder, place.journal)


# -- places ------------------------------------------------------------------------------------------------------------


def test_notebooks_in_a_folder_that_is_read_only_are_run_from_another(place):
    """What is made of them is kept beside the pipeline, never beside them."""
    source, own = place.path / "source", place.path / "own"
    source.mkdir()
    own.mkdir()
    Place(source, place.journal).notebook("book.ipynb", "open('made.txt', 'w').write('x')")
    with read_only(source):
        result = Place(own, place.journal).run(notebook("../source/book.ipynb", outputs="made.txt"))

        assert result.status == "finished"
        assert (own / "made.txt").exists()
        assert os.listdir(source) == ["book.ipynb"]


def test_a_pipeline_whose_own_folder_is_read_only_says_so_before_a_cell_runs(place):
    """It is told for each node; the run is recorded where the journal is."""
    own, mark = place.path / "own", place.path / "ran"
    own.mkdir()
    inside = Place(own, place.journal)
    inside.notebook("book.ipynb", f"open({str(mark)!r}, 'w')")
    with read_only(own), pytest.raises(PipelineFailed) as failed:
        inside.run(notebook("book.ipynb"), compute(os.getpid, "number"))

    result = failed.value.result
    assert statuses(result) == {"book": "failed", "number": "failed"}
    assert "book" in f"{failure(result, 'book')}"
    assert "cannot be saved" in failure(result, "book").what
    assert failure(result, "number").what.startswith("what number made cannot be kept: ")
    assert str(own.resolve()) in failure(result, "number").where
    assert not mark.exists()
    assert place.journal.find(result.run_id).status == "failed"


def fill(small: Place, *, but: int) -> Path:
    """Fill a disk up to some bytes; return the file that does."""
    filler = small.path / "filler"
    free = os.statvfs(small.path).f_bavail * os.statvfs(small.path).f_frsize
    filler.write_bytes(bytes(free - but))
    return filler


def test_an_output_for_whose_copy_there_is_no_room_fails_its_node_alone(small):
    """The output stays; with room again, the run goes on with what is not finished."""
    small.notebook("write.ipynb", f"open('big.bin', 'wb').write(bytes({MEGABYTE}))")
    nodes = [notebook("write.ipynb", outputs="big.bin"), compute(os.getpid, "number")]
    filler = fill(small, but=1_500_000)

    with pytest.raises(PipelineFailed) as failed:
        small.run(*nodes)

    result = failed.value.result
    assert statuses(result) == {"write": "failed", "number": "finished"}
    assert failure(result, "write").what == "what write made cannot be kept: No space left on device"
    assert (small.path / "big.bin").stat().st_size == MEGABYTE
    assert list(small.path.rglob("*.part")) == []
    filler.unlink()
    assert statuses(small.run(*nodes, run_id=result.run_id)) == {"write": "finished", "number": "finished"}


def test_a_value_for_which_there_is_no_room_fails_its_node_alone(small):
    """No half of an entry is left, and the run can go on."""
    nodes = [compute(lambda: os.urandom(MEGABYTE), "bytes"), compute(os.getpid, "number")]
    filler = fill(small, but=MEGABYTE // 2)

    with pytest.raises(PipelineFailed, match="what bytes made cannot be kept: No space left") as failed:
        small.run(*nodes)

    assert statuses(failed.value.result) == {"bytes": "failed", "number": "finished"}
    assert list(small.path.rglob("*.part")) == []
    filler.unlink()
    assert len(small.run(*nodes, run_id=failed.value.result.run_id)["bytes"]) == MEGABYTE


def test_an_executed_notebook_for_which_there_is_no_room_fails_its_node_alone(small):
    """The notebook is named, and a whole one of before is there."""
    small.notebook("talk.ipynb", f"print('x' * {MEGABYTE // 2})", "print('y' * 100)")
    nodes = [notebook("talk.ipynb"), compute(os.getpid, "number")]
    filler = fill(small, but=MEGABYTE // 5)

    with pytest.raises(PipelineFailed, match="No space left on device") as failed:
        small.run(*nodes)

    result = failed.value.result
    assert statuses(result) == {"talk": "failed", "number": "finished"}
    assert "talk.ipynb" in str(failure(result, "talk"))
    [executed] = (small.path / ".victor").rglob("talk.ipynb")
    assert len(json.loads(executed.read_text())["cells"]) == 2
    filler.unlink()
    assert statuses(small.run(*nodes, run_id=result.run_id))["talk"] == "finished"


def test_names_with_spaces_accents_and_links_are_names_like_others(place):
    """Of folders, notebooks, files and values of a matrix."""
    folder = place.path / "a folder" / "Prüfung"
    folder.mkdir(parents=True)
    inside = Place(folder, place.journal)
    inside.notebook(
        "01 messen & wägen.ipynb", code("art = ''", "parameters"), "open(f'größe {art}.txt', 'w').write(art)"
    )
    (folder / "link.ipynb").symlink_to(folder / "01 messen & wägen.ipynb")

    result = inside.run(
        notebook("01 messen & wägen.ipynb", "messen", matrix={"art": ["süß sauer", "x:y"]}),
        notebook("link.ipynb", after="messen", parameters={"art": "{{ messen[0].art }}"}, outputs="größe *.txt"),
    )

    assert result.status == "finished"
    assert (folder / "größe x:y.txt").read_text() == "x:y"
    assert all(Path(one.notebook).exists() for one in result.nodes)


def test_a_notebook_that_removes_its_own_folder_hurts_no_other(place):
    """It may come to its end or not; the others do, and the run says what became of each."""
    (place.path / "own").mkdir()
    place.notebook("own/gone.ipynb", "import shutil\nshutil.rmtree('own')", "x = 1")

    result = place.run(notebook("own/gone.ipynb"), compute(os.getpid, "rows"))

    assert statuses(result) == {"gone": "finished", "rows": "finished"}


def test_a_folder_that_is_a_link_is_the_folder_that_it_leads_to(place):
    """What was made by the one name is in the cache by the other."""
    real, link = place.path / "real folder", place.path / "verknüpft"
    real.mkdir()
    link.symlink_to(real, target_is_directory=True)
    (place.path / "elsewhere").mkdir()
    Place(place.path / "elsewhere", place.journal).notebook("book.ipynb", "open('made.txt', 'w').write('x')")
    (real / "book.ipynb").symlink_to(place.path / "elsewhere" / "book.ipynb")

    first = Place(link, place.journal).run(notebook("book.ipynb", outputs="made.txt"))
    second = Place(real, place.journal).run(notebook("book.ipynb", outputs="made.txt"))

    assert (statuses(first), statuses(second)) == ({"book": "finished"}, {"book": "cached"})
    assert (real / "made.txt").exists()


def test_a_notebook_that_removes_the_folder_of_its_pipeline_loses_nothing_that_is_recorded(place):
    """The run comes to its end; what can no longer be read is an error of the node that needs it."""
    own = place.path / "own"
    own.mkdir()
    inside = Place(own, place.journal)
    inside.notebook("gone.ipynb", "import os, shutil\nshutil.rmtree(os.getcwd())", "print('after')")
    inside.notebook("next.ipynb", "x = 1")

    with pytest.raises(PipelineFailed) as failed:
        inside.run(notebook("gone.ipynb"), notebook("next.ipynb", after="gone"), compute(os.getpid, "number"))

    result = failed.value.result
    assert statuses(result) == {"gone": "finished", "next": "failed", "number": "finished"}
    assert "next.ipynb" in str(failure(result, "next"))
    assert "after" in Path(result.nodes[0].notebook).read_text()


# -- notebooks ---------------------------------------------------------------------------------------------------------


def test_a_cell_that_prints_very_much_keeps_notebook_and_memory_small(place):
    """All of it is in a file beside the executed notebook, which names it."""
    place.notebook("talk.ipynb", "for n in range(20): print('x' * 999_999)", "print('after')")

    result = place.run(notebook("talk.ipynb"), compute(os.getpid, "number"))

    executed = Path(result.nodes[0].notebook)
    whole = executed.with_suffix(".outputs") / "cell-1.txt"
    assert result.status == "finished"
    assert executed.stat().st_size < 5 * MEGABYTE
    assert str(whole) in executed.read_text()
    assert whole.stat().st_size == 20 * MEGABYTE


def test_a_kernel_that_is_not_installed_fails_its_branch_alone(place):
    """So does a notebook that names none; each error names its notebook."""
    place.notebook("good.ipynb", "x = 1")
    book = json.loads((place.path / "good.ipynb").read_text())
    (place.path / "nameless.ipynb").write_text(json.dumps({**book, "metadata": {}}))

    with pytest.raises(PipelineFailed) as failed:
        place.run(
            notebook("good.ipynb", "wrong", kernel="python33", after=[]),
            notebook("nameless.ipynb", after=[]),
            notebook("good.ipynb", after=[]),
            compute(os.getpid, "needing", after="wrong"),
        )

    result = failed.value.result
    assert statuses(result) == {"wrong": "failed", "nameless": "failed", "good": "finished", "needing": "skipped"}
    assert "Did you mean 'python3'?" in failure(result, "wrong").what
    assert "does not say in which kernel" in failure(result, "nameless").what
    assert failure(result, "nameless").where.endswith("nameless.ipynb")


def test_a_notebook_without_a_parameters_cell_is_given_its_parameters_on_top(place):
    """As papermill does; an error names the cell as the executed notebook counts it."""
    place.notebook("use.ipynb", "assert n == 3, n", "print(n + missing)")

    with pytest.raises(PipelineFailed, match=r"use\.ipynb, cell 3: print\(n") as failed:
        place.run(notebook("use.ipynb", parameters={"n": 3}), compute(os.getpid, "number"))

    result = failed.value.result
    assert statuses(result) == {"use": "failed", "number": "finished"}
    assert "name 'missing' is not defined" in failure(result, "use").what
