"""A forked kernel is a kernel like any other, only sooner there: what a fork would break is set right.

Each test names one thing of a process that a fork could get wrong, and looks at it from inside the notebook.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import papermill
import pytest

from tests.pipelines.kernels.conftest import needs_forks
from tests.pipelines.kernels.running import notebook, run
from victor_nb.pipelines.kernels import close_zygotes, fork_server, kernel_manager_class, prepare, provisioner
from victor_nb.pipelines.kernels.static_imports import Import

pytestmark = needs_forks


def test_papermill_runs_a_notebook_in_a_forked_kernel_unchanged(tmp_path):
    """The class goes in as `kernel_manager_class`; parameters, outputs and the saved notebook are papermill's."""
    book = notebook("x = 1", "print(x + 1)")
    book.cells[0].metadata["tags"] = ["parameters"]
    source, output = tmp_path / "in put.ipynb", tmp_path / "öut.ipynb"
    source.write_text(json.dumps(book))

    started = []

    class Kept(kernel_manager_class(book)):
        async def _async_cleanup_resources(self, restart=False):
            started.append(self.how)
            await super()._async_cleanup_resources(restart)

        cleanup_resources = _async_cleanup_resources

    done = papermill.execute_notebook(
        source, output, {"x": 41}, cwd=tmp_path, kernel_manager_class=Kept, progress_bar=False
    )

    assert started[0] == "forked"
    assert done.cells[-1].outputs[0].text == "42\n"
    assert json.loads(output.read_text())["cells"][-1]["outputs"][0]["text"] == ["42\n"]


def test_what_a_notebook_imports_is_there_before_it_starts():
    """The zygote has imported it, so the import costs nothing; other notebooks' imports are not there."""
    seen = "import sys\nprint('msgspec' in sys.modules)\nimport msgspec"

    assert run(seen).text == "True\n"
    assert run("import sys\nprint('msgspec' in sys.modules)").text == "False\n"


LOOK = """
import json, locale, logging, os, signal, sys, threading, time, warnings, multiprocessing.process, tempfile
import asyncio, random, gc
handlers = {s.name: str(signal.getsignal(s)).partition(" at 0x")[0] for s in signal.valid_signals()
            if isinstance(s, signal.Signals)}
mask = os.umask(0); os.umask(mask)
look = {
    "folder": os.getcwd(), "umask": mask, "argv": [os.path.basename(sys.argv[0]), len(sys.argv)], "path": sys.path,
    "executable": sys.executable, "flags": str(sys.flags), "handlers": handlers,
    "blocked": [int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
    "variables": {k: v for k, v in os.environ.items() if k not in ("JPY_PARENT_PID", "LINES", "COLUMNS")},
    "parent": int(os.environ["JPY_PARENT_PID"]) == os.getppid(),
    "leads": os.getpgid(0) == os.getpid() == os.getsid(0),
    "locale": [locale.getlocale(), locale.setlocale(locale.LC_ALL)], "time": time.tzname, "tmp": tempfile.gettempdir(),
    "filters": sorted(str(f) for f in warnings.filters), "logging": [str(h) for h in logging.root.handlers],
    "level": logging.root.level, "encodings": [sys.stdout.encoding, sys.getfilesystemencoding()],
    "main": [__name__, sys.modules["__main__"].__dict__ is globals(), hasattr(sys.modules["__main__"], "__file__")],
    "origin": multiprocessing.process.ORIGINAL_DIR, "limits": sys.getrecursionlimit(), "gc": gc.isenabled(),
    "debugger": "debugpy" in sys.modules, "stdin": os.readlink("/proc/self/fd/0"),
    "main_thread": threading.current_thread() is threading.main_thread(),
}
print(json.dumps(look, default=str))
"""


def test_a_forked_kernel_looks_like_a_cold_one_from_inside(tmp_path):
    """Folder, umask, arguments, path, signals, environment, locale, warnings, logging, streams, session, main."""
    environment = {**os.environ, "VICTOR_ONLY_HERE": "ü", "ANOTHER": "1", "LC_ALL": "C.UTF-8"}
    environment.pop("HOME", None)

    warm = run(LOOK, folder=tmp_path, env=environment)
    cold = run(LOOK, folder=tmp_path, env=environment, kernels="cold")

    assert (warm.manager.how, cold.manager.how) == ("forked", "cold")
    assert json.loads(warm.text) == json.loads(cold.text)
    assert json.loads(warm.text)["folder"] == str(tmp_path)
    assert json.loads(warm.text)["variables"]["VICTOR_ONLY_HERE"] == "ü"


