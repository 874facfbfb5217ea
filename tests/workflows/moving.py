"""Nodes that run on other machines: functions of the state, some of which end the process that runs them.

A file counts how often a node began: `marks` in the state names it.
"""

from __future__ import annotations

import operator
import os
import signal
import time
from pathlib import Path
from typing import Annotated, Any, TypedDict


class State(TypedDict, total=False):
    """What the nodes read and write."""

    marks: str
    numbers: list[int]
    squares: Annotated[list[int], operator.add]
    pid: int
    total: int
    table: Any
    sizes: Annotated[list[int], operator.add]


def mark(state: State, name: str) -> int:
    """Note that a node begins; return how often it has begun by now."""
    path = Path(state["marks"])
    with path.open("a") as file:
        file.write(f"{name}\n")
    return path.read_text().split().count(name)


def where(state: State) -> dict[str, Any]:
    """Which process runs this."""
    return {"pid": os.getpid()}


def square(number: int) -> dict[str, Any]:
    """One of many."""
    return {"squares": [number * number]}


def add_up(state: State) -> dict[str, Any]:
    """What comes after the many."""
    return {"total": sum(state["squares"])}


def first(state: State) -> dict[str, Any]:
    """A node that must not run twice."""
    mark(state, "first")
    return {"total": 1}


def dies_once(state: State) -> dict[str, Any]:
    """Ends its process the first time, in the middle."""
    if mark(state, "dies") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"pid": os.getpid()}


def dies_always(state: State) -> dict[str, Any]:
    """Ends every process that tries it."""
    mark(state, "dies")
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def fails(state: State) -> dict[str, Any]:
    """Raises an error of its own."""
    raise LookupError(f"no such thing as {state['numbers'][0]}")


def fails_twice(state: State) -> dict[str, Any]:
    """Raises an error that passes."""
    if mark(state, "fails") < 3:
        raise ConnectionError("not yet")
    return {"total": 3}


def waits_for_file(state: State) -> dict[str, Any]:
    """Ends when the file `go` is there, beside the marks."""
    mark(state, "waits")
    while not Path(state["marks"]).with_name("go").exists():
        time.sleep(0.01)
    return {"total": 9}


def make_table(state: State) -> dict[str, Any]:
    """A few megabytes."""
    import numpy as np

    return {"table": np.arange(500_000, dtype="f8")}


def measure_and_die_once(state: State) -> dict[str, Any]:
    """Ends the process that holds what is large."""
    if mark(state, "measures") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return measure(state)


def measure(state: State) -> dict[str, Any]:
    """Reads what is large."""
    return {"sizes": [int(state["table"].sum())]}
