"""Recordings beside tests: made once with a real model, replayed in every test run after that.

1. Replaying is strict: no model and no tool is called, and a request that changed fails with what changed.
2. A recording is written only where somebody asked for it, and only with runs that came to their end.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

from victor_nb.errors import VictorError
from victor_nb.journal import Journal, ReplayMode, Status, open_journal
from victor_nb.journal.recording import exported, imported

if TYPE_CHECKING:
    from victor_nb.agents import Agent, AgentResult
    from victor_nb.agents.agent import AskOptions


Output = TypeVar("Output")


class RecordingMissing(VictorError):
    """A test replays a recording that nobody has made yet."""


class Recording:
    """The runs of one recording file, in a journal of their own.

    Args:
        path: the file; text, to be committed.
        record: do the work and write the file in the end, instead of replaying it.

    Attributes:
        journal: in memory; hand it to whatever runs agents.
        replay: "strict", or "record" while recording; hand it on as well.

    Raises:
        RecordingMissing: there is no such file to replay.
        RecordingError: the file is no recording, or is damaged.
    """

    def __init__(self, path: Path, *, record: bool = False) -> None:
        if not record and not path.is_file():
            raise RecordingMissing("there is no recording to replay", str(path), "make it: pytest --victor-record")
        self.path = path
        self.replay: ReplayMode = "record" if record else "strict"
        self.journal: Journal = open_journal("memory:")
        if not record:
            imported(self.journal, path)

    def run(self, agent: Agent[Output], prompt: str, **options: Unpack[AskOptions]) -> AgentResult[Output]:
        """Run an agent on this recording; `options` are those of `Agent.run`."""
        return agent.run_sync(prompt, journal=self.journal, replay=self.replay, **options)

    def save(self) -> None:
        """Write every finished run to the file, oldest first."""
        finished = self.journal.runs(status=Status.FINISHED, limit=10_000)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(exported(self.journal, reversed(finished)), encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        if failure is None and self.replay == "record":
            self.save()
        self.journal.close()
