"""What `%load_ext victor_nb` adds to a bare IPython shell: milliseconds, CPU time and modules.

Fresh processes, the two variants in turn; in each the clock runs only around the line that is measured, and the
median of the rounds is reported. `python benchmarks/extension_load.py [--rounds 15]` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

PROBE = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
wall, cpu = time.perf_counter(), time.process_time()
{line}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
new = sorted(set(sys.modules) - before)
import json
print(json.dumps({{"wall_ms": wall * 1e3, "cpu_ms": cpu * 1e3, "modules": len(new)}}))
"""
VARIANTS = {
    "autoreload (ships with IPython)": "shell.run_line_magic('load_ext', 'autoreload')",
    "victor_nb": "shell.run_line_magic('load_ext', 'victor_nb')",
    "jupyter_ai_magics (where installed)": "shell.run_line_magic('load_ext', 'jupyter_ai_magics')",
}


def measure(line: str) -> dict[str, float] | None:
    """One fresh process; None where the extension is not installed."""
    done = subprocess.run([sys.executable, "-c", PROBE.format(line=line)], capture_output=True, text=True)
    lines = [text for text in done.stdout.splitlines() if text.startswith("{")]
    return json.loads(lines[-1]) if done.returncode == 0 and lines else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    for _ in range(rounds):
        for name, line in VARIANTS.items():
            if (figures := measure(line)) is not None:
                taken[name].append(figures)
    report = {
        name: {key: round(statistics.median(one[key] for one in figures), 2) for key in figures[0]}
        for name, figures in taken.items()
        if figures
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
