"""The table of static vectors that comes with the package: the same in both cores, and safe against bad files."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.retrieval.test_hot_paths import SAME
from victor_nb.retrieval.core import twin
from victor_nb.retrieval.embedders.embedder import Embedder, default_embedder, embedded
from victor_nb.retrieval.embedders.static import TABLE, StaticEmbedder
from victor_nb.retrieval.errors import CorruptIndex, NewerIndex, UnusableFile

SPELLED = st.lists(
    st.one_of(st.sampled_from(["load", "DataFrame", "read_csv", "Café", "東京", "HTTP2", "x" * 70, "İ"]), st.text()),
    max_size=30,
).map(" ".join)


@pytest.fixture(scope="module")
def twins_table():
    """The twin's table, read once."""
    return twin.StaticTable(TABLE)


def test_it_is_the_file_that_its_notice_names():
    """Who distils it again gets the same bytes; who reads the notice knows where it comes from."""
    sha256 = hashlib.sha256(TABLE.read_bytes()).hexdigest()
    notice = (TABLE.parent / "NOTICE.md").read_text()
    assert sha256 in notice
    assert "Apache License, Version 2.0" in notice


def test_texts_that_mean_the_same_are_near(core):
    """Without a word in common; what means nothing has no direction."""
    rows = core.StaticTable(TABLE).embed(
        ["delete a file", "remove documents", "boundary layer of a wing", "", "\u2026"]
    )
    assert rows.shape == (5, 256)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1, 0, 0])


def test_accents_and_case_say_nothing(core):
    """As in the model that the table comes from."""
    rows = core.StaticTable(TABLE).embed(["Café CRÈME", "cafe creme"])
    assert (rows[0] == rows[1]).all()


@SAME
@given(st.lists(SPELLED, max_size=8))
def test_both_cores_give_the_same_vectors(compiled, twins_table, texts):
    """Sums are of whole numbers, so nothing but the last rounding could differ."""
    one = compiled.StaticTable(TABLE).embed(texts)
    assert one == pytest.approx(twins_table.embed(texts), abs=1e-6)


def test_long_texts_are_summed_without_overflow(core, twins_table):
    """A million words are more than 32 bits hold."""
    text = "the analysis of frames " * 250_000 + "zebra"
    assert core.StaticTable(TABLE).embed([text]) == pytest.approx(twins_table.embed([text]), abs=1e-6)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda raw: b"", CorruptIndex),
        (lambda raw: raw[:20], CorruptIndex),
        (lambda raw: raw[:-1], CorruptIndex),
        (lambda raw: b"OTHER" + raw[5:], CorruptIndex),
        (lambda raw: raw[:4_000_000] + bytes([raw[4_000_000] ^ 1]) + raw[4_000_001:], CorruptIndex),
        (lambda raw: raw[:8] + b"\x63" + raw[9:], NewerIndex),
    ],
)
def test_a_bad_file_is_an_error_of_ours(core, tmp_path, change, error):
    """Cut short, changed, not ours, from a later version."""
    path = tmp_path / "bad.table"
    path.write_bytes(change(TABLE.read_bytes()))
    with pytest.raises(error, match=r"bad\.table"):
        core.StaticTable(path)


def test_a_file_that_is_not_there_is_an_error_of_ours(core, tmp_path):
    """With its name."""
    with pytest.raises(UnusableFile, match=r"none\.table"):
        core.StaticTable(tmp_path / "none.table")


def test_an_index_has_it_by_default():
    """No download, no network: the default embedder is this one."""
    embedder = default_embedder()
    assert isinstance(embedder, StaticEmbedder)
    assert isinstance(embedder, Embedder)
    assert embedded(embedder, ["read a table", ""]).shape == (2, 256)
