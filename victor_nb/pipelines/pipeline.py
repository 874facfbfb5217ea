"""A pipeline: notebooks and other nodes with what they need of each other, ready to run as a workflow.

1. Everything that can be wrong is told at once and before anything runs.
2. Running is the workflow engine's: a run is durable, goes on where it was killed, and is recorded in the journal.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

from victor_nb.errors import UsageError
from victor_nb.journal import Journal
from victor_nb.journal.codec import Writer
from victor_nb.pipelines.errors import InvalidPipeline
from victor_nb.pipelines.inference import Dependencies, dependencies
from victor_nb.pipelines.record import KIND, result_of
from victor_nb.pipelines.results import PipelineResult
from victor_nb.pipelines.running.choosing import chosen
from victor_nb.pipelines.settings import PipelineOptions, check_options, workers_of
from victor_nb.pipelines.shapes import shape_of
from victor_nb.pipelines.spec import UNSET, Node, PipelineParameter, PipelineSpec
from victor_nb.pipelines.values import is_redacted, parameters_of

if TYPE_CHECKING:
    import pandas

    from victor_nb.pipelines.caching.cache import Cache
    from victor_nb.workflows import Workflow
    from victor_nb.workflows.errors import Problem
    from victor_nb.workflows.shape import GraphShape


class Asked(TypedDict, total=False):
    """The state of the workflow that a pipeline is."""

    input: Any
    output: Any


class Pipeline:
    """Notebooks that run as one.

    Args:
        nodes: made by `notebook`, `compute`, `agent` and `workflow`. Plain notebooks run in this order.
        parameters: a default value for each, or a `PipelineParameter` with type, choices and so on.
        folder: what paths are relative to, and where notebooks run; by default the working directory.

    Attributes:
        spec: the same as plain data.

    Example:
        >>> from victor_nb.pipelines import Pipeline, notebook
        >>> pipeline = Pipeline("demo", [notebook("prepare.ipynb"), notebook("train.ipynb")], {"rows": 1000})
        >>> [node.id for node in pipeline.spec.nodes]
        ['prepare', 'train']
    """

    def __init__(
        self,
        name: str,
        nodes: Iterable[Node],
        parameters: Mapping[str, object] | Iterable[PipelineParameter] = (),
        *,
        about: str = "",
        folder: str | Path = "",
    ) -> None:
        self.spec = PipelineSpec(name, tuple(nodes), _declared(parameters), about, Path(folder))

    @classmethod
    def of(cls, spec: PipelineSpec) -> Self:
        """Return the pipeline that a spec describes."""
        made = cls.__new__(cls)
        made.spec = spec
        return made

    @property
    def name(self) -> str:
        """Also the name of its runs."""
        return self.spec.name

    def __repr__(self) -> str:
        return f"Pipeline({self.name!r}, {len(self.spec.nodes)} nodes)"

    # -- looking -------------------------------------------------------------------------------------------------------

    def validate(self, parameters: Mapping[str, object] | None = None) -> list[Problem]:
        """Return everything that is wrong, in the order of the pipeline; nothing is run.

        Args:
            parameters: of the run that it is about, where paths depend on them.
        """
        defaults = {one.name: one.default for one in self.spec.parameters if one.default is not UNSET}
        values = {**defaults, **(parameters or {})}
        return self._problems(dependencies(self.spec, values), values)

    def _problems(self, found: Dependencies, values: Mapping[str, object]) -> list[Problem]:
        from victor_nb.pipelines.running.checking import problems_of_notebooks

        return [*found.problems, *problems_of_notebooks(self.spec, values)]

    @property
    def needs(self) -> Mapping[str, Mapping[str, str]]:
        """For every node, the nodes that it needs and why."""
        return dependencies(self.spec).needs

    @property
    def shape(self) -> GraphShape:
        """What drawings need to know."""
        return shape_of(self.spec, self.needs)

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """Show the graph in a cell."""
        from victor_nb.workflows.drawing import as_bundle

        return as_bundle(self.shape, include=include, exclude=exclude)

    def why(self, parameters: Mapping[str, object] | None = None) -> dict[str, str]:
        """Return for every member why it would run now; empty for one that would come from the cache.

        Raises:
            InvalidPipeline, WrongValue: it cannot run.
        """
        from victor_nb.journal import Redactor
        from victor_nb.pipelines.running.explaining import whys

        values = parameters_of(self.spec, parameters or {})
        cache = self._cache()
        try:
            return whys(self.spec, self._checked(values).needs, values, cache, Redactor())
        finally:
            cache.hashes.save()

    # -- running -------------------------------------------------------------------------------------------------------

    async def run(
        self, parameters: Mapping[str, object] | None = None, **options: Unpack[PipelineOptions]
    ) -> PipelineResult:
        """Run the pipeline, or go on with an unfinished run; see `PipelineOptions`.

        Args:
            parameters: those that are not to have their defaults; nothing with `run_id`.

        Raises:
            InvalidPipeline, WrongValue: it cannot run; everything that is wrong is told at once.
            PipelineFailed: nodes failed; all others are done, and the run can be resumed.
            PipelineChanged: the run that is to go on has finished nodes that are other ones now.
        """
        work, asked, journal = self._ready(parameters, options)
        result = await work.run(
            asked,
            run_id=options.get("run_id"),
            journal=journal,
            executor=options.get("executor"),
            on_event=options.get("on_event"),
        )
        return result_of(journal, result.run_id)

    def run_sync(
        self, parameters: Mapping[str, object] | None = None, **options: Unpack[PipelineOptions]
    ) -> PipelineResult:
        """`run` for callers that do not await, also inside a running event loop (a notebook's cell).

        Ctrl-C stops the run and leaves it resumable.
        """
        from victor_nb.workflows.blocking import run_to_end

        return run_to_end(self.run(parameters, **options))

    def _ready(
        self, parameters: Mapping[str, object] | None, options: PipelineOptions
    ) -> tuple[Workflow, Any, Journal]:
        from victor_nb.workflows.journals import journal_of

        check_options(options)
        journal = journal_of(options.get("journal"))
        run_id = options.get("run_id")
        asked = self._asked_before(journal, run_id, parameters) if run_id else self._asked(parameters or {}, options)
        found = self._checked(asked["parameters"])
        if not run_id:
            chosen(
                list(found.needs), found.needs, only=asked["only"], from_=asked["from"], force=asked["force"]
            )  # a name that is wrong begins no run
        return self._workflow(found, asked["parameters"], options), self._input(asked, options), journal

    def _input(self, asked: dict[str, Any], options: PipelineOptions) -> Any:
        from victor_nb.workflows import Command

        if not options.get("run_id"):
            return {"input": asked}
        return Command(resume=options["answer"]) if "answer" in options else None

    def _asked(self, parameters: Mapping[str, object], options: PipelineOptions) -> dict[str, Any]:
        force = options.get("force", False)
        return {
            "parameters": parameters_of(self.spec, parameters),
            "only": _listed(options.get("only")),
            "from": _listed(options.get("from_")),
            "force": force if isinstance(force, bool) else _listed(force),
            "replay": options.get("replay", "auto"),
        }

    def _asked_before(self, journal: Journal, run_id: str, parameters: Mapping[str, object] | None) -> dict[str, Any]:
        info = journal.find(run_id)
        if info.kind != KIND or info.name != self.name:
            raise UsageError(
                f"run {info.run_id} is of {info.kind} {info.name!r}, not of pipeline {self.name!r}",
                hint=f"victor runs --kind {KIND} lists the runs of pipelines",
            )
        asked: dict[str, Any] = journal.load(journal.request(info)["input"])["input"]
        return {**asked, "parameters": self._same(journal, info.run_id, asked["parameters"], parameters or {})}

    def _same(
        self, journal: Journal, run_id: str, recorded: Mapping[str, Any], given: Mapping[str, object]
    ) -> dict[str, Any]:
        """Return the parameters of a run that goes on: as recorded, but for secrets, which have to be given again."""
        hidden = [name for name, value in recorded.items() if is_redacted(value) and name not in given]
        if hidden:
            raise UsageError(
                f"the parameter {hidden[0]!r} holds a secret, which is not recorded",
                f"run {run_id}",
                f"give it again: -p {hidden[0]}=…, or parameters={{{hidden[0]!r}: …}}",
            )
        values = parameters_of(self.spec, {**recorded, **given})
        writer = Writer(journal.redactor)
        if writer.canonical(values) != writer.canonical(dict(recorded)):
            raise UsageError(
                f"run {run_id} was started with other parameters",
                hint="leave them out to go on with it, or the run id to start anew",
            )
        return values

    def _checked(self, values: Mapping[str, object]) -> Dependencies:
        found = dependencies(self.spec, dict(values))
        if problems := self._problems(found, values):
            raise InvalidPipeline.of(self.name, problems)
        return found

    def _workflow(self, found: Dependencies, parameters: Mapping[str, Any], options: PipelineOptions) -> Workflow:
        from victor_nb.pipelines.running.pipeline_node import PipelineNode
        from victor_nb.workflows import START, Workflow

        node = PipelineNode(
            self.spec,
            found.needs,
            parameters,
            workers_of(options),
            options.get("kernels", "warm"),
            options.get("within", False),
            options.get("accept_changes", False),
        )
        made = Workflow(Asked, self.name, about=self.spec.about)
        made.kind = KIND
        made.origin = {"file": str(self.spec.file)} if self.spec.file else {}
        made.add_node("pipeline", node, about=self.spec.about)
        return made.add_edge(START, "pipeline")

    # -- afterwards ----------------------------------------------------------------------------------------------------

    def past(self, run_id: str = "", journal: Journal | str | None = None) -> PipelineResult:
        """Return what a run came to, the last one if none is named; it may be running.

        Raises:
            RunNotFound: there is no such run.
        """
        from victor_nb.pipelines.history import newest_run
        from victor_nb.workflows.journals import journal_of

        found = journal_of(journal)
        return result_of(found, run_id or newest_run(found, self.name))

    def results(
        self, node: str | None = None, *, journal: Journal | str | None = None, limit: int = 1000
    ) -> pandas.DataFrame:
        """Return what runs came to, newest first, a row a run: its parameters, and values as `node.name`.

        Args:
            node: a row for each member of this node in each run instead: values of the matrix, and what it handed on.
            limit: the most runs that are looked at.
        """
        from victor_nb.pipelines.history import table_of
        from victor_nb.workflows.journals import journal_of

        return table_of(journal_of(journal), self.name, node, limit)

    def clean(self, *, keep: int = 0) -> int:
        """Forget what the cache holds, but for the newest `keep` entries of each member; return how many bytes."""
        return self._cache().clean(keep=keep)

    def cache_bytes(self) -> int:
        """How many bytes the cache takes."""
        return self._cache().bytes()

    def _cache(self) -> Cache:
        from victor_nb.journal import Redactor
        from victor_nb.pipelines.caching.cache import Cache
        from victor_nb.pipelines.folders import folder_of

        return Cache(folder_of(self.spec), self.spec.folder.resolve(), Redactor())


def _declared(parameters: Mapping[str, object] | Iterable[PipelineParameter]) -> tuple[PipelineParameter, ...]:
    if not isinstance(parameters, Mapping):
        return tuple(parameters)
    return tuple(
        one if isinstance(one, PipelineParameter) else PipelineParameter(name, _type_name(one), one)
        for name, one in parameters.items()
    )


def _type_name(default: object) -> str:
    """The type that a default value says: that of a plain number or text; anything else may be anything."""
    kind = type(default)
    return kind.__name__ if kind in (bool, int, float, str) else "any"


def _listed(given: object) -> list[str] | None:
    if given is None:
        return None
    return [given] if isinstance(given, str) else [str(one) for one in given]  # type: ignore[attr-defined]
