"""Which models can be named here: a light table for completion, `victor models` and the doctor.

Nothing heavy is imported: an extra is looked for, not loaded, and a key is looked at, not used.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final


@dataclass(frozen=True)
class Provider:
    """A provider of models.

    Attributes:
        extra: the optional extra of this package that brings its client; empty if none is needed.
        module: the client's module.
        keys: environment variables that hold its key, the first that is set counts; none if it needs no key.
        examples: names of models, as an example and for completion.
    """

    name: str
    extra: str
    module: str
    keys: tuple[str, ...]
    examples: tuple[str, ...]
    note: str = ""


PROVIDERS: Final = {
    provider.name: provider
    for provider in (
        Provider("offline", "", "", (), (), "rules, not a language model; needs no key and no network"),
        Provider("openai", "openai", "openai", ("OPENAI_API_KEY",), ("gpt-5", "gpt-5-mini", "gpt-4.1")),
        Provider(
            "anthropic",
            "anthropic",
            "anthropic",
            ("ANTHROPIC_API_KEY",),
            ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"),
        ),
        Provider(
            "google",
            "google",
            "google.genai",
            ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
            ("gemini-2.5-pro", "gemini-2.5-flash"),
        ),
        Provider("ollama", "openai", "openai", (), ("llama3.2", "qwen3"), "a local server; OLLAMA_HOST says where"),
        Provider("openrouter", "openai", "openai", ("OPENROUTER_API_KEY",), ()),
        Provider("deepseek", "openai", "openai", ("DEEPSEEK_API_KEY",), ("deepseek-chat",)),
        Provider("groq", "groq", "groq", ("GROQ_API_KEY",), ()),
        Provider("mistral", "mistral", "mistralai", ("MISTRAL_API_KEY",), ()),
    )
}


@dataclass(frozen=True)
class ModelInfo:
    """A model that can be named, and whether it can answer here and now."""

    name: str
    provider: str
    needs: str
    is_available: bool
    note: str


def catalogue() -> list[ModelInfo]:
    """Return the models that we know by name; providers serve more than these."""
    return [_info(provider, example) for provider in PROVIDERS.values() for example in provider.examples or ("",)]


def is_installed(module: str) -> bool:
    """Whether a module could be imported, found without importing it."""
    try:
        return not module or find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _info(provider: Provider, example: str) -> ModelInfo:
    has_client = is_installed(provider.module)
    has_key = not provider.keys or any(os.environ.get(key) for key in provider.keys)
    lacking = ([] if has_client else [f'pip install "victor-nb[{provider.extra}]"']) + (
        [] if has_key else [f"the variable {provider.keys[0]}"]
    )
    name = (
        f"{provider.name}:{example}"
        if example
        else (provider.name if provider.name == "offline" else f"{provider.name}:…")
    )
    return ModelInfo(name, provider.name, " and ".join(lacking), has_client and has_key, provider.note)
