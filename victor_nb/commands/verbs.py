"""The table of verbs, and the door through which a face calls one.

1. The table is plain text: help and completion read it without importing any verb.
2. A verb's module has the verb's click command under the name `command`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from victor_nb.commands.group import Invocation
    from victor_nb.commands.session import Session


class Verb(NamedTuple):
    """Where a verb lives and what it is for, in a few words."""

    module: str
    summary: str


VERBS: Final[dict[str, Verb]] = {
    "ask": Verb("ask", "Ask an agent; what a %%victor cell does."),
    "run": Verb("ask", "The same as ask."),
    "runs": Verb("runs", "List runs, newest first."),
    "show": Verb("show", "Show one run: what was asked, done and answered."),
    "attach": Verb("attach", "Watch a run that goes on elsewhere."),
    "resume": Verb("resume", "Go on with a run that was stopped, failed or killed."),
    "replay": Verb("replay", "Run again from the record; export and import recordings."),
    "stop": Verb("stop", "Stop a run; it can be resumed."),
    "approve": Verb("decide", "Approve a tool call that waits."),
    "deny": Verb("decide", "Deny a tool call that waits."),
    "workflow": Verb("workflow", "Draw, check, describe and run workflows."),
    "pipeline": Verb("pipeline", "Run pipelines of notebooks and look at their runs."),
    "checkpoints": Verb("travel", "Show the history of a workflow's run."),
    "state": Verb("travel", "Show the state of a workflow's run, now or at a checkpoint."),
    "fork": Verb("travel", "Begin a new run at a checkpoint of another."),
    "diff": Verb("travel", "Compare two runs of workflows."),
    "metrics": Verb("metrics", "Measure runs, models, tools, tokens and cost; live charts in a cell."),
    "serve-metrics": Verb("serve_metrics", "Serve metrics for Prometheus."),
    "gc": Verb("gc", "Take old runs out of the journal; metrics keep their numbers."),
    "pin": Verb("pin", "Keep runs, however old."),
    "unpin": Verb("pin", "Let pinned runs go again."),
    "tools": Verb("tools", "List the tools that agents can be given."),
    "cache": Verb("cache", "Show, explain and clear what is kept of tools' results."),
    "models": Verb("models", "List the models that can answer."),
    "config": Verb("config", "Write, check and explain the settings."),
    "doctor": Verb("doctor", "Look at this installation and its journal."),
    "docs": Verb("docs", "Search the documentation of packages and the project."),
    "fix": Verb("fix", "Explain the last error and propose what to do."),
    "kernel": Verb("kernel", 'Install or remove the kernel "Python (Victor)".'),
    "demo": Verb("demo", "Run the tutorial on real data, then replay it for free."),
    "lab": Verb("lab", "Open JupyterLab on a copy of the tutorial."),
    "version": Verb("version", "Print the version."),
}


def invoke(argv: Sequence[str], session: Session, body: str | None = None) -> object:
    """Parse and run one verb.

    Args:
        argv: the words after `victor` or `%victor`, already split.
        body: the text of a `%%victor` cell; None when there is no cell.
    Returns: a view; or, for verbs that run agents, an awaitable of one, to be awaited where agents may run.
    Raises: UsageError for words that make no sense, any other VictorError for work that failed.
    """
    return parse(argv, session, body).run()


def parse(argv: Sequence[str], session: Session, body: str | None = None) -> Invocation:
    """Parse one verb without running it, so that a face can look at the flags first.

    Raises: UsageError for words that make no sense.
    """
    from victor_nb.commands.group import parsed

    return parsed(argv, session, body)
