"""What can be wrong with a pipeline as it is written: names, parameters, matrices, files that are not there.

Files are looked for, never opened; nothing is imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from victor_nb.errors import nearest
from victor_nb.pipelines.executing.engine_names import unknown_engine
from victor_nb.pipelines.inference.findings import Findings, Keys, listed
from victor_nb.pipelines.inference.path_patterns import is_remote
from victor_nb.pipelines.spec import (
    NAME,
    UNSET,
    ComputeWork,
    NotebookWork,
    PipelineParameter,
    PipelineSpec,
    WorkflowWork,
)
from victor_nb.workflows.errors import InvalidState
from victor_nb.workflows.yaml_file.expressions import TEMPLATE_WORDS, is_template
from victor_nb.workflows.yaml_file.mistakes import near
from victor_nb.workflows.yaml_file.type_names import UnknownType, fitting, python_type

_YAML: Final = (".yaml", ".yml")
_FUNCTION: Final = re.compile(r"[\w./\\ -]+:[A-Za-z_]\w*")


def check_names(spec: PipelineSpec, findings: Findings) -> None:
    """Look at the names of parameters, nodes and matrix values: templates read values by them."""
    first: dict[str, int] = {}
    parameters = [one.name for one in spec.parameters]
    for name in sorted({name for name in parameters if parameters.count(name) > 1}):
        findings.note(None, ("parameters", name), f"the parameter {name!r} is declared twice", "keep one")
    for name in parameters:
        _check_name(None, ("parameters", name), "the parameter", name, findings)
    if not spec.nodes:
        findings.note(None, ("notebooks",), "the pipeline has no notebooks", "- notebook: first.ipynb")
    for number, node in enumerate(spec.nodes):
        _check_name(number, ("id",), "the id", node.id, findings)
        if node.id in first:
            findings.note(number, ("id",), f"the id {node.id!r} is given twice", "give one of them another id")
        elif node.id in parameters:
            what = f"{node.id!r} is the id of a node and the name of a parameter"
            findings.note(number, ("id",), what, "rename one")
        first.setdefault(node.id, number)


def check_matrices(spec: PipelineSpec, findings: Findings) -> None:
    """Look at the matrix of each node."""
    taken = {one.name for one in spec.parameters} | {node.id for node in spec.nodes}
    for number, node in enumerate(spec.nodes):
        for name, axis in node.matrix.items():
            keys: Keys = ("matrix", name)
            _check_name(number, keys, "the matrix value", name, findings)
            if name in taken:
                what = f"{name!r} is a value of the matrix and the name of a parameter or node"
                findings.note(number, keys, what, "rename one")
            if isinstance(axis, str):
                if not is_template(axis):
                    what = f"{name!r} is the text {axis!r}; a matrix has lists"
                    findings.note(number, keys, what, f"[{axis}], or a template for a list")
            elif not axis:
                what = f"{name!r} has no values, so the node {node.id!r} would have no members"
                findings.note(number, keys, what, "give at least one")
            elif len(set(map(repr, axis))) < len(axis):
                findings.note(number, keys, f"{name!r} has a value twice", "each member runs once; keep one")


def check_parameters(spec: PipelineSpec, findings: Findings) -> None:
    """Look at the types, defaults and choices of the pipeline's parameters."""
    for one in spec.parameters:
        try:
            python_type(one.type)
        except UnknownType as unknown:
            findings.note(None, ("parameters", one.name, "type"), str(unknown))
            continue
        _check_values(one, findings)


def _check_values(one: PipelineParameter, findings: Findings) -> None:
    values = [("choices", index, value) for index, value in enumerate(one.choices)]
    defaults = [] if one.default is UNSET else [("default", 0, one.default)]
    for key, index, value in [*values, *defaults]:
        keys: Keys = ("parameters", one.name, key, index) if key == "choices" else ("parameters", one.name, key)
        try:
            fitting(value, one.type, one.name)
        except InvalidState as misfit:
            findings.note(None, keys, misfit.what, misfit.hint)
            return
    if one.choices and defaults and one.default not in one.choices:
        what = f"the default of {one.name!r} is {one.default!r}, which is none of its choices"
        close = nearest(str(one.default), map(str, one.choices))
        findings.note(None, ("parameters", one.name, "default"), what + close, f"choices are {_shown(one.choices)}")


