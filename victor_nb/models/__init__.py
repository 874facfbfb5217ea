"""Who answers: a name becomes a model. Providers' libraries are imported when a model of theirs is resolved."""

from .catalogue import PROVIDERS, ModelInfo, catalogue
from .errors import (
    MissingKey,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    OfflineLimit,
    UnknownModel,
)
from .resolving import DEFAULT_MODEL, fallback, resolve

__all__ = [
    "DEFAULT_MODEL",
    "PROVIDERS",
    "MissingKey",
    "ModelBusy",
    "ModelError",
    "ModelInfo",
    "ModelRefused",
    "ModelUnreachable",
    "OfflineLimit",
    "UnknownModel",
    "catalogue",
    "fallback",
    "resolve",
]
