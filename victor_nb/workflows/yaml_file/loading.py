"""From a file to a `Workflow`: read, declared, built, and every mistake told at once.

1. Handlers are imported only after the file itself has been looked at; importing runs the user's code.
2. Workflows that nodes name are loaded once each, from the folder of the file that names them; a file that comes to
   itself again is a mistake.
3. The result is a `Workflow` like any other: what a file can say that Python cannot, nodes do by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from victor_nb.errors import nearest
from victor_nb.workflows.graph import Workflow
from victor_nb.workflows.reducers import NAMED
from victor_nb.workflows.shape import START
from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.declaring import Declaration, Declared, check_cycle, declared
from victor_nb.workflows.yaml_file.documents import Document
from victor_nb.workflows.yaml_file.errors import FileUnreadable
from victor_nb.workflows.yaml_file.expressions import templates_in
from victor_nb.workflows.yaml_file.handlers import Handlers, NotFound
from victor_nb.workflows.yaml_file.mistakes import Mistake, told
from victor_nb.workflows.yaml_file.options import options
from victor_nb.workflows.yaml_file.ordering import dependencies
from victor_nb.workflows.yaml_file.places import Place
from victor_nb.workflows.yaml_file.reading import read, read_file
from victor_nb.workflows.yaml_file.state_types import input_type, state_type
from victor_nb.workflows.yaml_file.templated import INDEX, ITEM, TemplatedNode, Work, node_class, written_by

Functions = Mapping[str, Callable[..., Any]]
_STEM: Final = "workflow"


def load_workflow(path: str | Path, *, handlers: Functions | None = None) -> Workflow:
    """Return the workflow that a YAML file describes.

    Args:
        handlers: functions by the names that the file may use for them, before all others.

    Raises:
        FileUnreadable: it cannot be opened.
        InvalidWorkflow: it has mistakes; the error tells all of them, each with file, line and column.
    """
    loading = _Loading(handlers or {})
    workflow = loading.load(Path(path))
    if workflow is None or loading.mistakes:
        raise told(Path(path).stem, loading.mistakes)
    return workflow


def workflow_from_yaml(text: str, *, folder: str | Path | None = None, handlers: Functions | None = None) -> Workflow:
    """Return the workflow that a YAML text describes.

    Args:
        folder: where handlers and other workflows are looked for; without one, none beside the text are.
        handlers: functions by the names that the text may use for them, before all others.

    Raises:
        InvalidWorkflow: it has mistakes; the error tells all of them, each with line and column.
    """
    loading = _Loading(handlers or {})
    document, mistakes = read(text, "<text>")
    loading.mistakes += mistakes
    workflow = loading.build(document, Path(folder) / f"{_STEM}.yaml" if folder else None) if document else None
    if workflow is None or loading.mistakes:
        raise told(_STEM, loading.mistakes)
    return workflow


class _Loading:
    """One call of the loader, with all files that it comes to."""

    def __init__(self, handlers: Functions) -> None:
        self.mistakes: list[Mistake] = []
        self._handlers = handlers
        self._loaded: dict[Path, Workflow | None] = {}
        self._open: list[Path] = []

    def load(self, path: Path) -> Workflow | None:
        """Return the workflow of a file; None if it cannot be built.

        Raises: FileUnreadable.
        """
        known = path.resolve()
        if known not in self._loaded:
            document, mistakes = read_file(path)
            self.mistakes += mistakes
            self._open.append(known)
            self._loaded[known] = self.build(document, path) if document else None
            self._open.pop()
        return self._loaded[known]

    def build(self, document: Document, file: Path | None) -> Workflow | None:
        """Return the workflow of a document; None if there are mistakes."""
        before = len(self.mistakes)
        found = declared(document, file.stem if file else _STEM, self.mistakes)
        handlers = Handlers(self._handlers, found.handlers, file)
        built = _Built(self, found, document, handlers, file)
        built.check_modules()
        nodes = built.nodes()
        if len(self.mistakes) > before:
            return None
        workflow = built.workflow(nodes)
        self.mistakes += [
            Mistake(problem.what, document.place("nodes"), problem.hint) for problem in workflow.validate()
        ]
        return workflow if len(self.mistakes) == before else None

    def load_inner(self, name: str, place: Place, folder: Path | None) -> Workflow | None:
        """Return a workflow that a node names."""
        if folder is None:
            self.mistakes.append(Mistake("a text has no folder in which to find a file", place, "give folder="))
            return None
        path = folder / name
        if path.resolve() in self._open:
            way = [one.name for one in self._open[self._open.index(path.resolve()) :]]
            what = f"the workflow comes to itself again: {' → '.join([*way, path.name])}"
            self.mistakes.append(Mistake(what, place))
            return None
        try:
            return self.load(path)
        except FileUnreadable as unreadable:
            self.mistakes.append(Mistake(unreadable.what, place))
            return None


class _Built:
    """One file on its way from what it declares to a workflow."""

    def __init__(
        self, loading: _Loading, found: Declaration, document: Document, handlers: Handlers, file: Path | None
    ) -> None:
        self._loading, self._found, self._document = loading, found, document
        self._handlers, self._file = handlers, file
        self._said = {one.id: one.waits_for for one in found.nodes if one.waits_for is not None}
        self._order = [one.id for one in found.nodes]
        # What is put together by a reducer need not be of the type of the whole: one item for a list.
        self._types = {name: "any" if one.reducer else one.type for name, one in found.state.items()}
        self._reducers: dict[str, Any] = {}
        self._options: dict[str, dict[str, Any]] = {}
        self._written = {one.id: written_by(one.fields) for one in found.nodes}
        self._values = found.values
        self.waiting: dict[str, tuple[str, ...]] = {}

    def check_modules(self) -> None:
        """Import the modules that the file names for handlers."""
        for index, name in enumerate(self._found.handlers):
            try:
                self._handlers.module(name)
            except NotFound as nothing:
                is_list = isinstance(self._document.at(("handlers",)), list)
                place = self._document.place("handlers", *((index,) if is_list else ()))
                self._loading.mistakes.append(Mistake(nothing.what, place, nothing.hint))
                self._handlers.forget(name)

    def nodes(self) -> list[tuple[Declared, TemplatedNode]]:
        """Return the nodes that could be built; what each waits for is in `waiting` then."""
        self._take_reducers()
        writers = {name: node for node, names in self._written.items() for name in names}
        right_before = dependencies(self._order, self._said, {})
        made = [(one, node) for one in self._found.nodes if (node := self._node(one, right_before[one.id])) is not None]
        reads = {
            one.id: {writers[name] for name in node.reads() if name in writers and name not in self._found.state}
            for one, node in made
        }
        self.waiting = dependencies(self._order, self._said, reads)
        check_cycle(self._found, self.waiting, self._document, self._loading.mistakes)
        return made

    def _node(self, one: Declared, before: tuple[str, ...]) -> TemplatedNode | None:
        building = self._building(one, before)
        fields = one.fields
        when = building.expression("when", fields.when) if isinstance(fields.when, str) else fields.when
        for_each = (
            building.expression("for_each", fields.for_each)
            if isinstance(fields.for_each, str)
            else building.prepared("for_each", fields.for_each)
        )
        inputs = building.prepared("inputs", fields.inputs) if fields.inputs is not None else None
        building.check_names([*templates_in(when), *templates_in(for_each)], self._values)
        building.check_names(templates_in(inputs), building.values)
        work: Work | None = one.type.make(fields, building)
        if work is None:
            return None
        building.check_names(templates_in(work.reads), building.values)
        node = node_class(work, fields)(
            fields=fields,
            work=work,
            where=str(self._document.place(*one.path)),
            inputs=inputs if isinstance(inputs, dict) else None,
            when=when,
            for_each=for_each,
            skipped_with=(one.waits_for or ()) if fields.when is None else (),
            types=self._types,
        )
        self._options[one.id] = options(fields, node, building)
        return node

    def _building(self, one: Declared, before: tuple[str, ...]) -> Building:
        items = (ITEM, INDEX) if one.fields.for_each is not None else ()
        sees = [name for other in before for name in self._written.get(other, ())]
        return Building(
            self._document,
            one.path,
            self._handlers,
            self._values.union(items) if items else self._values,
            tuple(dict.fromkeys([*self._found.state, *sees])),
            lambda name, place: self._loading.load_inner(name, place, self._file.parent if self._file else None),
            self._loading.mistakes,
        )

    def _take_reducers(self) -> None:
        for name, fields in self._found.state.items():
            if fields.reducer is None:
                continue
            if fields.reducer in NAMED:
                self._reducers[name] = NAMED[fields.reducer]
                continue
            try:
                self._reducers[name] = self._handlers.find(fields.reducer)
            except NotFound as nothing:
                place = self._document.place("state", name, "reducer")
                what = f"there is no reducer {fields.reducer!r}.{nearest(fields.reducer, NAMED)}"
                hint = f"reducers are {', '.join(NAMED)}; or {nothing.hint}"
                self._loading.mistakes.append(Mistake(what, place, hint))

    def workflow(self, nodes: list[tuple[Declared, TemplatedNode]]) -> Workflow:
        """Return the workflow of nodes that have no mistakes."""
        found = self._found
        state, given = state_type(found, self._reducers), input_type(found)
        workflow = Workflow(state, found.name, input=given, about=found.description)
        if self._file is not None:
            workflow.origin = {"file": str(self._file)}
        for one, node in nodes:
            workflow.add_node(one.id, node, **self._options[one.id])
        for one, _ in nodes:
            after = self.waiting[one.id]
            workflow.add_edge(after[0] if len(after) == 1 else after or START, one.id)
        return workflow
