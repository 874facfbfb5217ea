"""`victor pipeline`: run pipelines of notebooks, look at them, and write one for a folder of notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from victor_nb.commands.group import VerbGroup, body_of
from victor_nb.commands.session import Session
from victor_nb.commands.showing import age, table
from victor_nb.errors import UsageError

if TYPE_CHECKING:
    from victor_nb.commands.drawing import Drawing
    from victor_nb.commands.pipeline_result import PipelineAnswer
    from victor_nb.views import TableView, TextView


@click.group("pipeline", cls=VerbGroup)
def command() -> None:
    """Run pipelines of notebooks and look at their runs.

    A pipeline is a YAML file, module:name, file.py:name, or a variable of the kernel.

    Example: victor pipeline run training.yaml -p rows=1000
    """


@command.command("run")
@click.argument("pipeline", metavar="PIPELINE")
@click.option("-p", "--parameter", "pairs", multiple=True, metavar="NAME=VALUE", help="A parameter; may be repeated.")
@click.option("--only", multiple=True, metavar="ID", help="Run this node alone, with what others made before.")
@click.option("--from", "from_", multiple=True, metavar="ID", help="Run this node anew; look again at what follows.")
@click.option("--force", multiple=True, metavar="ID", help="Run this node whatever the cache says.")
@click.option("--force-all", is_flag=True, help="Run every node whatever the cache says.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="How many nodes run at once; one a processor.")
@click.option("--executor", metavar="URL", help="Where nodes run, such as dask://host:8786.")
@click.option("--kernels", type=click.Choice(["warm", "cold"]), help="Forked with their imports done, or from nothing.")
@click.option("--within", is_flag=True, help="Keep variables at ends of cells; a killed notebook goes on there.")
@click.option(
    "--replay",
    type=click.Choice(["auto", "strict", "record"]),
    help="Agents in notebooks: take recorded answers, take nothing else, or ask anew.",
)
@click.option("--why", "shows_why", is_flag=True, help="Say of each node why it ran, or came from the cache.")
@click.pass_context
async def run(context: click.Context, /, pipeline: str, **flags: Any) -> PipelineAnswer:
    """Run a pipeline; what nothing has changed for comes from the cache.

    In a notebook, a %%victor cell may hold the parameters as JSON.

    Example: victor pipeline run training.yaml -p rows=1000 --why
    """
    from victor_nb.commands.pipeline_finding import found
    from victor_nb.commands.pipeline_result import PipelineAnswer
    from victor_nb.commands.pipeline_values import parameters
    from victor_nb.commands.pipeline_watching import watched_pipeline

    session: Session = context.obj
    chosen = found(session, pipeline)
    values = parameters(session, chosen.spec, flags["pairs"], body_of(context))
    settings = session.settings()
    options = {"journal": session.journal(settings), **_options(flags)}
    result = await watched_pipeline(session, settings, chosen, values, options)
    return PipelineAnswer(result, ("why",) if flags["shows_why"] else ())


def _options(flags: dict[str, Any]) -> Any:
    """Return what the flags say, as `PipelineOptions`; without those that were not given."""
    options = {name: flags[name] for name in ("workers", "executor", "kernels", "replay") if flags[name] is not None}
    options |= {name: list(flags[name]) for name in ("only", "from_", "force") if flags[name]}
    if flags["force_all"]:
        if flags["force"]:
            raise UsageError("--force and --force-all are two different wishes", "victor pipeline run", "leave one out")
        options["force"] = True
    if flags["within"]:
        options["within"] = True
    return options


@command.command("status")
@click.argument("pipeline", default="", metavar="[PIPELINE|RUN]")
@click.pass_obj
def status(session: Session, pipeline: str) -> PipelineAnswer | TableView:
    """Show how far a run is, or came: the newest of a pipeline, or one by its id; without a name, all pipelines.

    Example: victor pipeline status training.yaml
    """
    if not pipeline:
        return _all_pipelines(session)
    from victor_nb.commands.pipeline_finding import run_of
    from victor_nb.commands.pipeline_result import PipelineAnswer
    from victor_nb.pipelines.record import result_of

    info = run_of(session, pipeline)
    return PipelineAnswer(result_of(session.journal_to_read(), info.run_id))


def _all_pipelines(session: Session) -> TableView:
    """Return the newest run of each pipeline."""
    from victor_nb.commands.pipeline_finding import KIND
    from victor_nb.pipelines.record import result_of

    journal = session.journal_to_read()
    rows: dict[str, dict[str, object]] = {}
    for info in journal.runs(kind=KIND, limit=1000):
        if info.name in rows:
            continue
        result = result_of(journal, info.run_id)
        done = sum(one.is_done for one in result.nodes)
        rows[info.name] = {
            "pipeline": info.name,
            "status": result.status,
            "done": f"{done} of {len(result.nodes)}",
            "age": age(info.updated),
            "run": info.run_id,
        }
    columns = ("pipeline", "status", "done", "age", "run")
    note = "victor pipeline status PIPELINE tells more"
    return table("Pipelines", list(rows.values()), columns, note=note, empty="no pipeline ran here yet")


@command.command("show")
@click.argument("pipeline", metavar="PIPELINE|RUN")
@click.option("--graph", is_flag=True, help="Draw the graph.")
@click.pass_obj
def show(session: Session, pipeline: str, graph: bool) -> PipelineAnswer | TableView | Drawing:
    """Show a pipeline: its nodes and what each needs; or a run: what became of each node, and what it handed on.

    Example: victor pipeline show training.yaml --graph
    """
    from victor_nb.commands.pipeline_finding import found, run_of

    if not _is_run(session, pipeline):
        chosen = found(session, pipeline)
        if not graph:
            return _nodes(chosen)
        from victor_nb.commands.drawing import Drawing

        return Drawing(chosen.shape)
    journal = session.journal_to_read()
    run_id = run_of(session, pipeline).run_id
    if graph:
        from victor_nb.commands.drawing import Drawing
        from victor_nb.pipelines.record import PIPELINE_GRAPH
        from victor_nb.workflows import GraphShape

        newest = journal.history(run_id, types=(PIPELINE_GRAPH,))[-1]
        return Drawing(GraphShape.from_json(journal.load(newest.data)["shape"]))
    from victor_nb.commands.pipeline_result import EVERYTHING, PipelineAnswer
    from victor_nb.pipelines.record import result_of

    return PipelineAnswer(result_of(journal, run_id), EVERYTHING)


def _is_run(session: Session, word: str) -> bool:
    """Return whether a word can only be that of a run: no file, no place in Python, no variable."""
    return ":" not in word and not word.lower().endswith((".yaml", ".yml")) and word not in (session.namespace or {})


def _nodes(pipeline: Any) -> TableView:
    from victor_nb.pipelines.errors import InvalidPipeline

    if problems := pipeline.validate():
        raise InvalidPipeline.of(pipeline.name, problems)
    needs = pipeline.needs
    rows = [
        {
            "node": node.id,
            "kind": node.kind,
            "needs": ", ".join(f"{other} ({why})" for other, why in needs[node.id].items()),
            "matrix": ", ".join(node.matrix),
            "about": node.about,
        }
        for node in pipeline.spec.nodes
    ]
    return table(f"Pipeline {pipeline.name}", rows, ("node", "kind", "needs", "matrix", "about"))


@command.command("report")
@click.argument("pipeline", default="", metavar="[PIPELINE|RUN]")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="By default beside its notebooks."
)
@click.option("--open", "opens", is_flag=True, help="Open it in a browser.")
@click.pass_obj
def report(session: Session, pipeline: str, output: Path | None, opens: bool) -> TextView:
    """Write what a run came to as one HTML file: graph, times, parameters, values, figures, executed notebooks.

    Example: victor pipeline report training.yaml --open
    """
    from victor_nb.commands.pipeline_finding import run_of
    from victor_nb.commands.pipeline_reporting import place_of, written
    from victor_nb.views import TextView

    journal = session.journal_to_read()
    run_id = run_of(session, pipeline).run_id
    start = session.start or Path.cwd()
    file = start / output.expanduser() if output else place_of(journal, run_id)
    written(journal, run_id, file)
    if opens:
        click.launch(file.as_uri())
    return TextView(f"wrote {file}", data={"file": str(file), "run_id": run_id})


@command.command("why")
@click.argument("pipeline", metavar="PIPELINE|RUN")
@click.option("-p", "--parameter", "pairs", multiple=True, metavar="NAME=VALUE", help="A parameter; may be repeated.")
@click.pass_obj
def why(session: Session, pipeline: str, pairs: tuple[str, ...]) -> TableView:
    """Say which nodes a run would run now, and why; of a run, why each of its nodes ran.

    Example: victor pipeline why training.yaml
    """
    if _is_run(session, pipeline):
        from victor_nb.commands.pipeline_finding import run_of
        from victor_nb.pipelines.record import result_of

        result = result_of(session.journal_to_read(), run_of(session, pipeline).run_id)
        rows = [{"node": one.id, "status": one.status, "why": one.why} for one in result.nodes]
        return table(f"Run {result.run_id} of {result.name}", rows, ("node", "status", "why"))
    from victor_nb.commands.pipeline_finding import found
    from victor_nb.commands.pipeline_values import parameters

    chosen = found(session, pipeline)
    reasons = chosen.why(parameters(session, chosen.spec, pairs, None))
    rows = [
        {"node": name, "would": "run" if reason else "be cached", "why": reason} for name, reason in reasons.items()
    ]
    return table(f"Pipeline {chosen.name}", rows, ("node", "would", "why"))


@command.command("clean")
@click.argument("pipeline", metavar="PIPELINE")
@click.option("--keep", type=click.IntRange(0), default=0, show_default=True, help="Results to keep for each node.")
@click.pass_obj
def clean(session: Session, pipeline: str, keep: int) -> TextView:
    """Forget what the cache holds of a pipeline; its runs stay.

    Example: victor pipeline clean training.yaml --keep 1
    """
    from victor_nb.commands.pipeline_finding import found
    from victor_nb.views import TextView

    freed = found(session, pipeline).clean(keep=keep)
    return TextView(f"freed {freed / 1e6:.1f} MB", data={"freed_bytes": freed})


@command.command("new")
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="By default FOLDER/pipeline.yaml."
)
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@click.pass_obj
def new(session: Session, folder: Path, output: Path | None, force: bool) -> TextView:
    """Write a pipeline for a folder of notebooks: guessed from what they read and write, to be corrected by you.

    Example: victor pipeline new notebooks
    """
    from victor_nb.pipelines.guessing import guessed
    from victor_nb.views import TextView

    start = session.start or Path.cwd()
    whole = start / folder.expanduser()
    file = start / output.expanduser() if output else whole / "pipeline.yaml"
    if file.exists() and not force:
        raise UsageError(
            f"{file.name} is there already", str(file.parent), "--force replaces it, -o FILE writes another"
        )
    text = guessed(whole, file.parent)
    try:
        part = file.with_name(f".{file.name}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}", "-o") from error
    return TextView(f"wrote {file}; look at what is marked `guessed`", data={"file": str(file)})
