"""Who sends the spans: OpenTelemetry's own variables say it, else we do."""

from __future__ import annotations

from opentelemetry.sdk.resources import SERVICE_NAME, Resource

from victor_nb.version import __version__


def resource() -> Resource:
    """Return what the environment says of this service; one that it does not name is called victor-nb."""
    told = Resource.create()
    if not str(told.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        return told
    return told.merge(Resource({SERVICE_NAME: "victor-nb", "service.version": __version__}))
