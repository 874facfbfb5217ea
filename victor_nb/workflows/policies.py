"""How a node is treated when it fails, takes long, or was done before.

1. A policy is frozen data and checked when it is made, so that a mistake is found before anything runs.
2. Nothing here waits or reads a clock; `execution` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from victor_nb.workflows.errors import NodeTimeout

RetryOn = tuple[type[BaseException], ...] | type[BaseException] | Callable[[Exception], bool]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a failing node is tried, and how long to wait in between.

    Attributes:
        attempts: at most, the first one included.
        wait_s: before the second attempt, in seconds; each further wait is `factor` times as long.
        max_wait_s: no wait is longer.
        jitter: up to this part of a wait is added at random, so that many nodes do not come back together.
        retry_on: exception classes, or a function that says whether an exception is worth another attempt.
        stop_on: exception classes that are not, even if `retry_on` names them.
    """

    attempts: int = 3
    wait_s: float = 0.5
    factor: float = 2.0
    max_wait_s: float = 60.0
    jitter: float = 0.1
    retry_on: RetryOn = Exception
    stop_on: tuple[type[BaseException], ...] = ()

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts must be at least 1, not {self.attempts!r}")
        for name in ("wait_s", "factor", "max_wait_s", "jitter"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, not {getattr(self, name)!r}")

    def applies_to(self, failure: Exception) -> bool:
        """Whether such a failure is worth another attempt."""
        if isinstance(failure, self.stop_on):
            return False
        if isinstance(self.retry_on, type | tuple):
            return isinstance(failure, self.retry_on)
        return bool(self.retry_on(failure))

    def wait_after(self, attempt: int, chance: float) -> float:
        """Seconds to wait after the failure of attempt number `attempt`; `chance` is random, from 0 to 1."""
        wait_s = min(self.wait_s * self.factor ** (attempt - 1), self.max_wait_s)
        return wait_s * (1 + self.jitter * chance)


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """Lets a node answer from what it answered before, in any run of the same journal.

    Attributes:
        key: what the answer depends on; by default the node's whole input.
        ttl_s: for how long an answer holds, in seconds; None for ever.
        version: change it to forget all answers; the node's source is part of the key anyway.
    """

    key: Callable[[Any], object] | None = None
    ttl_s: float | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class TimeoutPolicy:
    """How long a node may take.

    Attributes:
        run_s: one attempt, in seconds; None for no limit.
        idle_s: between two signs of life (`runtime.heartbeat()`, or anything written to the stream).
    """

    run_s: float | None = None
    idle_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("run_s", "idle_s"):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise ValueError(f"{name} must be above 0, not {limit!r}")

    def exceeded(self, node: str, what: str, run_id: str) -> NodeTimeout:
        """Build the error for an attempt that took too long; `what` is "run_s" or "idle_s"."""
        limit = self.run_s if what == "run_s" else self.idle_s
        told = "did not end within" if what == "run_s" else "gave no sign of life for"
        return NodeTimeout(
            f"node {node!r} {told} {limit:g} s",
            f"run {run_id}",
            f"give it more time (timeout_s=…), or a retry policy; then: victor resume {run_id}",
        )


@dataclass(frozen=True, slots=True)
class Defaults:
    """What nodes get that do not say otherwise."""

    retry: tuple[RetryPolicy, ...] = ()
    timeout: TimeoutPolicy | None = None
    cache: CachePolicy | None = None
