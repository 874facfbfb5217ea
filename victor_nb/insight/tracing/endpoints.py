"""Where traces go to, and whether anybody is there; told without OpenTelemetry, for `victor doctor`."""

from __future__ import annotations

import os
import socket
from typing import Final
from urllib.parse import urlsplit

from victor_nb.config.schema import OTLP_VARIABLES

PATH: Final = "/v1/traces"
USUAL: Final = "http://localhost:4318"
"""Where OpenTelemetry sends to if nobody says otherwise."""
REACH_S: Final = 1.0


def usual_endpoint(given: str = "") -> str:
    """Return the URL that was given, else the one that the environment names, else OpenTelemetry's default."""
    named = (os.environ.get(name, "") for name in OTLP_VARIABLES)
    return given or next((one for one in named if one), USUAL)


def with_path(endpoint: str) -> str:
    """Give a URL that has no path the usual one, as OpenTelemetry does with its own variable."""
    return endpoint.rstrip("/") + PATH if urlsplit(endpoint).path in ("", "/") else endpoint


def why_unreachable(endpoint: str) -> str:
    """Return why nobody answers at a URL, or an empty text; it is called, and nothing is said to it."""
    url = urlsplit(endpoint)
    try:
        port = url.port or (443 if url.scheme == "https" else 80)
        socket.create_connection((url.hostname or "", port), REACH_S).close()
    except (OSError, ValueError) as failure:
        return str(failure)
    return ""
