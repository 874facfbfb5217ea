"""The model that needs no key and no network: rules, not language. It says so wherever it answers."""

from victor_nb.models.offline.model import OfflineModel

__all__ = ["OfflineModel"]
