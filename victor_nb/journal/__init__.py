"""What happened: an append-only journal of runs, events and durable steps."""

from .effects import Effect, OnDoubt, ReplayMode
from .events import Event, RunInfo, Status

__all__ = ["Effect", "Event", "OnDoubt", "ReplayMode", "RunInfo", "Status"]
