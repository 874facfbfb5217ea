"""Who a trace is: its id follows from the run's, so that every execution of a run continues one trace.

A run that is resumed in another process, weeks later, is found beside what came before, and a run's trace can be looked
up in any store of traces without asking the process that made it.
"""

from __future__ import annotations

from hashlib import blake2b


def trace_id_of(run_id: str) -> str:
    """Return the trace id of a run's own trace, 32 hexadecimal digits.

    A run that began inside another one, or inside a span of the program, is part of that trace instead.
    """
    return blake2b(run_id.encode(), digest_size=16, person=b"victor trace").hexdigest()


def span_id_of(run_id: str, seq: int) -> int:
    """Return the id of the span of the execution that began with a run's event `seq`."""
    return int.from_bytes(blake2b(f"{run_id}/{seq}".encode(), digest_size=8, person=b"victor span").digest()) or 1
