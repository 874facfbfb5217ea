"""A name becomes a model: "offline", "openai:gpt-5", "ollama:llama3.2", "http://127.0.0.1:8000/v1#name", "a | b"."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from victor_nb.errors import MissingExtra, nearest
from victor_nb.models.catalogue import PROVIDERS, Provider, is_installed
from victor_nb.models.errors import MissingKey, ModelError, UnknownModel

if TYPE_CHECKING:
    from pydantic_ai.models import Model

DEFAULT_MODEL: Final = "offline"
TIMEOUT_S: Final = 120.0
OLLAMA_HOST: Final = "http://127.0.0.1:11434"


def resolve(
    name: str | Model | Sequence[str | Model] = DEFAULT_MODEL,
    *,
    api_key: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Model:
    """Return the model of that name.

    Args:
        name: "provider:model"; "offline"; the URL of an OpenAI-compatible server, with "#model" behind it where it
            serves more than one; several of them, in a list or joined by "|", each asked when the one before cannot
            answer; or a model object, which is passed on.
        api_key: the provider's key; by default it is taken from the environment.
        timeout_s: how long a request may take, in seconds.

    Raises:
        UnknownModel: no provider has that name.
        MissingKey: the provider's key is not set.
        MissingExtra: the provider's client is not installed.
    """
    if isinstance(name, str):
        parts = [part.strip() for part in name.split("|")]
        return fallback([_one(part, api_key, timeout_s) for part in parts])
    if isinstance(name, Sequence):
        return fallback([resolve(one, api_key=api_key, timeout_s=timeout_s) for one in name])
    return name


def fallback(models: Sequence[Model]) -> Model:
    """Return a model that asks each of `models` in turn until one can answer."""
    if len(models) == 1:
        return models[0]
    from pydantic_ai.exceptions import ModelAPIError
    from pydantic_ai.models.fallback import FallbackModel

    return FallbackModel(models[0], *models[1:], fallback_on=(ModelError, ModelAPIError))


def _one(name: str, api_key: str | None, timeout_s: float) -> Model:
    if name == DEFAULT_MODEL:
        from victor_nb.models.offline import OfflineModel

        return OfflineModel()
    if name.startswith(("http://", "https://")):
        url, _, model = name.partition("#")
        return _openai_compatible(url, model or "default", api_key or os.environ.get("OPENAI_API_KEY"), timeout_s)
    provider_name, colon, model = name.partition(":")
    if not colon or not model:
        known = [*PROVIDERS, *(f"{p.name}:{m}" for p in PROVIDERS.values() for m in p.examples)]
        raise UnknownModel(
            f"there is no model {name!r}.{nearest(name, known)}", hint='write "provider:model"; see victor models'
        )
    provider = PROVIDERS.get(provider_name)
    if provider is None:
        return _of_framework(name, provider_name, timeout_s)
    if not is_installed(provider.module):
        raise MissingExtra.named(provider.extra, needed_for=f"the model {name!r}")
    build = _BUILDERS.get(provider_name)
    key = api_key or _key(provider, name)
    return build(model, key, timeout_s) if build is not None else _of_framework(name, provider_name, timeout_s)


def _key(provider: Provider, name: str) -> str | None:
    if not provider.keys:
        return None
    for variable in provider.keys:
        if value := os.environ.get(variable):
            return value
    raise MissingKey(
        f"the model {name!r} needs a key, and none is set in {' or '.join(provider.keys)}",
        hint=f"export {provider.keys[0]}=…, or name a file for it in victor.toml; --model offline needs no key",
    )


def _openai(model: str, key: str | None, timeout_s: float) -> Model:
    return _openai_client(model, None, key, timeout_s)


def _ollama(model: str, key: str | None, timeout_s: float) -> Model:
    host = os.environ.get("OLLAMA_HOST", OLLAMA_HOST)
    host = host if "://" in host else f"http://{host}"
    return _openai_compatible(f"{host.rstrip('/')}/v1", model, key, timeout_s)


def _openai_compatible(url: str, model: str, key: str | None, timeout_s: float) -> Model:
    if not is_installed("openai"):
        raise MissingExtra.named("openai", needed_for=f"the server {url!r}")
    return _openai_client(model, url, key or "none", timeout_s)


def _openai_client(model: str, url: str | None, key: str | None, timeout_s: float) -> Model:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(api_key=key, base_url=url, max_retries=0, timeout=timeout_s)
    return _retrying(OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client)), str(client.base_url))


def _anthropic(model: str, key: str | None, timeout_s: float) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(api_key=key, max_retries=0, timeout=timeout_s)
    provider = AnthropicProvider(anthropic_client=client)
    return _retrying(AnthropicModel(model, provider=provider), str(client.base_url))


def _google(model: str, key: str | None, timeout_s: float) -> Model:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    return _retrying(GoogleModel(model, provider=GoogleProvider(api_key=key or "")), "google")


_BUILDERS: Final[dict[str, Callable[[str, str | None, float], Any]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "google": _google,
    "ollama": _ollama,
}


def _of_framework(name: str, provider_name: str, timeout_s: float) -> Model:
    """Any other provider that the agent framework knows."""
    from pydantic_ai.exceptions import UserError
    from pydantic_ai.models import infer_model

    try:
        return _retrying(infer_model(name), provider_name)
    except ImportError as failure:
        raise MissingExtra(
            f"the model {name!r} needs a client that is not installed",
            hint=f'pip install "pydantic-ai-slim[{provider_name}]"',
        ) from failure
    except UserError as failure:
        if "API_KEY" in str(failure) or "api_key" in str(failure):
            raise MissingKey(
                f"the model {name!r} cannot be used: {failure}", hint="set the variable that it names"
            ) from failure
        raise _unknown(name, provider_name) from failure
    except ValueError as failure:
        raise _unknown(name, provider_name) from failure


def _unknown(name: str, provider_name: str) -> UnknownModel:
    return UnknownModel(
        f"no provider {provider_name!r} is known for the model {name!r}.{nearest(provider_name, PROVIDERS)}",
        hint="victor models lists the providers; an OpenAI-compatible server is named by its URL",
    )


def _retrying(model: Model, place: str) -> Model:
    from victor_nb.models.retrying import RetryingModel

    return RetryingModel(model, place=place)
