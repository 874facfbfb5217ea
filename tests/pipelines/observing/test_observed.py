"""What a notebook reads and imports is seen while it runs, in real kernels."""

from __future__ import annotations

import os
import sqlite3
import sys
import sysconfig
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from tests.pipelines.made import notebook
from tests.pipelines.watched import watched
from victor_nb.journal import open_journal
from victor_nb.pipelines.caching.fingerprint import Fingerprint, difference, fingerprint_now
from victor_nb.pipelines.caching.hashing import Hashes
from victor_nb.pipelines.kernels import close_zygotes
from victor_nb.pipelines.observing.observed import ABSENT, UNSETTLED, Observed, Package, Watch


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with data and modules."""
    (tmp_path / "data").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "data" / name).write_text(f"x\n{len(name)}\n")
    (tmp_path / "features.py").write_text("import util\n\ndef clean():\n    return util.read()\n")
    (tmp_path / "util.py").write_text("def read():\n    return open('data/b.csv').read()\n")
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def _no_zygotes_left() -> object:
    yield
    close_zygotes()


def test_files_modules_and_packages_are_seen(project: Path) -> None:
    """A file that the notebook reads, one that a module's module reads, both modules, and the packages imported."""
    seen = watched(project, "import pandas as pd\nimport features", "pd.read_csv('data/a.csv')\nfeatures.clean()")

    assert list(seen.files) == ["data/a.csv", "data/b.csv"]
    assert {name: one.by for name, one in seen.modules.items()} == {
        "features.py": "the notebook",
        "util.py": "features.py",
    }
    assert seen.packages["pandas"].version == pd.__version__
    assert {"numpy", "pandas"} <= set(seen.packages)
    assert "IPython" not in seen.packages
    assert (seen.python, seen.library) == (".".join(map(str, sys.version_info[:3])), sysconfig.get_path("stdlib"))


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_a_forked_kernel_shows_the_same_as_a_cold_one(project: Path) -> None:
    """What it was forked with counts as imported, because the notebook imports it; or every second run would differ."""
    cells = ("import pandas as pd\nimport features", "pd.read_csv('data/a.csv')\nfeatures.clean()")

    forked, cold = watched(project, *cells, kernels="warm"), watched(project, *cells, kernels="cold")

    # Whoever measures coverage of processes imports packages and writes files of its own in each.
    assert (forked.files, forked.modules, forked.searches) == (cold.files, cold.modules, cold.searches)
    assert {"numpy", "pandas"} <= forked.packages.keys() & cold.packages.keys()