def test_nothing_that_one_notebook_does_is_seen_by_the_next():
    """Variables, patched modules, options, folder, environment, path, filters, seeds: each kernel starts clean."""
    spoil = """
import statistics, os, sys, warnings, random, logging, numpy
left = 1
statistics.mean = None
os.chdir("/"); os.environ["LEFT"] = "1"; sys.path.append("/left"); warnings.simplefilter("error")
random.seed(1); numpy.random.seed(1); numpy.set_printoptions(precision=1); logging.disable()
"""
    look = """
import statistics, os, sys, warnings, random, logging, numpy
print("left" in dir(), statistics.mean is None, os.getcwd() == "/", os.environ.get("LEFT"), "/left" in sys.path,
      warnings.filters[0][0] == "error", numpy.get_printoptions()["precision"], logging.root.manager.disable)
"""
    assert run(spoil).error is None

    assert run(look).text == "False False False None False False 8 0\n"


def test_forks_do_not_draw_the_same_random_numbers():
    """numpy's old global state is seeded anew; that of `random` and of uuid looks after itself."""
    draw = "import numpy, random, uuid\nprint(numpy.random.rand(), random.random(), uuid.uuid4())"

    first, second = run(draw), run(draw)

    assert first.manager.how == second.manager.how == "forked"
    assert not set(first.text.split()) & set(second.text.split())


def test_figures_are_shown():
    """The backend is that of notebooks though pyplot was imported before the kernel existed."""
    ran = run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint(plt.get_backend())")

    assert ran.manager.how == "forked"
    assert [output.output_type for output in ran.notebook.cells[0].outputs][-1] == "display_data"
    assert "image/png" in ran.notebook.cells[0].outputs[-1].data


def test_threads_processes_and_parallel_libraries_work_in_a_fork(tmp_path):
    """OpenMP, BLAS, joblib, multiprocessing by fork and by spawn, threads, subprocess, shell commands, await."""
    (tmp_path / "beside.py").write_text("def double(x):\n    return 2 * x\n")
    work = """
import asyncio, multiprocessing, subprocess, sys, threading, numpy, joblib, sklearn.cluster, concurrent.futures
from beside import double
x = numpy.random.default_rng(0).random((2000, 8))
print(round(float((x.T @ x).trace()), 6) == round(float((x * x).sum()), 6))
print(len(set(sklearn.cluster.KMeans(3, n_init=1, random_state=0).fit(x).labels_)))
print(joblib.Parallel(n_jobs=2)(joblib.delayed(double)(n) for n in range(3)))
for method in ("fork", "spawn"):
    with multiprocessing.get_context(method).Pool(1) as pool:
        print(pool.map(double, [1, 2]))
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    print(list(pool.map(double, [3])))
print(subprocess.run([sys.executable, "-c", "print(5)"], capture_output=True, text=True).stdout.strip())
!echo six
await asyncio.sleep(0)
try:
    subprocess.run(["false"], check=True)
except subprocess.CalledProcessError as failed:
    print(failed.returncode)
"""
    ran = run(work, folder=tmp_path)

    assert ran.error is None
    assert ran.manager.how == "forked"
    assert ran.text.replace("\r", "").split("\n")[:-1] == [
        "True",
        "3",
        "[0, 2, 4]",
        "[2, 4]",
        "[2, 4]",
        "[6]",
        "5",
        "six",
        "1",
    ]


def test_what_is_left_open_or_to_do_at_exit_is_done_before_the_next_notebook(tmp_path):
    """Files nobody closed are written, exit functions run with the notebook's variables, threads are joined."""
    work = """
import atexit, threading
kept = open("kept.txt", "w"); kept.write("kept")
name = "exit.txt"
atexit.register(lambda: open(name, "w").write("done"))
class Closes:
    def __del__(self):
        with open("deleted.txt", "w") as file: file.write("deleted")
closing = Closes()
go = threading.Event()
def late():
    go.wait(); open("thread.txt", "w").write("thread")
threading.Thread(target=late).start()
threading.Timer(0.2, go.set).start()
"""
    ran = run(work, folder=tmp_path)

    assert (ran.manager.how, ran.manager.exit.status) == ("forked", 0)
    found = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert found == {"kept.txt": "kept", "exit.txt": "done", "deleted.txt": "deleted", "thread.txt": "thread"}


def test_a_projects_own_code_is_read_when_the_notebook_imports_it(tmp_path):
    """Only the environment's packages are imported ahead: an edit between two runs is seen."""
    for number in ("1", "2"):
        (tmp_path / "beside.py").write_text(f"number = {number}  {'#' * int(number)}\n")
        ran = run("import beside, msgspec\nprint(beside.number)", folder=tmp_path)
        assert (ran.text, ran.manager.how) == (f"{number}\n", "forked")


def test_a_file_beside_the_notebook_that_has_a_packages_name_wins_as_it_does_cold(tmp_path):
    """The notebook's folder is searched before the packages, so nothing is imported ahead, and it is said why."""
    (tmp_path / "msgspec.py").write_text("mine = True\n")

    ran = run("import msgspec\nprint(msgspec.mine)", folder=tmp_path)

    assert ran.text == "True\n"
    assert "msgspec.py in the notebook's folder" in ran.manager.fallback


