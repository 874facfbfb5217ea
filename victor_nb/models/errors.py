"""What can go wrong between us and a model.

VictorError
 ├── UnknownModel         no provider of that name
 ├── MissingKey           the environment lacks the provider's key
 ├── OfflineLimit         the offline model cannot do that
 └── Resumable
      └── ModelError      the provider did not answer as it should; the run can go on later
           ├── ModelUnreachable   no connection, or it was cut
           ├── ModelBusy          too many requests, or overloaded
           └── ModelRefused       the request or the key was not accepted
"""

from __future__ import annotations

from victor_nb.errors import Resumable, VictorError


class UnknownModel(VictorError):
    """A model name that leads nowhere."""


class MissingKey(VictorError):
    """A provider's key is not set."""


class OfflineLimit(VictorError):
    """The offline model was asked for what only a language model can do."""


class ModelError(Resumable):
    """A provider did not answer as it should."""


class ModelUnreachable(ModelError):
    """The provider cannot be reached, or the connection was lost."""


class ModelBusy(ModelError):
    """The provider asks us to come back later, and we have waited as long as we do."""


class ModelRefused(ModelError):
    """The provider did not accept the request."""
