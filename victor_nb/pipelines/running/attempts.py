"""Attempts: a member's work tried as often as its policy says, each time within its limit."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from victor_nb.errors import Resumable
from victor_nb.journal import Step
from victor_nb.journal.failures import described
from victor_nb.pipelines.running.around import Around
from victor_nb.workflows import NodeTimeout, RetryPolicy

T = TypeVar("T")


async def tried(around: Around, step: Step, policy: RetryPolicy | None, attempt: Callable[[], Awaitable[T]]) -> T:
    """Return what the first successful attempt returned; each failure before is recorded.

    Raises:
        Exception: of the last attempt, or one that the policy does not cover.
    """
    number = 1
    while True:
        try:
            return await attempt()
        except Exception as failure:
            if policy is None or isinstance(failure, Resumable) or not policy.applies_to(failure):
                raise
            if number >= policy.attempts:
                raise
            wait_s = policy.wait_after(number, random.random())
            told = {"name": step.name, "attempt": number, "error": described(failure), "wait_s": wait_s}
            around.note("node.retried", told, step.id)
        await around.runtime.sleep(wait_s)
        number += 1
        around.run.placed.begin_again(step)
        step.note(attempts=number)


async def within(timeout_s: float | None, what: str, run_id: str, work: Awaitable[T]) -> T:
    """Return what `work` returns in time; what does not end is cancelled.

    Raises:
        NodeTimeout: it took too long.
    """
    if timeout_s is None:
        return await work
    try:
        async with asyncio.timeout(timeout_s) as limit:
            return await work
    except TimeoutError as failure:
        if not limit.expired():
            raise
        raise NodeTimeout(
            f"{what} did not end within {timeout_s:g} s",
            f"run {run_id}",
            f"give it more time (timeout_s=…), then: victor resume {run_id}",
        ) from failure