@pytest.mark.parametrize(
    ("code", "reason"),
    [("import this", "prints or warns"), ("import asyncio.windows_events", "windows_events fails")],
)
def test_an_import_that_a_reader_would_see_something_of_is_left_to_the_notebook(code, reason):
    """What it prints, and the error that it raises, belong into the notebook's cell."""
    ran = run(code)

    assert ran.manager.how == "forked"
    assert reason in ran.manager.fallback
    assert "Zen of Python" in ran.text or "ImportError" in str(ran.error)


def test_variables_set_before_an_import_count():
    """A cell that sets a variable ends what is imported ahead, so the library reads it as it would cold."""
    code = "import os\nos.environ['MPLBACKEND'] = 'agg'\nimport matplotlib\nprint(matplotlib.get_backend())"

    assert run(code).text.lower() == "agg\n"


def test_another_environment_is_another_zygote():
    """What libraries read when they are imported is as this kernel's environment says."""
    code = "import numexpr, os\nprint(numexpr.nthreads)"
    for threads in ("1", "3"):
        ran = run(code, env={**os.environ, "NUMEXPR_NUM_THREADS": threads, "NUMEXPR_MAX_THREADS": "8"})
        assert (ran.text, ran.manager.how) == (f"{threads}\n", "forked")


def test_a_package_installed_meanwhile_ends_the_old_zygotes_use(monkeypatch):
    """The state of the installed packages is a part of a zygote's key."""
    run("1")
    before = dict(fork_server._zygotes)
    monkeypatch.setattr(fork_server, "installed_state", lambda: (("site-packages", 1),))

    assert run("print(1)").text == "1\n"
    assert len(set(fork_server._zygotes) - set(before)) == 1


def test_a_zygote_that_was_killed_is_replaced():
    """Nobody notices."""
    assert run("print(1)").manager.how == "forked"
    for zygote in fork_server._zygotes.values():
        zygote.process.kill()
        zygote.process.wait()

    assert run("print(1)").manager.how == "forked"


def test_a_fork_that_does_not_answer_ends_as_a_cold_start(monkeypatch):
    """The limit is short for a zygote that has forked such a kernel before; the one that hangs is ended."""
    assert run("print(1)").manager.how == "forked"
    monkeypatch.setattr(provisioner, "FORK_LIMIT_S", 0.2)
    hung = [zygote for zygote in fork_server._zygotes.values() if zygote.process.poll() is None]
    for zygote in hung:
        os.kill(zygote.process.pid, signal.SIGSTOP)

    ran = run("print(2)")

    assert (ran.text, ran.manager.how) == ("2\n", "cold")
    assert "did not answer" in ran.manager.fallback
    monkeypatch.undo()
    for zygote in hung:
        zygote.close()
    close_zygotes()


def test_a_zygote_that_cannot_start_costs_nothing_but_speed(monkeypatch):
    """A cold start follows, and the reason is told."""
    close_zygotes()
    monkeypatch.setattr(fork_server, "_ZYGOTE", "raise SystemExit({fd})")

    ran = run("print(1)")

    assert (ran.text, ran.manager.how) == ("1\n", "cold")
    assert ran.manager.fallback
    close_zygotes()


def test_imports_can_be_begun_before_there_is_a_notebook_to_run():
    """`prepare` waits for nothing; kernels that come later find the imports made."""
    close_zygotes()
    prepare([(Import("msgspec"),), ()])
    (prepared,) = fork_server._zygotes.values()

    assert run("import msgspec").manager.how == "forked"
    assert list(fork_server._zygotes.values()) == [prepared]
    assert prepared.proven == {(Import("msgspec"),)}


def test_only_this_environments_python_kernel_is_forked():
    """Another interpreter, another language or another module is started as its kernelspec says."""
    split = provisioner.python_kernel

    assert split([sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "c"]) == (
        (sys.executable,),
        ("-f", "c"),
    )
    assert split([sys.executable, "-Xutf8", "-m", "ipykernel_launcher"]) == ((sys.executable, "-Xutf8"), ())
    for other in (["R", "--slave"], ["/usr/bin/python9", "-m", "ipykernel_launcher"], [sys.executable, "-m", "x"], []):
        assert split(other) is None
        assert provisioner.without_debugger(other) == other


@pytest.mark.parametrize("kernels", ["warm", "cold"])
def test_a_kernel_imports_no_debugger(kernels):
    """ipykernel looks for one when each kernel starts, a third of a second long."""
    assert run("import sys; print('debugpy' in sys.modules)", kernels=kernels).text == "False\n"


def test_nobody_waits_for_silence():
    """jupyter_client's own client takes a kernel for ready when nothing has come for 0.2 s."""
    manager = kernel_manager_class()(kernel_name="python3")

    assert type(manager.client()).__name__ == "BatchKernelClient"
