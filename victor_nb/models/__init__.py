"""Who answers: a name becomes a model. Providers' libraries are imported when a model of theirs is resolved."""

from .catalogue import ModelInfo, catalogue
from .errors import (
    MissingKey,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    OfflineLimit,
    UnknownModel,
)
from .resolving import fallback, resolve

__all__ = [
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