def check_after(spec: PipelineSpec, findings: Findings) -> None:
    """Look at the nodes that nodes say they come after."""
    ids = [node.id for node in spec.nodes]
    for number, node in enumerate(spec.nodes):
        for index, other in enumerate(node.after or ()):
            keys: Keys = ("after", index)
            if other == node.id:
                findings.note(number, keys, f"the node {other!r} comes after itself", "[] waits for nothing")
            elif other not in ids:
                what = f"there is no node {other!r}.{near(other, ids)}"
                findings.note(number, keys, what, f"nodes are {listed(ids)}")


def check_work(spec: PipelineSpec, findings: Findings) -> None:
    """Look for the notebooks and workflow files that nodes name."""
    for number, node in enumerate(spec.nodes):
        work = node.work
        if isinstance(work, NotebookWork):
            _check_file(spec, number, "notebook", work.path, (".ipynb",), findings)
            _check_not_templates(number, work, findings)
            _check_engine(number, work, findings)
            if work.folder and not (spec.folder / work.folder).is_dir():
                findings.note(number, ("folder",), f"there is no folder {work.folder!r}", "make it, or name another")
        elif isinstance(work, WorkflowWork) and isinstance(work.workflow, str) and work.workflow.endswith(_YAML):
            _check_file(spec, number, "workflow", work.workflow, _YAML, findings)
        elif isinstance(work, ComputeWork) and isinstance(work.function, str) and not _is_function(work.function):
            findings.note(number, ("compute",), f"{work.function!r} names no function", "module:name")


def _check_engine(number: int, work: NotebookWork, findings: Findings) -> None:
    if not work.engine:
        if work.engine_options:
            what = "there are options for an engine, and none is named"
            findings.note(number, ("engine_options",), what, "engine: its_name")
    elif not is_template(work.engine) and (unknown := unknown_engine(work.engine)) is not None:
        findings.note(number, ("engine",), unknown.what, unknown.hint)


def _check_not_templates(number: int, work: NotebookWork, findings: Findings) -> None:
    fixed: list[tuple[Keys, str]] = [(("notebook",), work.path), (("kernel",), work.kernel), (("folder",), work.folder)]
    fixed.append((("engine",), work.engine))
    fixed += [(("environment", name), value) for name, value in work.environment.items()]
    options = work.engine_options.items()
    fixed += [(("engine_options", name), value) for name, value in options if isinstance(value, str)]
    for keys, value in fixed:
        if is_template(value):
            what = f"{keys[-1]!r} is the same in every run, so {value!r} cannot hold a template"
            findings.note(number, keys, what, "what changes is given to the notebook in its `parameters`")


def _is_function(name: str) -> bool:
    return _FUNCTION.fullmatch(name) is not None


def _check_file(
    spec: PipelineSpec, number: int, kind: str, path: str, endings: tuple[str, ...], findings: Findings
) -> None:
    place = spec.folder / path
    if is_remote(path) or is_template(path) or place.is_file():
        return
    if place.is_symlink() or place.exists():
        is_what = "a folder" if place.exists() else f"a link to {str(place.readlink())!r}, which is not there"
        findings.note(number, (kind,), f"the {kind} {path!r} is {is_what}", "mend it, or name another file")
        return
    parent = place.parent
    beside = [one.name for one in parent.iterdir() if one.suffix in endings] if parent.is_dir() else []
    hint = f"in {parent} there are {listed(sorted(beside))}" if beside else f"looked for in {parent}"
    name = path.replace("\\", "/").rpartition("/")[2]
    findings.note(number, (kind,), f"there is no {kind} {path!r}.{near(name, beside)}", hint)


def _check_name(node: int | None, keys: Keys, kind: str, name: str, findings: Findings) -> None:
    if not NAME.fullmatch(name):
        what = f"{kind} {name!r} is no name that templates can use"
        findings.note(node, keys, what, "letters, digits and _, beginning with a letter")
    elif name in TEMPLATE_WORDS:
        what = f"{kind} {name!r} has a meaning of its own in templates"
        findings.note(node, keys, what, "choose another name")


def _shown(values: Iterable[object]) -> str:
    return listed([repr(one) for one in values])
