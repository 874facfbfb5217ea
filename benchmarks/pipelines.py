"""Twenty notebooks as a pipeline, against papermill, ploomber and nbconvert: first run, second run, an edit, a failure.

`python benchmarks/pipelines.py [--rounds 3] [--notebooks 20]`. Every contestant is started as its users start it, as
whole processes, kernels included; the notebooks do not depend on one another. papermill and nbconvert run in our own
environment, so that all pay for the same packages. What they cannot do (skip, go on) they do as their users do: again,
which is their first run once more and is not measured twice.
CPU time counts every process that a contestant left behind, because orphans come to us; memory is what all of its
processes hold together at once (PSS), sampled every 50 ms in a run of its own.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from measuring import medians, peer, report

PR_SET_CHILD_SUBREAPER = 36
CELLS = {"trivial": "print(1 + 1)", "importing": "import pandas, sklearn\nprint(pandas.__version__)"}
# The last notebook fails as long as this file is missing, which is how a run stops at 19 of 20.
FAILS = "\nimport pathlib\nassert pathlib.Path('ready').exists()"
PAPERMILL_API = """
import sys, papermill
for name in sys.argv[1:]:
    papermill.execute_notebook(name + ".ipynb", "out/" + name + ".ipynb", progress_bar=False)
"""
OURS = "victor_nb"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Contestant:
    """Who runs the notebooks of a folder, and what has to lie beside them.

    `knows` says whether it knows by itself what has been done already.
    """

    name: str
    command: Callable[[list[str]], list[str]]
    prepare: Callable[[Path, list[str]], None] = lambda folder, names: None
    knows: bool = False


def in_a_loop(words: str) -> Callable[[list[str]], list[str]]:
    """A shell's loop over the notebooks that ends at the first failure."""
    return lambda names: ["bash", "-c", f"set -e; for n in {' '.join(names)}; do {words}; done"]


def everybody() -> list[Contestant]:
    """The contestants; ploomber in an environment of its own, if it can be installed."""
    us = Contestant(OURS, lambda _: [str(BIN / "victor"), "pipeline", "run", "pipeline.yaml"], write_pipeline, True)
    loop = in_a_loop(f"{BIN}/papermill --no-progress-bar $n.ipynb out/$n.ipynb")
    convert = in_a_loop(f"{BIN}/jupyter nbconvert --to notebook --execute --output-dir out $n.ipynb")
    field = [
        us,
        Contestant("papermill, shell loop", loop),
        Contestant("papermill, one process", lambda names: [sys.executable, "-c", PAPERMILL_API, *names]),
        Contestant("nbconvert, shell loop", convert),
    ]
    if python := peer("ploomber", "ploomber", "ipykernel", "pandas", "scikit-learn"):
        build = [str(Path(python).with_name("ploomber")), "build"]
        field.append(Contestant("ploomber, two processes", lambda _: build, write_ploomber, True))
    return field


# --- the work ----------------------------------------------------------------------------------------------------


def notebook(cell: str, *, ploomber: bool = False) -> str:
    """A notebook of one cell; ploomber wants a parameters cell of its own before it."""
    cells = [code(cell, "work")]
    if ploomber:
        cells.insert(0, code("upstream = None\nproduct = None", "parameters", tags=["parameters"]))
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def code(source: str, id: str, tags: list[str] | None = None) -> dict[str, object]:
    """A cell of code."""
    metadata = {"tags": tags} if tags else {}
    shape = {"cell_type": "code", "execution_count": None, "outputs": [], "metadata": metadata}
    return {**shape, "id": id, "source": source}


def write_notebooks(folder: Path, names: list[str], cell: str, *, fails: bool, ploomber: bool) -> None:
    """The notebooks of one case."""
    (folder / "out").mkdir()
    for name in names:
        source = cell + (FAILS if fails and name == names[-1] else "")
        (folder / f"{name}.ipynb").write_text(notebook(source, ploomber=ploomber))


def write_pipeline(folder: Path, names: list[str]) -> None:
    """Our pipeline: the notebooks, none of which waits for another."""
    nodes = "".join(f"  - id: {name}\n    notebook: {name}.ipynb\n    after: []\n" for name in names)
    (folder / "pipeline.yaml").write_text(f"pipeline: bench\nnotebooks:\n{nodes}")


