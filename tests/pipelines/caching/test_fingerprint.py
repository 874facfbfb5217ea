"""What a result was made from, and the first thing that has changed since; with real kernels."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from tests.pipelines.made import code, markdown, notebook
from tests.pipelines.watched import watched
from victor_nb.journal.codec import Writer, digest
from victor_nb.pipelines.caching.fingerprint import Fingerprint, Part, difference, fingerprint_now, inputs_now
from victor_nb.pipelines.caching.hashing import Hashes
from victor_nb.pipelines.caching.source import code_hash
from victor_nb.pipelines.kernels import close_zygotes
from victor_nb.pipelines.observing.installed import Installed
from victor_nb.pipelines.observing.observed import Observed, Package, Seen

CELLS = ("import pandas as pd\nimport features", "table = pd.read_csv('data/wine.csv')\nfeatures.clean(table, alpha)")


@pytest.fixture(scope="module", autouse=True)
def _no_zygotes_left() -> object:
    yield
    close_zygotes()


@dataclass
class Project:
    """A notebook with data and modules, and everything that a run of it depends on."""

    folder: Path
    cells: tuple[dict[str, object] | str, ...] = CELLS
    values: Mapping[str, object] = field(default_factory=dict)

    def parts(self, upstream: object = 1) -> dict[str, Part]:
        parts = {"the code of train.ipynb": Part(code_hash(notebook(*self.cells)))}
        for name, value in self.values.items():
            parts[f"parameter {name}"] = Part(digest(Writer().canonical(value)), repr(value))
        return {**parts, "upstream prepare": Part(digest(Writer().canonical(upstream)))}

    def run(self) -> Fingerprint:
        """Run the notebook and return what it was made from."""
        texts = [f"{name} = {value!r}" for name, value in self.values.items()]
        seen = watched(self.folder, *texts, *(cell for cell in self.cells if isinstance(cell, str)))
        return Fingerprint(self.parts(), {}, seen)

    def now(self, then: Fingerprint, upstream: object = 1) -> str:
        """Return what has changed since."""
        hashes = Hashes.beside(self.folder)
        return difference(then, fingerprint_now(then, self.parts(upstream), {}, self.folder, hashes), "train.ipynb")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Fingerprint]:
    """A project whose notebook has run once; each test changes something of a copy of the one or the other."""
    project = Project(tmp_path_factory.mktemp("project"), values={"alpha": 0.1})
    project.write("data/wine.csv", "a,b\n1,2\n")
    project.write("features.py", "import util\n\n\ndef clean(table, alpha):\n    return util.scaled(table) * alpha\n")
    project.write("util.py", "def scaled(table):\n    return table / 2\n")
    return project, project.run()


@pytest.fixture
def again(ran: tuple[Project, Fingerprint]) -> object:
    """The project; what a test changes in its files is put back."""
    project, then = ran
    texts = {path: path.read_bytes() for path in project.folder.rglob("*") if path.suffix in (".py", ".csv")}
    yield Project(project.folder, project.cells, project.values), then
    for path, content in texts.items():
        path.write_bytes(content)


Again = tuple[Project, Fingerprint]

# -- ploomber's nine cases: two ran again without need, three did not run although they had to ------------------------


def test_nothing_changed(again: Again) -> None:
    """The answer is the one that was kept."""
    project, then = again

    assert project.now(then) == ""


def test_a_markdown_edit_changes_nothing(again: Again) -> None:
    """ploomber ran again."""
    project, then = again
    project.cells = (markdown("# Training"), *CELLS, markdown("Done."))

    assert project.now(then) == ""


def test_a_comment_and_formatting_change_nothing(again: Again) -> None:
    """ploomber ran again. In modules they do not count either."""
    project, then = again
    project.cells = (CELLS[0] + "  # what we need", CELLS[1].replace("table = ", "\ntable  =  "))
    project.write("util.py", "# scaling\ndef scaled( table ):\n    return (table\n            / 2)  # half\n")

    assert project.now(then) == ""


def test_code_changed(again: Again) -> None:
    """In any cell."""
    project, then = again
    project.cells = (CELLS[0], CELLS[1] + " + 1")

    assert project.now(then) == "the code of train.ipynb changed"


def test_a_parameter_changed(again: Again) -> None:
    """With both values."""
    project, then = again
    project.values = {"alpha": 0.2}

    assert project.now(then) == "parameter alpha: 0.1 -> 0.2"


def test_an_upstream_value_changed(again: Again) -> None:
    """By its content: an upstream notebook that ran again and gave the same value changes nothing."""
    project, then = again

    assert project.now(then, upstream=2) == "upstream prepare changed"


def test_an_imported_module_changed(again: Again) -> None:
    """ploomber did not see it. Nor would anybody see the module that the module imports."""
    project, then = again
    project.write("util.py", "def scaled(table):\n    return table / 3\n")
    assert project.now(then) == "module util.py, imported by features.py, changed"

    project.write("features.py", "import util\n\n\ndef clean(table, alpha):\n    return 0\n")
    assert project.now(then) == "module features.py, imported by train.ipynb, changed"


def test_a_data_file_changed(again: Again) -> None:
    """ploomber did not see it. Nobody declared it either."""
    project, then = again
    project.write("data/wine.csv", "a,b\n" + "1,2\n" * 500)
    assert project.now(then) == "data/wine.csv changed (8 bytes -> 2.0 kB)"

    project.write("data/wine.csv", "a,b\n1,3\n")
    assert project.now(then) == "data/wine.csv changed"


def test_a_damaged_product_is_no_change_of_an_input(tmp_path: Path) -> None:
    """ploomber did not see that it was damaged; here it is not an input, and the cache puts it back."""
    project = Project(tmp_path, ("open('model.txt', 'w').write('good')\nopen('model.txt').read()",))
    then = project.run()
    project.write("model.txt", "damaged")

    assert project.now(then) == ""
    assert then.observed.written == ["model.txt"]


# -- more --------------------------------------------------------------------------------------------------------------


def test_a_file_that_was_only_touched_is_the_same(again: Again) -> None:
    """Contents count, not times; a file that was replaced by its equal is the same too."""
    project, then = again
    wine = project.folder / "data" / "wine.csv"
    os.utime(wine, (1, 1))
    assert project.now(then) == ""

    content = wine.read_bytes()
    wine.unlink()
    wine.write_bytes(content)
    assert project.now(then) == ""


def test_a_change_that_keeps_size_and_time_is_seen(again: Again) -> None:
    """`cp -p` and `rsync -t` put old times on new contents; so do restored backups."""
    project, then = again
    wine = project.folder / "data" / "wine.csv"
    os.utime(wine, (1, 1))
    assert project.now(then) == ""
    wine.write_bytes(wine.read_bytes().replace(b"2", b"7"))
    os.utime(wine, (1, 1))

    assert project.now(then) == "data/wine.csv changed"


def test_a_file_or_module_that_is_gone_is_told(again: Again) -> None:
    """By its name."""
    project, then = again
    (project.folder / "data" / "wine.csv").unlink()
    assert project.now(then) == "data/wine.csv is gone"


def test_the_first_difference_is_that_of_the_cause(again: Again) -> None:
    """Code before parameters before files before versions."""
    project, then = again
    project.write("data/wine.csv", "other")
    project.values = {"alpha": 5}
    assert project.now(then) == "parameter alpha: 0.1 -> 5"

    project.cells = ("alpha",)
    assert project.now(then) == "the code of train.ipynb changed"


def test_versions_of_python_and_packages_count(again: Again) -> None:
    """Those that the notebook imported, with what they import; no others."""
    project, then = again
    package = then.observed.packages["pandas"]
    older = {**then.observed.packages, "pandas": Package("3.0.0", package.folder)}
    before = msgspec.structs.replace(then, observed=msgspec.structs.replace(then.observed, packages=older))
    assert project.now(before) == f"pandas 3.0.0 -> {package.version}"

    gone = {"wonder": Package("1.0", package.folder)}
    before = msgspec.structs.replace(then, observed=msgspec.structs.replace(then.observed, packages=gone))
    assert project.now(before) == "wonder 1.0 -> gone"

    before = msgspec.structs.replace(then, observed=msgspec.structs.replace(then.observed, python="3.9.1"))
    assert project.now(before) == f"Python 3.9.1 -> {'.'.join(map(str, sys.version_info[:3]))}"


def test_a_new_file_that_a_search_finds_is_told(tmp_path: Path) -> None:
    """With what was searched."""
    project = Project(tmp_path, ("import glob, os\nglob.glob('data/*.csv')\nos.listdir('.')",))
    project.write("data/a.csv", "x")
    then = project.run()
    assert project.now(then) == ""

    project.write("data/b.csv", "x")
    assert project.now(then) == "there are other files in data/*.csv"

    (tmp_path / "data" / "b.csv").unlink()
    project.write("new.txt", "x")
    assert project.now(then) == "there are other files in ./"


def test_a_file_that_was_missing_and_came_is_told(tmp_path: Path) -> None:
    """The notebook asked for it in vain, and would find it now."""
    project = Project(tmp_path, ("try: open('local.cfg')\nexcept OSError: pass",))
    then = project.run()
    assert project.now(then) == ""

    project.write("local.cfg", "x")

    assert project.now(then) == "local.cfg was missing and is there now"


def test_a_result_whose_input_changed_while_it_ran_is_never_the_same(tmp_path: Path) -> None:
    """Nobody knows which of the contents it had read."""
    project = Project(tmp_path, ("open('a.txt').read()\nopen('a.txt', 'a').write('more')",))
    project.write("a.txt", "x")

    assert project.now(project.run()) == "a.txt changed while the notebook ran"


def test_declared_inputs_count_whether_they_were_read_or_not(tmp_path: Path) -> None:
    """Native code of a program may have read them."""
    (tmp_path / "in.bin").write_bytes(b"\0" * 1_200_000)
    hashes = Hashes()

    def now(*names: str) -> Fingerprint:
        return Fingerprint({}, inputs_now({name: tmp_path / name for name in names}, hashes))

    then = now("in.bin")
    assert difference(then, now("in.bin")) == ""
    (tmp_path / "in.bin").write_bytes(b"\0" * 1_300_000)
    assert difference(then, now("in.bin")) == "input in.bin changed (1.2 MB -> 1.3 MB)"
    assert then.key != now("in.bin").key
    assert difference(then, now()) == "input in.bin is no input any more"
    assert difference(now(), then) == "input in.bin is new"
    (tmp_path / "in.bin").unlink()
    assert difference(then, now("in.bin")) == "input in.bin is gone"


def test_what_comes_and_goes_among_the_parts_is_told() -> None:
    """A parameter that is given for the first time, one that is given no more."""
    one, two = Part("1", "1"), Part("2", "2")

    assert difference(Fingerprint({"a": one}), Fingerprint({"a": one, "parameter b": two})) == "parameter b is new"
    assert difference(Fingerprint({"a": one, "parameter b": two}), Fingerprint({"a": one})) == "parameter b is gone"
    assert difference(Fingerprint({"a": Part("1", "x")}), Fingerprint({"a": Part("2", "x")})) == "a changed"


def test_a_fingerprint_is_plain_data(again: Again) -> None:
    """It is kept beside the result as JSON; its key says what was known before the run."""
    _, then = again

    assert msgspec.json.decode(msgspec.json.encode(then), type=Fingerprint) == then
    assert then.key == Fingerprint(then.parts).key
    assert len(then.key) == 32


# -- hashes ------------------------------------------------------------------------------------------------------------


def counting(hashes: Hashes, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count how often a file's content is read."""
    import victor_nb.pipelines.caching.hashing as hashing

    read: list[Path] = []
    work = hashing._content_hash
    monkeypatch.setattr(hashing, "_content_hash", lambda path: (read.append(path), work(path))[1])
    return lambda: len(read)


