"""The transformer in NumPy: a BERT whose states' mean is the vector of a text, in any precision.

1. Widths and layers are read off the weights; in how many heads a layer looks at a text is not there to be read.
2. Texts of about the same length go through the model together; a text's vector does not depend on its company.
3. A file that is cut short, or whose tensors do not fit each other, is an error of ours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from victor_nb.retrieval.core.tokens import tokens
from victor_nb.retrieval.errors import UnusableFile

LONGEST, BATCH = 256, 32
FRAME = ("[UNK]", "[CLS]", "[SEP]")

Floats = NDArray[np.floating]


class MiniLM:
    """Vocabulary and weights, read from a folder, with numbers of one type.

    Raises: UnusableFile.
    """

    def __init__(self, folder: Path, heads: int, kind: DTypeLike = np.float32) -> None:
        try:
            self.words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
            self._weights = tensors((folder / "model.safetensors").read_bytes(), kind)
            self._ids = {word: number for number, word in enumerate(self.words)}
            self._unknown, self.start, self.end = (self._ids[piece] for piece in FRAME)
            rows, self.dimension = self._weights["embeddings.word_embeddings.weight"].shape
            positions = self._weights["embeddings.position_embeddings.weight"].shape[0]
            self._check(rows, heads, positions)
        except OSError as problem:
            raise UnusableFile.because(problem) from problem
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise UnusableFile.no_weights(folder / "model.safetensors", str(problem)) from problem
        self._heads, self._longest = heads, min(LONGEST, positions)

    def _check(self, rows: int, heads: int, positions: int) -> None:
        if len(self.words) > rows or positions < 3 or heads < 1 or self.dimension % heads:
            raise ValueError(f"{heads} heads, {rows} rows of {self.dimension}, {positions} positions")
        # Shapes that do not fit each other show here, and not when the first text comes.
        self._layers = sum(name.endswith(".intermediate.dense.weight") for name in self._weights)
        self._heads = heads
        self.states(np.array([[self.start, self.end]]))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean of what the model gives for the pieces of each text, brought to length 1."""
        pieces = [self.pieces(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda place: len(pieces[place]))
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for at in range(0, len(order), BATCH):
            places = [place for place in order[at : at + BATCH] if len(pieces[place]) > 2]
            if not places:
                continue
            lengths = np.array([len(pieces[place]) for place in places])
            ids = np.array([pieces[place] + [0] * (lengths.max() - len(pieces[place])) for place in places])
            seen = np.arange(lengths.max()) < lengths[:, None]
            means = (self.states(ids, seen) * seen[:, :, None]).sum(axis=1) / lengths[:, None]
            rows[places] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return rows

    def pieces(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces, framed, as the model's own tokenizer does."""
        found = [piece for token in tokens(text) for piece in self._spelled(token)]
        return [self.start, *found[: self._longest - 2], self.end]

    def _spelled(self, token: str) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(token):
            ahead = "##" if start else ""
            ends = (end for end in range(len(token), start, -1) if ahead + token[start:end] in self._ids)
            end = next(ends, None) if len(token) <= 100 else None
            if end is None:
                return [self._unknown]
            found.append(self._ids[ahead + token[start:end]])
            start = end
        return found

    def states(self, ids: NDArray[np.int_], seen: NDArray[np.bool_] | None = None) -> Floats:
        """Return what the model gives at every place; places that are not seen are not looked at."""
        weights, names = self._weights, "embeddings."
        states = weights[f"{names}word_embeddings.weight"][ids]
        states = states + weights[f"{names}position_embeddings.weight"][: ids.shape[1]]
        states = self._normed(f"{names}LayerNorm", states + weights[f"{names}token_type_embeddings.weight"][0])
        seen = np.ones(ids.shape, bool) if seen is None else seen
        hidden = np.where(seen, 0.0, -1e4).astype(states.dtype)[:, None, None, :]
        for number in range(self._layers):
            states = self._layer(f"encoder.layer.{number}.", states, hidden)
        return states

    def _layer(self, name: str, states: Floats, hidden: Floats) -> Floats:
        from scipy.special import erf

        many, length, width = states.shape
        query, key, value = (
            self._linear(f"{name}attention.self.{part}", states)
            .reshape(many, length, self._heads, -1)
            .transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / (width // self._heads) ** 0.5 + hidden
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        seen = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        seen = seen.transpose(0, 2, 1, 3).reshape(many, length, width)
        states = self._normed(
            f"{name}attention.output.LayerNorm", self._linear(f"{name}attention.output.dense", seen) + states
        )
        wide = self._linear(f"{name}intermediate.dense", states)
        wide = wide * 0.5 * (1 + erf(wide / 2**0.5))
        return self._normed(f"{name}output.LayerNorm", self._linear(f"{name}output.dense", wide) + states)

    def _linear(self, name: str, states: Floats) -> Floats:
        # Flattened, because NumPy multiplies a stack of small matrices one by one.
        flat = states.reshape(-1, states.shape[-1]) @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        shaped: Floats = flat.reshape(*states.shape[:-1], -1)
        return shaped

    def _normed(self, name: str, states: Floats) -> Floats:
        centred = states - states.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + 1e-12)
        scaled: Floats = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return scaled


def tensors(raw: bytes, kind: DTypeLike) -> dict[str, Floats]:
    """Read a file of safetensors: the length of a JSON head, the head, the numbers. Raises: ValueError."""
    start = 8 + int.from_bytes(raw[:8], "little")
    if start > len(raw):
        raise ValueError("it is cut short")
    found = {}
    for name, entry in json.loads(raw[8:start]).items():
        if entry.get("dtype") == "F32":
            first, last = entry["data_offsets"]
            if not 0 <= first <= last <= len(raw) - start:
                raise ValueError(f"{name} lies outside of the file")
            cells = np.frombuffer(raw[start + first : start + last], "<f4")
            found[name] = cells.reshape(entry["shape"]).astype(kind)
    return found