def write_ploomber(folder: Path, names: list[str]) -> None:
    """Ploomber's pipeline, on two processes."""
    executor = "executor:\n  dotted_path: ploomber.executors.Parallel\n  processes: 2\n"
    tasks = "".join(f"  - source: {name}.ipynb\n    name: {name}\n    product: out/{name}.ipynb\n" for name in names)
    (folder / "pipeline.yaml").write_text(f"{executor}tasks:\n{tasks}")


# --- measuring ---------------------------------------------------------------------------------------------------


def reap_orphans() -> None:
    """Let processes whose parents end before them become ours, so that their CPU time is counted (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def timed(command: list[str], folder: Path, *, succeeds: bool = True) -> dict[str, float]:
    """Wall and CPU seconds of a command and of all that it started."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall = time.perf_counter() - began
    with suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if (done.returncode == 0) != succeeds:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-800:]}")
    return {"wall_s": wall, "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def peak_mib(command: list[str], folder: Path) -> float:
    """The most memory (MiB, PSS) that a command and its descendants held at once."""
    process = psutil.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        held = 0
        for one in [process, *process.children(recursive=True)]:
            with suppress(psutil.Error):
                held += one.memory_full_info().pss
        most = max(most, held)
        time.sleep(0.05)
    return most / 2**20


@contextmanager
def case(who: Contestant, names: list[str], cell: str, *, fails: bool = False) -> Iterator[Path]:
    """A new folder with the notebooks of a case, as `who` needs them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_notebooks(folder, names, cell, fails=fails, ploomber=who.name.startswith("ploomber"))
        who.prepare(folder, names)
        yield folder


def life(who: Contestant, names: list[str], cell: str) -> dict[str, dict[str, float]]:
    """First run, second run with nothing changed, and a third after an edit of one notebook."""
    command = who.command(names)
    with case(who, names, cell) as folder:
        figures = {"first": timed(command, folder)}
        if who.knows:
            figures["again"] = timed(command, folder)
            edited = folder / f"{names[0]}.ipynb"
            edited.write_text(edited.read_text().replace('"source": "', '"source": "edited = 1\\n', 1))
            figures["one edited"] = timed(command, folder)
    return figures


def going_on(who: Contestant, names: list[str], cell: str) -> dict[str, float]:
    """The run after one that failed in the last notebook."""
    command = who.command(names)
    with case(who, names, cell, fails=True) as folder:
        timed(command, folder, succeeds=False)
        (folder / "ready").touch()
        return timed(command, folder)


def status(names: list[str]) -> dict[str, float]:
    """How long `victor pipeline status` takes after a run."""
    us = everybody()[0]
    with case(us, names, CELLS["trivial"]) as folder:
        timed(us.command(names), folder)
        return timed([str(BIN / "victor"), "pipeline", "status", "pipeline.yaml"], folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--notebooks", type=int, default=20)
    options = parser.parse_args()
    reap_orphans()
    names = [f"n{index:02}" for index in range(options.notebooks)]
    field, taken = everybody(), dict[str, dict[str, list[dict[str, float]]]]()

    def take(what: str, who: str, figures: dict[str, float]) -> None:
        taken.setdefault(what, {}).setdefault(who, []).append(figures)
        print(what, who, figures, file=sys.stderr)

    for _ in range(options.rounds):
        for kind, cell in CELLS.items():
            for who in field:
                for what, figures in life(who, names, cell).items():
                    take(f"{kind}: {what}", who.name, figures)
        for who in filter(lambda one: one.knows, field):
            take("after a failure in the last", who.name, going_on(who, names, CELLS["importing"]))
        hundred = [f"n{index:02}" for index in range(100)]
        take("a hundred, nothing to do", OURS, life(field[0], hundred, CELLS["trivial"])["again"])
        take("status", OURS, status(names))
    for who in field:
        with case(who, names, CELLS["importing"]) as folder:
            take("memory", who.name, {"peak_mib": peak_mib(who.command(names), folder)})
    cases = {what: {who: medians(rounds) for who, rounds in by.items()} for what, by in taken.items()}
    report("pipelines", {"rounds": options.rounds, "notebooks": options.notebooks, "cases": cases})


if __name__ == "__main__":
    main()
