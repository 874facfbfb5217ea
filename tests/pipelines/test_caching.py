"""What was made from the same before is not made again, and a run says why it made what it made."""

from __future__ import annotations

import json
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.pipelines.made import code, markdown
from tests.pipelines.made import notebook as made_notebook
from victor_nb.pipelines import PipelineFailed, compute, notebook
from victor_nb.pipelines.caching.cache import Cache


def whys(result) -> dict[str, str]:
    """Why each member ran, or was taken."""
    return {one.id: one.why for one in result.nodes}


def cached(result) -> list[str]:
    """The members that were taken from the cache."""
    return [one.id for one in result.nodes if one.status == "cached"]


class Writer:
    """A node's function that writes a file, and counts how often."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.times = folder, 0

    def node(self, text: str = "a,b\n", **options: object):
        """Return the node, whose output is out.csv."""

        def write(text: str) -> int:
            self.times += 1
            (self.folder / "out.csv").write_text(text)
            return len(text)

        return compute(write, parameters={"text": text}, outputs="out.csv", **options)


@pytest.fixture
def writer(place) -> Writer:
    return Writer(place.path)


def test_what_did_not_change_comes_from_the_cache_with_its_value(place, writer):
    """The second run does nothing, and says from which run it has everything."""
    first = place.run(writer.node())
    second = place.run(writer.node())

    assert (writer.times, second["write"], cached(second)) == (1, 4, ["write"])
    assert whys(second) == {"write": f"nothing changed since run {first.run_id}"}


def test_a_cached_node_restores_outputs_that_are_gone_or_damaged(place, writer):
    """Whoever needs the file finds it as it was."""
    place.run(writer.node())
    for damage in (lambda path: path.unlink(), lambda path: path.write_text("x")):
        damage(place.path / "out.csv")
        result = place.run(writer.node())
        assert (place.path / "out.csv").read_text() == "a,b\n"
        assert whys(result)["write"].endswith("; restored out.csv")
    assert writer.times == 1


def test_a_node_whose_kept_output_is_damaged_runs_again(place, writer):
    """A damaged copy is never given out."""
    place.run(writer.node())
    (place.path / "out.csv").unlink()
    for kept in (place.path / ".victor" / "pipelines" / "demo" / "kept").glob("*/*"):
        kept.write_text("damaged")

    result = place.run(writer.node())

    assert writer.times == 2
    assert whys(result)["write"] == "its output out.csv is gone or damaged, and so is the kept copy"


@pytest.mark.parametrize("damage", [lambda kept: kept.write_text("damaged"), lambda kept: kept.unlink()])
def test_a_node_whose_kept_value_is_damaged_runs_again(place, damage):
    """Large parts of a value lie beside it."""
    times = []
    node = compute(lambda: [times.append(1), "x" * 200_000][1], "long")
    place.run(node)
    for kept in (place.path / ".victor" / "pipelines" / "demo" / "kept").glob("*/*"):
        damage(kept)

    result = place.run(node)

    assert (len(times), result["long"]) == (2, "x" * 200_000)
    assert cached(place.run(node)) == ["long"]


def test_what_is_cleaned_away_after_it_was_found_is_made_again(place, writer, monkeypatch):
    """Another process may clean at any instant."""
    place.run(writer.node())
    (place.path / "out.csv").unlink()
    find = Cache.find

    def find_and_clean(cache, *asked):
        found = find(cache, *asked)
        os.utime(kept := cache.kept.path(next(iter(found.damaged.values()))), (0, 0))
        assert cache.clean() > 0
        assert not kept.exists()
        return found

    monkeypatch.setattr(Cache, "find", find_and_clean)
    result = place.run(writer.node())

    assert (writer.times, (place.path / "out.csv").read_text()) == (2, "a,b\n")
    assert whys(result)["write"].startswith("the kept content ")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda w: w.node("longer\n"), "parameter text: 'a,b\\n' -> 'longer\\n'"),
        (lambda w: w.node(cache=False), "its cache is off"),
    ],
)
def test_the_first_difference_is_named(place, writer, change, why):
    """In words, with short values."""
    place.run(writer.node())

    assert whys(place.run(change(writer))) == {"write": why}
    assert writer.times == 2


def test_a_change_in_a_declared_input_is_seen(place):
    """By its content; a new date on it is no change."""
    data = place.path / "data.csv"
    data.write_text("1")

    def read() -> str:
        return data.read_text()

    place.run(compute(read, inputs="*.csv"))
    data.touch()
    assert cached(place.run(compute(read, inputs="*.csv"))) == ["read"]
    data.write_text("2")
    result = place.run(compute(read, inputs="*.csv"))

    assert (result["read"], whys(result)["read"]) == ("2", "input data.csv changed")


def test_a_value_that_comes_out_the_same_leaves_what_needs_it_cached(place):
    """Only what really changed spreads."""
    nodes = [
        compute(lambda: 7, "seven", cache=False),
        compute(lambda n: n + 1, "eight", parameters={"n": "{{ seven }}"}),
    ]
    place.run(*nodes)

    assert cached(place.run(*nodes)) == ["eight"]


def test_force_runs_a_node_whatever_the_cache_says(place, writer):
    """And says so."""
    place.run(writer.node())
    result = place.run(writer.node(), force="write")

    assert (writer.times, whys(result)["write"]) == (2, "it was asked to run anew")


def test_what_failed_is_not_kept(place):
    """A failed node runs again."""
    tries = []

    def flaky() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("no")
        return 1

    with pytest.raises(PipelineFailed):
        place.run(compute(flaky))
    assert cached(place.run(compute(flaky))) == []
    assert cached(place.run(compute(flaky))) == ["flaky"]


def test_a_run_that_goes_on_puts_back_what_its_finished_nodes_wrote(place, writer):
    """What is finished is not done again, and whoever comes next finds its files."""
    tries = []

    def read() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("down")
        return (place.path / "out.csv").read_text()

    nodes = [writer.node(), compute(read, inputs="out.csv")]
    with pytest.raises(PipelineFailed) as failed:
        place.run(*nodes)
    (place.path / "out.csv").unlink()

    assert place.run(*nodes, run_id=failed.value.result.run_id)["read"] == "a,b\n"
    assert writer.times == 1


def test_tables_come_back_from_the_cache_as_tables(place):
    """Values keep their types, long ones too."""
    import pandas

    def table() -> object:
        return {"frame": pandas.DataFrame({"x": range(100_000)}), "pair": (1, 2)}

    place.run(compute(table))
    result = place.run(compute(table))

    assert cached(result) == ["table"]
    assert result["table"]["frame"].x.sum() == sum(range(100_000))
    assert result["table"]["pair"] == (1, 2)


def test_words_and_comments_of_a_notebook_do_not_count_and_code_does(place):
    """Markdown, comments, outputs and ids may change; one number in the code may not."""
    path = place.path / "n.ipynb"

    def why(*cells: dict[str, object] | str) -> str:
        path.write_text(json.dumps(made_notebook(*cells)))
        return place.run(notebook("n.ipynb")).nodes[0].why

    assert why("x = 1") == "it never ran"
    assert why(markdown("# About x"), code("x = 1  # one")).startswith("nothing changed")
    assert why("x = 2") == "the code of n.ipynb changed"


def test_many_at_once_keep_and_find_whole_entries(place):
    """Several runs of one pipeline at the same time, as several processes are: each has the right value."""
    together = threading.Barrier(4)

    def value(n: int) -> dict[str, object]:
        return {"n": n, "text": "x" * 100_000}

    def once(n: int) -> object:
        together.wait(20)
        return place.run(compute(value, parameters={"n": n}), kernels="cold")["value"]["n"]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(once, [1, 2, 1, 2])) == [1, 2, 1, 2]
    assert list((place.path / ".victor").rglob("*.part")) == []


def test_the_cache_tells_its_size_and_can_be_cleaned(place, writer):
    """Contents that an entry needs stay with it."""
    pipeline = place.pipeline(writer.node())
    pipeline.run_sync(journal=place.journal)
    place.run(writer.node("x" * 50_000))
    before = pipeline.cache_bytes()

    assert pipeline.clean(keep=1) > 0
    assert 50_000 < pipeline.cache_bytes() < before
    (place.path / "out.csv").unlink()
    assert cached(place.run(writer.node("x" * 50_000))) == ["write"]
    left = place.path / ".victor" / "pipelines" / "demo" / "kept" / ".half.part"
    left.write_text("x")
    os.utime(left, (1, 1))
    pipeline.clean()
    assert pipeline.cache_bytes() == 0
    assert not left.exists()


def test_why_a_node_would_run_can_be_asked_without_running_it(place, writer):
    """For every member; of what depends on something that runs first, that."""
    write, read = writer.node(), compute(lambda n: n, "told", parameters={"n": "{{ write }}"})
    pipeline = place.pipeline(write, read)
    assert pipeline.why() == {"write": "it never ran", "told": "it needs write, which runs first"}

    pipeline.run_sync(journal=place.journal)

    assert pipeline.why() == {"write": "", "told": ""}
    changed = place.pipeline(writer.node("other"), read).why()
    assert changed["write"] == "parameter text: 'a,b\\n' -> 'other'"
    assert writer.times == 1


def test_files_and_modules_that_a_notebook_read_count_without_being_declared(place):
    """They were seen when it ran: a changed module or file, and nothing else, has it run again; the run says which."""
    (place.path / "lib.py").write_text("def twice(n):\n    return 2 * n\n")
    (place.path / "data.txt").write_text("3")
    (place.path / "other.txt").write_text("not read")
    place.notebook("use.ipynb", "from lib import twice", "n = twice(int(open('data.txt').read()))")

    def why() -> str:
        return place.run(notebook("use.ipynb")).nodes[0].why

    assert why() == "it never ran"
    (place.path / "other.txt").write_text("changed")
    (place.path / "lib.py").write_text("# Twice as much.\ndef twice(n):\n    return 2 * n\n")
    assert why().startswith("nothing changed")
    (place.path / "lib.py").write_text("def twice(n):\n    return 2 * n + 1\n")
    assert "module lib.py, imported by use.ipynb, changed" in why()
    (place.path / "data.txt").write_text("44")
    assert "data.txt changed" in why()


def test_a_file_that_a_cached_notebook_wrote_and_nobody_declared_is_missed(place):
    """It is not kept, so the notebook has to run again, and the run says how to spare that."""
    place.notebook("write.ipynb", "open('made.txt', 'w').write('x')")
    place.run(notebook("write.ipynb"))
    assert cached(place.run(notebook("write.ipynb"))) == ["write"]
    (place.path / "made.txt").unlink()

    assert whys(place.run(notebook("write.ipynb")))["write"].startswith("made.txt, which it wrote, is gone")


def test_why_knows_that_outputs_are_restored_first(place, writer):
    """What reads a file that is gone comes from the cache, if the file will be put back as it was."""

    def read() -> str:
        return (place.path / "out.csv").read_text()

    pipeline = place.pipeline(writer.node(), compute(read, inputs="*.csv"))
    pipeline.run_sync(journal=place.journal)
    (place.path / "out.csv").unlink()

    assert pipeline.why() == {"write": "", "read": ""}
    assert cached(pipeline.run_sync(journal=place.journal)) == ["write", "read"]


@pytest.mark.parametrize("inputs", ["made", "./made/", "made/**", "**/*.csv", "made/*/a.csv", "made/deep/[a-c].csv"])
def test_why_knows_restored_outputs_by_whatever_names_them(place, inputs):
    """By a folder that they are in, or by a glob, as the run will find them."""
    file = place.path / "made" / "deep" / "a.csv"

    def make() -> None:
        file.parent.mkdir(parents=True)
        file.write_text("a,b\n")

    pipeline = place.pipeline(compute(make, outputs="made/**"), compute(file.read_text, "read", inputs=inputs))
    pipeline.run_sync(journal=place.journal)
    shutil.rmtree(place.path / "made")

    assert pipeline.why() == {"make": "", "read": ""}
    assert cached(pipeline.run_sync(journal=place.journal)) == ["make", "read"]


def in_the_way(path: Path) -> None:
    """Put something where a file should be that cannot be replaced by one."""
    path.unlink()
    (path / "sub").mkdir(parents=True)


def test_an_output_that_cannot_be_put_back_fails_its_node_alone(place, writer):
    """The error names node and file; other branches run."""
    place.run(writer.node())
    in_the_way(place.path / "out.csv")

    with pytest.raises(PipelineFailed) as failed:
        place.run(writer.node(), compute(lambda: 1, "after", after="write"), compute(lambda: 2, "beside"))

    assert [one.status for one in failed.value.result.nodes] == ["failed", "skipped", "finished"]
    error = failed.value.result.nodes[0].error
    assert "write is cached, and its output out.csv cannot be put back: " in error.what
    assert error.where == str(place.path / "out.csv")
    assert writer.times == 1


def test_an_output_that_cannot_be_put_back_on_resuming_fails_its_node_alone(place, writer):
    """Though it was finished in this run; when nothing is in the way any more, it is put back and the run ends well."""
    is_well = False

    def flaky() -> int:
        if not is_well:
            raise ValueError("not yet")
        return 3

    nodes = [writer.node(), compute(flaky), compute(lambda: 2, "beside", after="flaky", inputs="out.csv")]
    with pytest.raises(PipelineFailed) as first:
        place.run(*nodes)
    run_id = first.value.result.run_id
    in_the_way(place.path / "out.csv")

    with pytest.raises(PipelineFailed, match=r"out\.csv cannot be put back") as second:
        place.run(*nodes, run_id=run_id)
    assert [one.status for one in second.value.result.nodes] == ["failed", "failed", "skipped"]

    (place.path / "out.csv" / "sub").rmdir()
    (place.path / "out.csv").rmdir()
    is_well = True
    result = place.run(*nodes, run_id=run_id)

    assert [one.status for one in result.nodes] == ["finished", "finished", "finished"]
    assert (place.path / "out.csv").read_text() == "a,b\n"
    assert writer.times == 1


def test_an_output_that_is_a_link_is_put_back_behind_it(place, writer):
    """The link stays."""
    (place.path / "elsewhere").mkdir()
    (place.path / "out.csv").symlink_to(place.path / "elsewhere" / "real.csv")
    place.run(writer.node())
    (place.path / "elsewhere" / "real.csv").write_text("damaged")

    place.run(writer.node())

    assert (place.path / "out.csv").is_symlink()
    assert (place.path / "elsewhere" / "real.csv").read_text() == "a,b\n"
