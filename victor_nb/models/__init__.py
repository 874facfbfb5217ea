"""Who answers: a name becomes a model. Providers' libraries are imported when a model of theirs is resolved."""

from victor_nb.models.catalogue import ModelInfo, catalogue
from victor_nb.models.errors import (
    MissingKey,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    OfflineLimit,
    UnknownModel,
)
from victor_nb.models.resolving import fallback, resolve

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
