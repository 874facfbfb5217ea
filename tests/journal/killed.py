"""A program that is killed: steps of every effect class, each leaving a mark in a file when it has its effect.

`python killed.py JOURNAL MARKS STEPS [RUN]` starts a run, or resumes RUN, and prints its id. A mark is one line,
appended in one write, so a kill leaves a whole line or none.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from victor_nb.journal import Effect, Step, open_journal

CLASSES = [Effect.PURE, Effect.READ, Effect.IDEMPOTENT, Effect.EFFECT]


def main(url: str, marks: str, steps: int, run_id: str | None = None) -> None:
    """Do the steps; decide about those in doubt as a person would, by looking whether the mark is there."""
    sink = os.open(marks, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    journal = open_journal(url)
    run = journal.resume(run_id) if run_id else journal.start("program", "killed")
    print(run.id, flush=True)

    def look(step: Step) -> str:
        return "skip" if step.name in Path(marks).read_text().split() else "retry"

    run.doubt_handler = look
    for number in range(steps):
        effect = CLASSES[number % len(CLASSES)]
        name = f"{effect}-{number}"

        def body(name: str = name) -> str:
            os.write(sink, f"{name}\n".encode())
            time.sleep(0.0005)  # a window in which the effect is there and its record is not
            return name

        run.step_sync(name, body, effect=effect, inputs={"number": number})
    run.finish()
    journal.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
