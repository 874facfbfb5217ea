"""The documentation assistant: how long packages take to be read, and a question to be answered.

Method. Everything is kept in a temporary folder.
1. *First reading*: a process of its own reads pandas, scikit-learn and NumPy into an empty folder, three times; the
   median of wall time and of processor time. Files are in the page cache: they were imported or read before.
2. *Opening*: the library is opened and closed in that state, as every question does; the median of 50.
3. *Answers*: the library is filled to 100,000 passages with copies of these packages under other names (and other
   words in every text, so that no vector is shared). 60 questions are asked three times each, in turn, with a project
   and with taught lessons, as a user would: `Assistant.ask`, from the call to the answer, everything included
   (opening, searching, ranking, code, and writing down the question). Median and 99th percentile.
4. *Quality*: questions in people's own words, each with the names that answer it: `docs_questions.txt`, every second
   one of which the vocabulary was tuned on, and `docs_questions_unseen.txt`, written by somebody else and never tuned
   on. How many have an answer first, among the first five, and the mean of one by the place of the first answer among
   ten.

    python benchmarks/docs_assistant.py            # prints, and writes benchmarks/results/docs_assistant.json
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.assist import Assistant

PACKAGES = ("pandas", "sklearn", "numpy")
PASSAGES = 100_000
RESULTS = Path(__file__).parent / "results" / "docs_assistant.json"

READING = """
import sys, time
from pathlib import Path
from victor_nb.assist.installed import wanted
from victor_nb.assist.library import Library

begun, worked = time.perf_counter(), time.process_time()
known = Library(Path(sys.argv[1])).read([wanted(name) for name in sys.argv[2:]], lambda name, done, of: None)
print(time.perf_counter() - begun, time.process_time() - worked, sum(one.passages for one in known.values()))
"""

_ASKED = """
how do I pivot a frame;read a csv file;merge two frames on a key;group rows and take the mean;drop missing
values;fill missing values;remove duplicate rows;sort by a column;convert strings to dates;rename
columns;rolling average; one hot encode a column;count how often a value occurs;split strings into columns;write
parquet;bin values into intervals; concatenate frames;resample to months;k means clustering;train test
split;cross validation score;random forest classifier; standardize features;principal component
analysis;confusion matrix;grid search;ridge regression;area under the roc curve; impute with nearest
neighbours;pipeline of transformers;tf idf of documents;inverse of a matrix;eigenvalues;evenly spaced
numbers;stack arrays vertically;random numbers from a normal distribution;index of the largest element;unique
values; cumulative sum;change the shape of an array;solve linear equations;fast fourier transform;median
ignoring nan;logistic regression;melt wide to long;KeyError column not found;ValueError could not broadcast
operands together;shapes not aligned; could not convert string to
float;SettingWithCopyWarning;DataFrame.pivot_table;numpy.linalg.svd;StandardScaler;plot a histogram;save an
array to disk;load json;style a table;interpolate a series;sparse matrix;learning curve
"""
QUESTIONS = _ASKED.strip().replace("\n", " ").split(";")


def reading(folder: Path) -> dict[str, float]:
    """Read the packages into empty folders; medians of three."""
    taken = []
    for turn in range(3):
        said = subprocess.run(
            [sys.executable, "-c", READING, str(folder / f"first-{turn}"), *PACKAGES],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        taken.append([float(each) for each in said])
    wall, processor, passages = (statistics.median(column) for column in zip(*taken, strict=True))
    return {"reading_s": wall, "reading_processor_s": processor, "passages": passages}


def filled(folder: Path) -> int:
    """Fill a library with copies until it has enough passages; return how many it has."""
    from victor_nb.assist import library as libraries
    from victor_nb.assist.installed import Wanted, wanted
    from victor_nb.assist.reading import Entry, Progress, entries_of
    from victor_nb.retrieval.sources.packages import Package

    real = {name: wanted(name) for name in PACKAGES}
    entries = {name: entries_of(one.package) for name, one in real.items()}

    def copied(package: Package, progress: Progress) -> list[Entry]:
        name, _, number = package.name.partition("_copy")
        if not number:
            return entries[name]
        return [
            replace(each, name=f"{package.name}{each.name[len(name) :]}", said=f"{each.said}\n\nCopy {number}.")
            for each in entries[name]
        ]

    libraries.entries_of = copied  # type: ignore[assignment]  # copies are in no file
    library = libraries.Library(folder)
    count, number = 0, 0
    while count < PASSAGES:
        names = [(name, f"{name}_copy{number}" if number else name) for name in PACKAGES]
        copies = [Wanted(replace(real[name].package, name=copy), real[name].stamp) for name, copy in names]
        count = sum(one.passages for one in library.read(copies, lambda name, done, of: None).values())
        number += 1
    return count


def answers(kept: Path) -> dict[str, float]:
    """Ask everything three times; from the call to the answer."""
    import numpy
    import pandas

    from victor_nb.assist import Assistant
    from victor_nb.assist.installed import Wanted
    from victor_nb.assist.places import Places
    from victor_nb.assist.surroundings import of_namespace
    from victor_nb.retrieval.sources.packages import Package

    root = kept / "project"
    root.mkdir()
    (root / "study.py").write_text("import pandas as pd\n\n\ndef wide(frame):\n    return frame.pivot(index='a')\n")

    class Everything(Assistant):
        """Asks all copies: the packages that are installed are three."""

        def chosen(self, packages: object, around: object, imports: object) -> list[Wanted]:
            found = super().chosen(packages, around, imports)  # type: ignore[arg-type]
            return found + copies

    assistant = Everything(Places(kept / "packages", kept / "feedback.db", kept / "own"), root, packages=PACKAGES)
    copies = [
        Wanted(Package(one.name, one.version, Path(), ""), one.stamp)
        for one in assistant.library.known().values()
        if "_copy" in one.name
    ]
    around = of_namespace({"pd": pandas, "np": numpy, "frame": pandas.DataFrame()})
    for question in QUESTIONS[:20]:
        assistant.ask(question, around=around).accept(2)
    taken, worked = [], time.process_time()
    for _ in range(3):
        for question in QUESTIONS:
            begun = time.perf_counter()
            assistant.ask(question, around=around)
            taken.append((time.perf_counter() - begun) * 1000)
    worked = (time.process_time() - worked) / len(taken) * 1000
    ordered = sorted(taken)
    return {
        "questions": len(taken),
        "p50_ms": statistics.median(taken),
        "p99_ms": ordered[int(0.99 * len(ordered))],
        "processor_ms": worked,
    }


def quality(kept: Path) -> dict[str, float]:
    """Ask in people's own words, and see where the answers stand."""
    from victor_nb.assist import Assistant
    from victor_nb.assist.places import Places

    assistant = Assistant(Places(kept / "first-0", kept / "questions.db", None), packages=PACKAGES)
    here, found = Path(__file__).parent, {}
    tuned, unseen = (judged(here / name) for name in ("docs_questions.txt", "docs_questions_unseen.txt"))
    for name, questions in (("tuning", tuned[::2]), ("held_out", tuned[1::2]), ("unseen", unseen)):
        places = [place_of(assistant, question, answers) for question, answers in questions]
        found[f"{name}_questions"] = float(len(places))
        found[f"{name}_first"] = statistics.mean(place == 1 for place in places)
        found[f"{name}_in_five"] = statistics.mean(0 < place <= 5 for place in places)
        found[f"{name}_mrr"] = statistics.mean(1 / place if place else 0.0 for place in places)
    return found


