"""How every benchmark here is run: fresh processes, contestants in turn, medians of the rounds.

A contestant is a Python program that prints one JSON object with its figures as its last line. Wall time moves with
whatever else the machine does; CPU time a step, bytes and syncs do not, so judge by those and by ratios within one run.
"""

from __future__ import annotations

import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

CACHE = Path.home() / ".cache" / "victor-nb-benchmarks"
RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parents[1]


def peer(name: str, *packages: str) -> str | None:
    """Return the interpreter of a peer's own virtual environment, made at the first call; None if it cannot be."""
    python = CACHE / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(CACHE / name)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=False)
    probe = f"import importlib.metadata as m; [m.version(p) for p in {[p.split('[')[0] for p in packages]!r}]"
    return str(python) if subprocess.run([str(python), "-c", probe], capture_output=True).returncode == 0 else None


def run(
    python: str,
    program: str,
    *arguments: str,
    count_syncs: bool = False,
    beside: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> dict[str, float] | None:
    """Run a program in a new process and a new folder; None if it fails, with its last words on standard error.

    `beside` are modules that it imports, by their file names; `variables` are added to its environment.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, source in (beside or {}).items():
            (Path(folder) / name).write_text(source)
        script = Path(folder) / "program.py"
        script.write_text(program)
        command = [python, str(script), *arguments]
        trace = Path(folder) / "syncs"
        if count_syncs:
            command = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(trace), *command]
        environment = {"PYTHONPATH": str(ROOT), **(variables or {})}
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
        if done.returncode:
            print(done.stderr[-600:], file=sys.stderr)
            return None
        figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        if count_syncs:
            figures["syncs"] = sum("sync(" in line for line in trace.read_text().splitlines())
        return figures


def can_count_syncs() -> bool:
    """Whether the tool that counts system calls is here."""
    return shutil.which("strace") is not None


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over the rounds."""
    return {name: round(statistics.median(one[name] for one in rounds), 3) for name in rounds[0]}


def report(name: str, figures: Mapping[str, object]) -> None:
    """Print the figures and keep them in `results/`."""
    RESULTS.mkdir(exist_ok=True)
    whole = {"python": platform.python_version(), "machine": platform.machine(), **figures}
    text = json.dumps(whole, indent=2)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    print(text)
