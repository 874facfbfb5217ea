"""What an answer costs, from the price list that comes with the agent framework."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model

_RESPONSE: Final = TypeAdapter(ModelResponse)
_FREE: Final = frozenset({"victor", "function", "test", "ollama"})


def cost_of(answer: dict[str, Any], model: Model) -> float | None:
    """Return the price of a recorded answer in US dollars; None if nobody knows it, 0.0 for models that run here."""
    if model.system in _FREE:
        return 0.0
    try:
        return float(_RESPONSE.validate_python(answer).cost().total_price)
    except (LookupError, ValueError, AssertionError):
        return None