def test_a_file_at_rest_is_read_once_even_by_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of 1 GB is not read each time; the memory is a file beside the pipelines."""
    monkeypatch.setattr("victor_nb.pipelines.caching.hashing.REST_NS", -(10**18))
    large, memory = tmp_path / "large.bin", tmp_path / "hashes.json"
    large.write_bytes(b"x" * 100)
    hashes = Hashes(memory)
    read = counting(hashes, monkeypatch)

    first = hashes.content(large)
    hashes.content(large)
    hashes.save()
    assert Hashes(memory).content(large) == first
    assert read() == 1

    large.write_bytes(b"y" * 100)
    assert Hashes(memory).content(large) != first
    assert read() == 2


def test_a_file_that_was_just_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one tick of the clock it could change and keep its time."""
    path = tmp_path / "a"
    path.write_bytes(b"x")
    hashes = Hashes()
    read = counting(hashes, monkeypatch)

    hashes.content(path)
    hashes.content(path)

    assert read() == 2


def test_the_code_of_a_notebook_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred notebooks that nobody touched are looked up within a moment."""
    hashes = Hashes(tmp_path / "hashes.json")
    first = hashes.code(notebook("x = 1 # one"))
    hashes.save()
    assert first == code_hash(notebook("x = 1"))
    assert hashes.code(notebook("x = 1")) == first
    assert hashes.code(notebook(code("x = 1", "parameters"))) != first
    monkeypatch.setattr("victor_nb.pipelines.caching.hashing.code_hash", None)

    assert (
        Hashes(tmp_path / "hashes.json").code(
            notebook(
                code(
                    "x = 1 # one",
                ),
                markdown("new"),
            )
        )
        == first
    )


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b'{"a": 1}', b'{"content:/x": [1, 2]}'])
def test_a_damaged_memory_costs_time_only(tmp_path: Path, damaged: bytes) -> None:
    """As does a folder that cannot be written."""
    memory = tmp_path / "hashes.json"
    memory.write_bytes(damaged)
    (tmp_path / "a.py").write_text("x = 1")

    hashes = Hashes(memory)
    assert hashes.module(tmp_path / "a.py") == Hashes().module(tmp_path / "a.py")
    hashes.save()
    Hashes(tmp_path / "a.py" / "no folder" / "hashes.json").save()


def test_files_that_are_no_python_or_no_notebook_count_as_they_are(tmp_path: Path) -> None:
    """Whatever their names say."""
    for name, content in {"a.py": b"\xff\xfe", "b.ipynb": b"no json", "c.ipynb": b"[]", "d.so": b"\x7fELF"}.items():
        (tmp_path / name).write_bytes(content)
        hashes = Hashes()
        assert hashes.content(tmp_path / name) == (
            hashes.notebook(tmp_path / name) if name.endswith("ipynb") else hashes.module(tmp_path / name)
        )


# -- installed packages -----------------------------------------------------------------------------------------------


def test_a_module_is_found_in_its_distribution(tmp_path: Path) -> None:
    """By its name, by the list of its modules, by the list of its files; those without any list by none."""
    for name in ("pandas-3.1.0", "scikit_learn-1.9", "pillow-12.0", "odd-1-py3.11"):
        (tmp_path / f"{name}.{'egg' if 'py3' in name else 'dist'}-info").mkdir()
    (tmp_path / "scikit_learn-1.9.dist-info" / "top_level.txt").write_text("sklearn\n")
    (tmp_path / "pillow-12.0.dist-info" / "RECORD").write_text("PIL/__init__.py,sha256=x,1\n../../bin/x,,\n")

    found = Installed.of(tmp_path)

    assert found is not None
    assert found.owner("pandas") == ("pandas", "3.1.0")
    assert found.owner("sklearn") == ("scikit-learn", "1.9")
    assert found.owner("PIL") == ("pillow", "12.0")
    assert found.owner("nothing") is None
    assert (found.version("Scikit.Learn"), found.version("odd"), found.version("no")) == ("1.9", "1", "")
    assert Installed.of(tmp_path / "nowhere") is None


def test_an_upgrade_is_seen_by_the_same_process(tmp_path: Path) -> None:
    """The folder has changed, so it is read again."""
    old = tmp_path / "pandas-3.1.0.dist-info"
    old.mkdir()
    os.utime(tmp_path, (1, 1))
    then = Fingerprint(observed=Observed(packages={"pandas": Package("3.1.0", str(tmp_path))}))
    assert difference(then, fingerprint_now(then, {}, {}, tmp_path, Hashes())) == ""

    old.rename(tmp_path / "pandas-3.1.1.dist-info")

    assert difference(then, fingerprint_now(then, {}, {}, tmp_path, Hashes())) == "pandas 3.1.0 -> 3.1.1"


def test_an_environment_that_is_gone_is_a_change(tmp_path: Path) -> None:
    """Its Python lay in a folder that is not there any more; another's is taken for what it was."""
    for library, words in ((tmp_path / "no", "Python 3.12.1 -> gone"), (tmp_path, "")):
        then = Fingerprint(observed=Observed(python="3.12.1", library=str(library)))
        assert difference(then, fingerprint_now(then, {}, {}, tmp_path, Hashes())) == words


def test_a_notebook_that_was_run_by_another_is_told_so(tmp_path: Path) -> None:
    """And counts by its code."""
    helper = tmp_path / "helper.ipynb"
    helper.write_bytes(msgspec.json.encode(notebook("y = 1")))
    seen = {"helper.ipynb": Seen(Hashes().notebook(helper), 1, "", "notebook")}
    then = Fingerprint(observed=Observed(files=seen))
    helper.write_bytes(msgspec.json.encode(notebook(code("y = 1 # one"), markdown("x"))))
    assert difference(then, fingerprint_now(then, {}, {}, tmp_path, Hashes())) == ""

    helper.write_bytes(msgspec.json.encode(notebook("y = 2")))

    told = difference(then, fingerprint_now(then, {}, {}, tmp_path, Hashes()))
    assert told == "helper.ipynb, run by it, changed"