def test_modules_are_seen_again_from_their_compiled_copies(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second import opens only the .pyc file."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    first = watched(project, "import features")

    assert list(project.glob("__pycache__/features.*.pyc"))
    assert watched(project, "import features").modules == first.modules


def test_what_the_run_made_is_no_input(project: Path) -> None:
    """Written and read, renamed into place, made by a command, by native code, listed, imported."""
    seen = watched(
        project,
        "import os, pathlib, numpy as np, pandas as pd",
        "open('data/out.txt', 'w').write('x')\nopen('data/out.txt').read()",
        "open('part', 'w').write('x')\nos.replace('part', 'whole')\nopen('whole').read()",
        "!cp data/a.csv copied.csv\nopen('copied.csv').read()",
        "pd.DataFrame({'a': [1]}).to_parquet('made.parquet')\npd.read_parquet('made.parquet')",
        "pathlib.Path('own.py').write_text('x = 1')\nimport own",
        "os.listdir('data')",
    )

    assert list(seen.files) == ["data/a.csv"]
    assert seen.written == ["copied.csv", "data/out.txt", "made.parquet", "own.py", "whole"]
    (project / "data" / "out.txt").unlink()
    assert watched(project, "import os", "os.listdir('data')").searches == seen.searches


def test_what_native_code_reads_is_seen_where_it_is_named(project: Path) -> None:
    """In the code, inside a query, in a parameter; Python never opens these files itself."""
    frame = pd.DataFrame({"a": [1]})
    for name in ("one", "two", "three"):
        frame.to_parquet(project / f"{name}.parquet")
    (project / "mentioned.parquet").write_text("in a comment only")

    seen = watched(
        project,
        "import pyarrow.parquet as pq  # not mentioned.parquet",
        "pq.ParquetFile('one.parquet')\nquery = \"select * from 'two.parquet'\"",
        values={"path": Path("three.parquet"), "name": "no file"},
    )

    assert list(seen.files) == ["one.parquet", "three.parquet", "two.parquet"]


def test_threads_forks_and_commands_are_seen(project: Path) -> None:
    """What another thread or a forked process reads, and what a command names."""
    for name in ("thread", "fork", "shell", "popen"):
        (project / f"{name}.txt").write_text(name)
    (project / "script.py").write_text("print(1)")

    seen = watched(
        project,
        "import multiprocessing, subprocess, sys, threading",
        "thread = threading.Thread(target=lambda: open('thread' + '.txt').read())\nthread.start()\nthread.join()",
        "def read():\n    open('fork' + '.txt').read()\n"
        "child = multiprocessing.get_context('fork').Process(target=read)\nchild.start()\nchild.join()",
        "name = 'shell'\n!cat {name}.txt > /dev/null",
        "subprocess.run([sys.executable, 'script.py', 'popen' + '.txt'])",
    )

    assert list(seen.files) == ["fork.txt", "popen.txt", "shell.txt", "thread.txt"]
    assert list(seen.modules) == ["script.py"]


def test_a_killed_kernel_leaves_what_it_saw(project: Path) -> None:
    """Each thing is written down as it happens."""
    seen = watched(
        project,
        "import features\nopen('data/a.csv').read()",
        "import os, signal\nopen('data/b.csv').read()\nos.kill(os.getpid(), signal.SIGKILL)",
        allow_errors=True,
    )

    assert list(seen.files) == ["data/a.csv", "data/b.csv"]
    assert list(seen.modules) == ["features.py", "util.py"]


def test_searches_for_files_count_by_what_they_find(project: Path) -> None:
    """A new file that fits is a change; one that does not fit is none."""
    cells = ("import glob, os, pathlib", "glob.glob('data/*.csv')\nlist(pathlib.Path('data').glob('**/*.txt'))")
    first = watched(project, *cells)
    (project / "data" / "other.json").write_text("{}")
    assert watched(project, *cells) == first

    (project / "data" / "c.csv").write_text("x\n1\n")

    assert watched(project, *cells).searches != first.searches
    assert set(first.searches) == {"data\t*.csv", "data\t**/*.txt"}


def test_a_file_that_was_missing_is_an_input(project: Path) -> None:
    """`except FileNotFoundError` takes another way as soon as the file is there."""
    seen = watched(project, "try:\n    open('settings.local').read()\nexcept FileNotFoundError:\n    pass")

    assert seen.files == {"settings.local": msgspec.structs.replace(seen.files["settings.local"], hash=ABSENT)}


def test_what_a_notebook_changes_itself_is_never_the_same(project: Path) -> None:
    """It read one content and left another: whether it would do the same again, nobody knows."""
    with sqlite3.connect(project / "counts.db") as database:
        database.execute("create table counts (n)")
    database.close()

    changing = watched(
        project,
        "import sqlite3\nwith sqlite3.connect('counts.db') as database:\n"
        "    database.execute('insert into counts values (1)')",
        "database.close()",
    )
    reading = watched(
        project,
        "import sqlite3\nwith sqlite3.connect('counts.db') as database:\n    database.execute('select * from counts')",
        "database.close()",
    )

    assert changing.files["counts.db"].hash == UNSETTLED
    assert len(reading.files["counts.db"].hash) == 32


def test_a_notebook_that_is_run_by_another_counts_by_its_code(project: Path) -> None:
    """Its outputs and Markdown do not; another notebook that is read as a file counts as it is."""
    for name in ("helper", "other"):
        (project / f"{name}.ipynb").write_bytes(msgspec.json.encode(notebook("y = 5")))

    seen = watched(project, "%run helper.ipynb\nopen('other.ipynb').read()\ny")

    assert {name: one.kind for name, one in seen.files.items()} == {
        "helper.ipynb": "notebook",
        "other.ipynb": "content",
    }


def test_files_of_python_packages_and_tools_are_no_inputs(project: Path) -> None:
    """Nor those of the system, of hidden folders at home, and temporary ones."""
    seen = watched(
        project,
        "import sklearn.datasets, pathlib, tempfile, os",
        "sklearn.datasets.load_wine()\nopen('/etc/hosts').read()\nos.listdir('/usr')",
        "with tempfile.TemporaryDirectory() as folder:\n    pathlib.Path(folder, 'x').write_text('x')\n"
        "    pathlib.Path(folder, 'x').read_text()",
        "pathlib.Path('.git').mkdir()\npathlib.Path('.git', 'HEAD').write_text('x')",
    )

    assert (seen.files, seen.modules, seen.searches) == ({}, {}, {})
    assert {"scikit-learn", "scipy"} <= set(seen.packages)


def test_an_environment_in_the_project_is_no_part_of_it(project: Path) -> None:
    """Its packages are installed ones, wherever it lies; a search through the project passes it by, now and later."""
    site = project / "env" / "lib"
    site.mkdir(parents=True)
    (site / "wonder.py").write_text("x = 1")
    (site / "wonder-1.2.dist-info").mkdir()
    seen = told(
        project,
        ["start", "3.12.1", str(site / "python"), [str(site)]],
        ["glob", str(project), "**/*.py"],
        ["module", "wonder", str(site / "wonder.py")],
    )

    assert (seen.modules, seen.packages) == ({}, {"wonder": Package("1.2", str(site))})
    then = Fingerprint(observed=msgspec.structs.replace(seen, python=""))
    assert difference(then, fingerprint_now(then, {}, {}, project, Hashes())) == ""


def told(project: Path, *lines: list[object]) -> Observed:
    """What is seen if the observer writes some lines."""
    log = project / ".victor" / "seen.jsonl"
    log.parent.mkdir()
    log.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return Watch(notebook(), {}, project, project, log).finish()


def test_the_observer_shows_nowhere(project: Path) -> None:
    """No name, no output, no history, no trace in the names that a notebook lists."""
    seen = watched(
        project,
        "assert not [name for name in dir() if 'victor' in name or 'observ' in name], dir()\n"
        "assert len(In) == 2 and _ == '', In",
    )

    assert seen.python


def test_a_notebook_that_closes_files_and_deletes_its_folder_is_seen_as_far_as_can_be(project: Path) -> None:
    """The observer never gets in the way."""
    seen = watched(
        project,
        "import os, glob\nopen('data/a.csv').read()",
        "for number in os.listdir('/proc/self/fd'):\n"
        "    try:\n        name = os.readlink(f'/proc/self/fd/{number}')\n"
        "        if name.endswith('seen.jsonl'): os.close(int(number))\n    except OSError: pass",
        "mine = open('mine.txt', 'w')\nopen('data/b.csv').read()\nmine.close()\nassert open('mine.txt').read() == ''",
        "os.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')\nglob.glob('*')",
        "try:\n    open('x')\nexcept OSError: pass",
    )

    assert list(seen.files) == ["data/a.csv", "data/b.csv"]


def test_links_and_names_of_any_bytes_are_seen(project: Path) -> None:
    """A project that is reached by a link, a file that is one, a name with spaces, one that is no text."""
    (project / "two words ü.txt").write_text("x")
    (project / "link.txt").symlink_to("two words ü.txt")
    (project / os.fsdecode(b"\xff.txt")).write_text("x")
    link = project.parent / f"{project.name} linked"
    link.symlink_to(project)

    seen = watched(
        link,
        "import os\nopen('link.txt').read()\nopen('two words ü.txt').read()\nopen(os.fsdecode(b'\\xff.txt')).read()",
        f"open({str(link / 'data' / 'a.csv')!r}).read()\nimport features",
    )

    assert list(seen.files) == ["\\udcff.txt", "data/a.csv", "link.txt", "two words ü.txt"]
    assert list(seen.modules) == ["features.py", "util.py"]
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Observed) == seen


