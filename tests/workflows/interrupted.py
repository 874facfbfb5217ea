"""A workflow whose node waits where only Ctrl-C ends it.

`python interrupted.py JOURNAL [RUN]`: says "waits" when it does, and "interrupted" when its caller was told.
"""

from __future__ import annotations

import sys
import time
from typing import TypedDict

from victor_nb import START, Workflow, open_journal


class State(TypedDict, total=False):
    first: bool
    second: bool


def main(url: str, run_id: str | None = None) -> None:
    """Wait for ever in the second node, unless the run is resumed."""

    def first(state: State) -> State:
        print("first", flush=True)
        return {"first": True}

    def second(state: State) -> State:
        while run_id is None:
            print("waits", flush=True)
            time.sleep(60)
        return {"second": True}

    workflow = Workflow(State, "interrupted").add_node(first).add_node(second)
    workflow.add_edge(START, "first").add_edge("first", "second")
    with open_journal(url) as journal:
        try:
            result = workflow.run_sync({} if run_id is None else None, run_id=run_id, journal=journal)
            print(result.state, flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
