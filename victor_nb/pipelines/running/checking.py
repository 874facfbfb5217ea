"""What can be told of notebooks and what they are given before anything runs, all at once.

What depends on a node that has not run is not complained about; the node itself checks it when it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from victor_nb.errors import VictorError
from victor_nb.pipelines.executing.engine_names import unknown_engine
from victor_nb.pipelines.executing.notebook_files import NotebookNotFound
from victor_nb.pipelines.parameters.declaring import Declared, Parameter, check, declared
from victor_nb.pipelines.running.notebook_work import read_notebook
from victor_nb.pipelines.spec import Node, NotebookWork, PipelineSpec
from victor_nb.workflows.errors import Problem
from victor_nb.workflows.yaml_file.expressions import filled, prepare, templates_in


def problems_of_notebooks(spec: PipelineSpec, values: Mapping[str, object]) -> tuple[Problem, ...]:
    """Return what is wrong with the notebooks of a pipeline and their parameters.

    Args:
        values: of the pipeline's parameters.
    """
    base = spec.folder.resolve()
    return tuple(problem for node in spec.nodes for problem in _of_node(node, base, values))


def _of_node(node: Node, base: Path, values: Mapping[str, object]) -> Iterator[Problem]:
    work = node.work
    if not isinstance(work, NotebookWork) or "://" in work.path:
        return
    if work.engine and unknown_engine(work.engine) is None:
        yield from _tried(node, partial(_check_engine, work, base))
    try:
        cell = declared(read_notebook(work.path, base), work.path)
    except NotebookNotFound as failure:
        if (base / work.path).is_file():  # what is not there is told with all else that is missing
            yield _problem(failure, node)
        return
    except VictorError as failure:
        yield _problem(failure, node)
        return
    for name, written in node.parameters.items():
        yield from _tried(node, partial(_check_one, cell, name, written, values, work.path))
    given = {*node.parameters, *node.matrix}
    for one in cell.parameters:
        if one.default is None and one.name not in given:
            yield from _tried(node, partial(check, Declared((one,)), {}, work.path))


def _check_engine(work: NotebookWork, base: Path) -> None:
    folder = base / work.folder
    is_plain = not work.environment and not work.engine_options
    if is_plain and folder.resolve() == Path.cwd():  # any engine can do that
        return
    from victor_nb.pipelines.kernels import defer_grammars

    defer_grammars()  # before papermill is imported
    from victor_nb.pipelines.executing.engines import check_engine

    check_engine(work.engine, work.environment, folder, work.engine_options, work.path)


def _check_one(cell: Declared, name: str, written: object, values: Mapping[str, object], path: str) -> None:
    one: Parameter | None = cell.named(name)
    prepared = prepare(written)
    if one is None:
        check(cell, {name: None}, path)
    elif all(template.names <= values.keys() for template in templates_in(prepared)):
        check(Declared((one,)), {name: filled(prepared, values)}, path)


def _tried(node: Node, look: Callable[[], object]) -> Iterator[Problem]:
    try:
        look()
    except VictorError as failure:
        yield _problem(failure, node)


def _problem(failure: VictorError, node: Node) -> Problem:
    where = failure.where or node.work.path if isinstance(node.work, NotebookWork) else failure.where
    return Problem(failure.what, f"{node.where or f'node {node.id!r}'}: {where}", failure.hint)
