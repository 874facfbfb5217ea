"""`victor checkpoints`, `state`, `fork` and `diff`: time travel in a workflow's run."""

from __future__ import annotations

import json
from typing import Any

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.showing import record
from victor_nb.commands.workflow_finding import of_run
from victor_nb.commands.workflow_values import pairs
from victor_nb.errors import UsageError
from victor_nb.views import CheckpointReport, RecordView, TextView, View
from victor_nb.views.checkpoint_report import said
from victor_nb.views.checkpoint_state import differences, shown
from victor_nb.views.graph_live import has_widgets
from victor_nb.views.wording import pretty
from victor_nb.workflows import WorkflowRun
from victor_nb.workflows.reducers import Overwrite

_RUN = click.argument("run", default="last", metavar="[RUN]")
_AT = click.option("--at", metavar="N", help="A superstep, counted from the end if negative, or a node's name.")
_WORKFLOW = click.option(
    "--workflow", default="", metavar="WORKFLOW", help="The workflow, if it is not found by itself."
)


@click.command("checkpoints", cls=VerbCommand)
@_RUN
@_WORKFLOW
@click.pass_obj
def checkpoints(session: Session, run: str, workflow: str) -> View:
    """Show the history of a workflow's run: every checkpoint with what it changed.

    In a notebook it is a slider, with buttons to fork the run and to go on.

    Example: victor checkpoints last
    """
    found = _run(session, run, workflow, is_needed=False)
    if has_widgets("checkpoint_view"):
        from victor_nb.views import CheckpointView

        return CheckpointView(found)
    return CheckpointReport(found)


@click.command("state", cls=VerbCommand)
@_RUN
@_AT
@click.option("--key", default="", metavar="KEY", help="Only this key.")
@click.pass_obj
def state(session: Session, run: str, at: str | None, key: str) -> TextView:
    """Show the state of a workflow's run: the last one, or that of a checkpoint.

    Example: victor state last --at 3
    """
    found = shown(_run(session, run, "", is_needed=False).state(_place(at)))
    if key and key not in found:
        raise UsageError(f"the state has no key {key!r}", f"run {run}", f"its keys are: {', '.join(found)}")
    value = found[key] if key else found
    return TextView(pretty(value), data=value)


@click.command("fork", cls=VerbCommand)
@_RUN
@_AT
@click.option("--set", "words", multiple=True, metavar="KEY=VALUE", help="Write to the state there, as a node would.")
@click.option(
    "--replace", "replaced", multiple=True, metavar="KEY=VALUE", help="Replace a value, whatever its reducer."
)
@click.option("--as-node", metavar="NODE", help="As if that node had written it: what follows it is due then.")
@_WORKFLOW
@click.pass_obj
def fork(
    session: Session,
    run: str,
    at: str | None,
    words: tuple[str, ...],
    replaced: tuple[str, ...],
    as_node: str | None,
    workflow: str,
) -> RecordView:
    """Begin a new run with another's past up to a checkpoint; that other run stays as it is.

    Example: victor fork last --at 3 --replace rate=0.01
    """
    origin = _run(session, run, workflow, is_needed=as_node is not None)
    update = pairs(words) | {key: Overwrite(value) for key, value in pairs(replaced, "--replace").items()}
    made = origin.fork(_place(at), update or None, as_node=as_node)
    last = made.history()[-1]
    fields = {
        "run": made.id,
        "forked from": origin.id,
        "at superstep": last.superstep,
        "due next": ", ".join(made.next()),
    }
    return record("", {**fields, "go on": f"victor resume {made.id}"})


@click.command("diff", cls=VerbCommand)
@click.argument("run", metavar="RUN")
@click.argument("other", metavar="OTHER")
@_AT
@click.option("--other-at", metavar="N", help="The same, of the other run.")
@click.pass_obj
def diff(session: Session, run: str, other: str, at: str | None, other_at: str | None) -> TextView:
    """Compare two runs of workflows: their states, what ran in each, and their graphs.

    Example: victor diff 01JA 01JB
    """
    one, another = (_run(session, name, "", is_needed=False) for name in (run, other))
    found = one.diff(another, at=_place(at), other_at=_place(other_at))
    changes = differences(one.state(_place(at)), another.state(_place(other_at)))
    only = [
        f"only in {name}: {', '.join(nodes)}"
        for name, nodes in zip((one.id, another.id), found.nodes, strict=True)
        if nodes
    ]
    common = "no past in common" if found.common is None else f"the same up to superstep {found.common}"
    parts = [
        common,
        *only,
        "\n".join(["state:", *(f"  {line}" for line in map(said, changes))]) if changes else "the states are equal",
        "\n".join(["graph:", *(f"  {line}" for line in found.graph)]) if found.graph else "",
    ]
    data = {"common": found.common, "state": changes, "nodes": list(found.nodes), "graph": found.graph}
    return TextView("\n".join(part for part in parts if part), data=data)


commands = {"checkpoints": checkpoints, "state": state, "fork": fork, "diff": diff}


def _run(session: Session, name: str, workflow: str, *, is_needed: bool) -> WorkflowRun:
    """The run, with its workflow where that is here; it must be where a verb cannot do without."""
    journal = session.journal()
    info = journal.find(name)
    if info.kind != "workflow":
        raise UsageError(
            f"run {info.run_id} is a {info.kind}, not a workflow's run", hint="victor runs --kind workflow lists those"
        )
    try:
        return WorkflowRun(journal, info.run_id, of_run(session, journal, info.run_id, workflow))
    except UsageError:
        if is_needed or workflow:
            raise
        return WorkflowRun(journal, info.run_id)


def _place(at: str | None) -> int | str | None:
    """A checkpoint as it was named: a number, or a node."""
    if at is None:
        return None
    try:
        number: Any = json.loads(at)
    except ValueError:
        return at
    return number if isinstance(number, int) else at
