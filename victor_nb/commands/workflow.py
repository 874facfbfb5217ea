"""`victor workflow`: draw, check, describe and run workflows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from victor_nb.commands.drawing import FORMATS, Drawing, drawn, format_of, written
from victor_nb.commands.group import VerbGroup, body_of
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.commands.workflow_finding import found, shape_of
from victor_nb.commands.workflow_result import WorkflowAnswer
from victor_nb.commands.workflow_values import given
from victor_nb.commands.workflow_watching import watched_workflow
from victor_nb.errors import UsageError
from victor_nb.views import TableView, TextView
from victor_nb.workflows import GraphShape, Workflow
from victor_nb.workflows.drawing import Theme
from victor_nb.workflows.functional import Called


@click.group("workflow", cls=VerbGroup)
def command() -> None:
    """Draw, check, describe and run workflows.

    A workflow is a YAML file, module:name, file.py:name, or a variable of the kernel.

    Example: victor workflow run training.yaml --set epochs=3
    """


@command.command("visualize")
@click.argument("workflow", metavar="WORKFLOW")
@click.option("--format", "wanted", type=click.Choice(FORMATS), help="How it is drawn; text in a terminal.")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Write the drawing there.")
@click.option("--open", "is_opened", is_flag=True, help="Open the drawing in the program for its kind.")
@click.option("--theme", type=click.Choice(["light", "dark"]), help="One theme; by default SVG follows its page.")
@click.pass_obj
def visualize(
    session: Session, workflow: str, wanted: str | None, output: Path | None, is_opened: bool, theme: Theme | None
) -> Drawing | TextView:
    """Draw a workflow, or the graph of a run, without asking any service.

    Example: victor workflow visualize training.yaml -o training.svg
    """
    shape = shape_of(session, workflow)
    format = format_of(wanted, output, is_opened=is_opened)
    if format is None:
        return Drawing(shape)
    content = drawn(shape, format, theme)
    if output is None and not is_opened and format != "png":
        return TextView(content.decode(), data={"format": format, "drawing": content.decode()})
    file = (session.start or Path.cwd()) / (output or Path(f"{_file_name(shape.name)}.{_ending(format)}"))
    return TextView(f"wrote {written(content, file, is_opened=is_opened)}", data={"format": format, "file": str(file)})


@command.command("validate")
@click.argument("workflow", metavar="WORKFLOW")
@click.pass_obj
def validate(session: Session, workflow: str) -> TextView:
    """Check a workflow without running it; all problems are told at once, each with its place.

    Example: victor workflow validate training.yaml
    """
    plan = found(session, workflow).plan()
    nodes = len(plan.nodes)
    return TextView(f"{plan.name} is valid: {nodes} nodes", data={"name": plan.name, "nodes": nodes, "valid": True})


@command.command("show")
@click.argument("workflow", metavar="WORKFLOW")
@click.pass_obj
def show(session: Session, workflow: str) -> TableView:
    """List the nodes of a workflow: what they are, and where each leads.

    Example: victor workflow show training.yaml
    """
    shape = shape_of(session, workflow)
    rows = [
        {"node": node.id, "kind": node.kind, "leads to": _leads(shape, node.id), "about": node.about}
        for node in shape.nodes
        if node.kind not in ("start", "end")
    ]
    columns = ("node", "kind", "leads to", "about")
    return table(f"Workflow {shape.name}", rows, columns, note=f"victor workflow visualize {workflow}")


@command.command("run")
@click.argument("workflow", metavar="WORKFLOW")
@click.option("--input", "written_input", metavar="JSON", help="The input: a JSON object, or @FILE that holds one.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="One key of the input; may be repeated.")
@click.option("--executor", metavar="URL", help="Where compute nodes run, such as dask://host:8786.")
@click.option("--max-steps", type=click.IntRange(1), metavar="N", help="Supersteps that the run may take.")
@click.pass_context
async def run(context: click.Context, /, workflow: str, written_input: str | None, **flags: Any) -> WorkflowAnswer:
    """Run a workflow; every node that is done is kept, whatever happens then.

    In a notebook, a %%victor cell may hold the input as JSON.

    Example: victor workflow run training.yaml --set epochs=3
    """
    session: Session = context.obj
    chosen = found(session, workflow)
    values = given(session, written_input, flags["pairs"], body_of(context)) or {}
    settings = session.settings()
    options: dict[str, Any] = {"journal": session.journal(settings)}
    options |= {name: flags[name] for name in ("executor", "max_steps") if flags[name] is not None}
    return await watched_workflow(session, settings, chosen, _fitting(chosen, values), options)


def _fitting(workflow: Workflow, values: dict[str, Any]) -> dict[str, Any]:
    """The input as the workflow takes it: a function's is one value under one key."""
    is_function = workflow.schemas[0].type is Called
    return {"input": values} if is_function and "input" not in values else values


def _leads(shape: GraphShape, node: str) -> str:
    """Where a node leads, with the labels of conditional edges."""
    told = []
    for edge in shape.edges:
        if edge.source == node:
            target = "end" if edge.target == "__end__" else edge.target
            told.append(f"{target} ({edge.label or 'sometimes'})" if edge.is_conditional else target)
    return ", ".join(told)


def _ending(format: str) -> str:
    return {"text": "txt", "ascii": "txt", "mermaid": "mmd"}.get(format, format)


def _file_name(name: str) -> str:
    kept = "".join(one if one.isalnum() or one in "-_." else "_" for one in name).strip(".")
    if not kept:
        raise UsageError("the workflow has no name for a file", hint="-o FILE")
    return kept