def judged(file: Path) -> list[tuple[str, list[str]]]:
    """Read questions and the names that answer them."""
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    parted = [line.split("|") for line in lines]
    return [(question.strip(), names.replace(",", " ").split()) for question, names in parted]


def place_of(assistant: Assistant, question: str, answers: list[str]) -> int:
    """Return the place of the first answer among ten suggestions, from 1; 0 if there is none."""
    from victor_nb.assist.names import is_same

    offered = [suggestion.name for suggestion in assistant.ask(question, k=10)]
    return next((place for place, name in enumerate(offered, 1) if any(is_same(one, name) for one in answers)), 0)


def opening(folder: Path) -> float:
    """Open and close, as every question does; the median of 50 in milliseconds."""
    from victor_nb.assist.shelves import reading as opened

    taken = []
    for _ in range(50):
        begun = time.perf_counter()
        with opened(folder):
            pass
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-write", action="store_true", help="print only")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        kept = Path(place)
        measured: dict[str, object] = dict(reading(kept))
        measured["opening_ms"] = opening(kept / "first-0")
        measured |= quality(kept)
        measured["passages_asked"] = filled(kept / "packages")
        measured |= answers(kept)
        measured["opening_at_100k_ms"] = opening(kept / "packages")
        measured["index_mb"] = (
            sum(file.stat().st_size for file in (kept / "packages").rglob("*") if file.is_file()) / 1e6
        )
    measured |= {"python": sys.version.split()[0], "cores": os.cpu_count(), "load_1min": os.getloadavg()[0]}
    for name, value in measured.items():
        print(f"{name:20} {value:,.2f}" if isinstance(value, float) else f"{name:20} {value}")
    if not chosen.no_write:
        RESULTS.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
