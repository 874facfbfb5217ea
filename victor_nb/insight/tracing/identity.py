"""Who a trace is: its id follows from the run's, so that every execution of a run continues one trace.

A run that is resumed in another process, weeks later, is found beside what came before, and a run's trace can be looked
up in any store of traces without asking the process that made it.
"""

from __future__ import annotations

import threading
from hashlib import blake2b
from random import Random
from typing import Final

from opentelemetry.sdk.trace.id_generator import IdGenerator

_MOST: Final = 2**64


def trace_id_of(run_id: str) -> str:
    """Return the trace id of a run's own trace, 32 hexadecimal digits.

    A run that began inside another one, or inside a span of the program, is part of that trace instead.
    """
    return blake2b(run_id.encode(), digest_size=16, person=b"victor trace").hexdigest()


def span_id_of(run_id: str, seq: int) -> int:
    """Return the id of the span of the execution that began with a run's event `seq`."""
    return int.from_bytes(blake2b(f"{run_id}/{seq}".encode(), digest_size=8, person=b"victor span").digest()) or 1


class GivenIds(IdGenerator):
    """Hands a tracer the ids that were chosen for the span that this thread starts next."""

    def __init__(self) -> None:
        self._given = threading.local()
        self._random = Random()  # of our own: a program that seeds the global one would give two processes equal ids

    def give(self, trace_id: int, span_id: int) -> None:
        """Choose the next ids."""
        self._given.trace_id, self._given.span_id = trace_id, span_id

    def new_span_id(self) -> int:
        """An id that no span has yet."""
        return self._random.randrange(1, _MOST)

    def generate_span_id(self) -> int:
        """The id that was chosen."""
        return int(self._given.span_id)

    def generate_trace_id(self) -> int:
        """The id that was chosen."""
        return int(self._given.trace_id)
