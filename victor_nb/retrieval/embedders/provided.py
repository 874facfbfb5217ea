"""Embedders by name: any embedding model of the agent framework, asked in batches with the one retry policy.

    embedder_named("static")                            the table that comes with the package
    embedder_named("hashing")                           no model at all
    embedder_named("minilm")                            MiniLM itself, computed here
    embedder_named("openai:text-embedding-3-small")     a provider's; its key as for its other models
    embedder_named("http://127.0.0.1:8000/v1#NAME")     a server that speaks as OpenAI does
    embedder_named("sentence-transformers:NAME")        on this machine: pydantic-ai-slim[sentence-transformers]

1. The framework is imported when the first text is embedded, never before.
2. Vectors are kept by the hash of their text; see `remembered`.
3. A search asks from wherever it is called, also inside a running event loop: requests run on a thread of this room.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from victor_nb.errors import MissingExtra, UsageError, nearest
from victor_nb.models import MissingKey
from victor_nb.retrieval.embedders.embedder import Embedder, HashingEmbedder
from victor_nb.retrieval.embedders.minilm import MiniLM
from victor_nb.retrieval.embedders.remembered import BATCH, RememberedEmbedder
from victor_nb.retrieval.embedders.static import StaticEmbedder

if TYPE_CHECKING:
    from pydantic_ai.embeddings import EmbeddingModel

    from victor_nb.models.retrying import Retries

Answer = TypeVar("Answer")

TIMEOUT_S = 60.0
_OWN: dict[str, Callable[[], Embedder]] = {"static": StaticEmbedder, "hashing": HashingEmbedder, "minilm": MiniLM}


def embedder_named(name: str, *, keep: Path | None = None) -> Embedder:
    """Return the embedder of that name.

    Args:
        name: "static", "hashing", "minilm", or "provider:model" as the agent framework names embedding models.
        keep: the file that keeps the vectors of a provider's or of MiniLM; in memory if None.

    Raises:
        UsageError: nothing has that name.
        MissingExtra: its library is not installed.
        UnusableFile: `keep` cannot be used.
    """
    if name in ("static", "hashing"):
        return _OWN[name]()
    if name in _OWN:
        return RememberedEmbedder(_OWN[name](), keep)
    if ":" not in name:
        raise UsageError(
            f"there is no embedder {name!r}.{nearest(name, _OWN)}", hint='static, hashing, minilm or "provider:model"'
        )
    return RememberedEmbedder(ProvidedEmbedder(name), keep)


class ProvidedEmbedder:
    """An embedding model of the agent framework.

    Args:
        model: its name, or the framework's own object.
        batch: how many texts a request carries.

    Raises, at the first use: MissingExtra, MissingKey, UsageError; ModelBusy, ModelRefused, ModelUnreachable.
    """

    alpha = 0.4

    def __init__(self, model: str | EmbeddingModel, *, batch: int = BATCH) -> None:
        self.name = model if isinstance(model, str) else f"{model.system}:{model.model_name}"
        self._given, self._batch = model, batch
        self._dimension: int | None = None
        self._model: EmbeddingModel | None = None

    @property
    def dimension(self) -> int:
        """Return how many numbers a vector has; the model is asked once, if it was never asked."""
        if self._dimension is None:
            self.embed(["dimension"])
        return self._dimension or 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text. An empty text, which providers refuse, has a row of zeros."""
        asked = [text for text in texts if text.strip()]
        found = waited_for(self._rows(asked)) if asked else []
        if found:
            self._dimension = len(found[0])
        rows = np.zeros((len(texts), self.dimension if texts else 0), np.float32)
        for place, row in zip((at for at, text in enumerate(texts) if text.strip()), found, strict=True):
            rows[place] = row
        return rows

    async def _rows(self, texts: Sequence[str]) -> list[Sequence[float]]:
        from victor_nb.models.retrying import Retries

        self._model = self._model or model_named(self._given)
        retries = Retries(self.name, self._model.base_url or self._model.system)
        rows: list[Sequence[float]] = []
        for at in range(0, len(texts), self._batch):
            rows += await asked(self._model, texts[at : at + self._batch], retries)
        return rows


async def asked(model: EmbeddingModel, texts: Sequence[str], retries: Retries) -> Sequence[Sequence[float]]:
    """Return the vectors of one batch, tried again as the policy says."""
    for attempt in range(1, retries.attempts + 1):
        try:
            return (await model.embed(texts, input_type="document")).embeddings
        except Exception as failure:
            await retries.wait_or_raise(failure, attempt)
    raise AssertionError("the last attempt returns or raises")


def model_named(given: str | EmbeddingModel) -> EmbeddingModel:
    """Return the framework's model of that name. Raises: MissingExtra, MissingKey, UsageError."""
    from pydantic_ai.embeddings import infer_embedding_model
    from pydantic_ai.exceptions import UserError

    if not isinstance(given, str):
        return given
    if given.startswith(("http://", "https://")):
        url, _, model = given.partition("#")
        return of_openai(model or "default", url)
    provider, _, model = given.partition(":")
    try:
        return of_openai(model) if provider == "openai" else infer_embedding_model(given)
    except ImportError as problem:
        raise MissingExtra(
            f"the embedder {given!r} needs a library that is not installed",
            hint=f'pip install "pydantic-ai-slim[{provider}]"',
        ) from problem
    except (UserError, ValueError) as problem:
        raise UsageError(
            f"the embedder {given!r} cannot be used: {problem}", hint="names are those of pydantic_ai.Embedder"
        ) from problem


def of_openai(model: str, url: str | None = None) -> EmbeddingModel:
    """Return a model of OpenAI, or of a server that speaks as it does, whose client does not retry by itself."""
    from openai import AsyncOpenAI
    from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
    from pydantic_ai.providers.openai import OpenAIProvider

    key = os.environ.get("OPENAI_API_KEY") or ("none" if url else None)
    if key is None:
        raise MissingKey(
            f"the embedder 'openai:{model}' needs a key, and OPENAI_API_KEY is not set",
            hint='export OPENAI_API_KEY=…; the embedder "static" needs no key',
        )
    client = AsyncOpenAI(api_key=key, base_url=url, max_retries=0, timeout=TIMEOUT_S)
    return OpenAIEmbeddingModel(model, provider=OpenAIProvider(openai_client=client))


def waited_for(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine on the one loop of this room, because clients keep connections that belong to a loop."""
    return asyncio.run_coroutine_threadsafe(work, _loop(os.getpid())).result()


@cache
def _loop(process: int) -> asyncio.AbstractEventLoop:
    # One a process: a thread does not survive a fork.
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name=f"embedding-{process}", daemon=True).start()
    return loop
