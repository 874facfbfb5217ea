"""Ids of spans that were chosen before the span is made, since whatever ended inside has named it already."""

from __future__ import annotations

import threading
from random import Random
from typing import Final

from opentelemetry.sdk.trace.id_generator import IdGenerator

_MOST: Final = 2**64


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
