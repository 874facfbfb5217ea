"""Inside a pipeline: what agents in a notebook are told by the pipeline that runs it, through the environment.

A notebook that runs again, because its process was killed or its code was changed, asks the same things again. Its
agents therefore answer from their recordings, each notebook from its own: equal questions in two notebooks are two
questions.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, NamedTuple, cast, get_args

from victor_nb.journal import ReplayMode

VARIABLE: Final = "VICTOR_PIPELINE_NODE"


class Inside(NamedTuple):
    """The node that a notebook is, and how its agents get their answers."""

    replay: ReplayMode
    node: str


def inside() -> Inside | None:
    """Return which node of a pipeline this process works for; None if for none."""
    replay, _, node = os.environ.get(VARIABLE, "").partition(" ")
    return Inside(cast(ReplayMode, replay), node) if node and replay in get_args(ReplayMode) else None


def variables_of(place: Inside) -> Mapping[str, str]:
    """Return the variables that tell a kernel so."""
    return {VARIABLE: f"{place.replay} {place.node}"}
