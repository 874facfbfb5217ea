"""A pipeline whose process is killed: every notebook leaves a mark when it does its work.

`python killed.py FOLDER [RUN]` starts a run in FOLDER, or goes on with RUN; in the end it prints what came of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.pipelines.made import code
from tests.pipelines.made import notebook as made_notebook
from victor_nb.journal import open_journal
from victor_nb.pipelines import Node, Pipeline, compute, notebook

MARK = "print({0}, file=open('marks', 'a'))"
MEMBERS = ("prepare", "train[power=1]", "train[power=2]", "train[power=3]", "compare", "beside")


def write_notebooks(folder: Path) -> None:
    """Write the pipeline's notebooks into its folder."""
    made = {
        "prepare": [MARK.format("'prepare'"), "open('data.txt', 'w').write('1\\n2\\n3\\n')"],
        "train": [
            code("power = 0", "parameters"),
            "total = sum(int(line) ** power for line in open('data.txt'))",
            MARK.format("f'train[power={power}]'"),
            "open(f'total_{power}.txt', 'w').write(str(total))",
        ],
        "compare": [
            MARK.format("'compare'"),
            "import glob\nfound = [open(name).read() for name in sorted(glob.glob('total_*.txt'))]",
            "open('report.txt', 'w').write(' '.join(found))",
        ],
    }
    for name, cells in made.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(made_notebook(*cells)), encoding="utf-8")


def beside() -> int:
    """A node that needs nothing."""
    print("beside", file=open("marks", "a"))  # noqa: SIM115
    return 7


def nodes() -> list[Node]:
    """The pipeline: prepare -> three times train -> compare; and one beside."""
    return [
        notebook("prepare.ipynb", outputs="data.txt"),
        notebook("train.ipynb", inputs="data.txt", outputs="total_{{ power }}.txt", matrix={"power": [1, 2, 3]}),
        notebook("compare.ipynb", inputs="total_*.txt", outputs="report.txt"),
        compute(beside),
    ]


def main(folder: str, run_id: str | None = None) -> None:
    """Run it to the end, unless killed."""
    with open_journal("sqlite:///victor.db") as journal:
        pipeline = Pipeline("killed", nodes(), folder=folder)
        print(json.dumps(pipeline.run_sync(run_id=run_id, journal=journal, workers=2).to_json()["notebooks"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