def test_journals_are_no_inputs(project: Path) -> None:
    """Agents in a notebook record their runs wherever the settings say."""
    open_journal(f"sqlite:///{project / 'runs.db'}").close()

    seen = watched(project, "import sqlite3\nsqlite3.connect('runs.db').execute('create table t (x)')")

    assert seen.files == {}


def test_a_lazy_module_stays_lazy(project: Path) -> None:
    """Looking at what is imported imports nothing."""
    lazy = (
        "import importlib.util, sys\nspec = importlib.util.find_spec('features')\n"
        "spec.loader = importlib.util.LazyLoader(spec.loader)\n"
        "sys.modules['features'] = module = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(module)"
    )

    seen = watched(project, lazy, "assert 'util' not in sys.modules", "module.clean()")

    assert list(seen.modules) == ["features.py", "util.py"]


def test_a_kernel_of_another_language_is_not_watched(tmp_path: Path) -> None:
    """Only files that the values name are seen."""
    (tmp_path / "a.csv").write_text("x")
    watch = Watch(notebook("x <- 1", language="R"), {"path": "a.csv"}, tmp_path, tmp_path, tmp_path / "log")

    assert watch.code == ""
    assert list(watch.finish().files) == ["a.csv"]


def test_a_log_that_is_torn_or_gone_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """A kernel was killed while it wrote a line."""
    (tmp_path / "a.csv").write_text("x")
    log = tmp_path / "log"
    watch = Watch(notebook(), {}, tmp_path, tmp_path, log)
    stat = (tmp_path / "a.csv").stat()
    whole = msgspec.json.encode(["r", str(tmp_path / "a.csv"), stat.st_mtime_ns, 1])
    log.write_bytes(whole + b'\n[]\n{}\n[1, 2]\n["r", 1]\n["r", "/x')

    assert list(watch.finish().files) == ["a.csv"]
    assert not log.exists()
    assert Watch(notebook(), {}, tmp_path, tmp_path, tmp_path / "never").finish() == Observed()


def test_a_run_that_goes_on_adds_to_what_was_seen(project: Path) -> None:
    """A notebook that is resumed in the middle has read what its first cells read; one that begins anew has not."""
    log = project / ".victor" / "seen.jsonl"
    stat = (project / "data" / "a.csv").stat()
    log.parent.mkdir()
    log.write_bytes(msgspec.json.encode(["r", str(project / "data" / "a.csv"), stat.st_mtime_ns, stat.st_size]) + b"\n")

    assert list(watched(project, "open('data/b.csv').read()").files) == ["data/a.csv", "data/b.csv"]

    log.write_bytes(b'["r", "/nothing", 1, 1]')
    again = Watch(notebook(), {}, project, project, log)
    assert again.look() == again.look()
    again.forget()
    assert again.look() == Observed()


def test_what_was_seen_is_plain_data(project: Path) -> None:
    """It is kept as JSON, and sent between machines."""
    seen = watched(project, "import features\nopen('data/a.csv')")

    assert msgspec.json.decode(msgspec.json.encode(seen), type=Observed) == seen
