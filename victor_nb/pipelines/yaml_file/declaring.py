"""From a document to a spec: its fields checked one by one. Nothing is imported, opened or run but an agent's tools.

1. Every mistake is noted at its place and the rest is looked at all the same.
2. What does not fit is left out of the spec, which then only serves to find further mistakes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from victor_nb.errors import nearest
from victor_nb.pipelines.retrying import FailedWith
from victor_nb.pipelines.spec import (
    NAME,
    UNSET,
    AgentWork,
    ComputeWork,
    Node,
    NotebookWork,
    PipelineParameter,
    PipelineSpec,
    Work,
    WorkflowWork,
    id_of,
    texts,
)
from victor_nb.pipelines.yaml_file.agents import agent_of
from victor_nb.pipelines.yaml_file.fields import (
    KINDS,
    AgentFields,
    ComputeFields,
    NotebookFields,
    ParameterFields,
    PipelineFields,
    WorkflowFields,
)
from victor_nb.workflows.policies import RetryPolicy
from victor_nb.workflows.yaml_file.documents import Document
from victor_nb.workflows.yaml_file.fields import RetryFields
from victor_nb.workflows.yaml_file.mistakes import Mistake
from victor_nb.workflows.yaml_file.validating import fits, validated

_EXAMPLE: Final = "- notebook: first.ipynb"


def declared(document: Document, name: str, file: Path | None, folder: Path, mistakes: list[Mistake]) -> PipelineSpec:
    """Return the spec of a document; `name` is the pipeline's, where it gives none."""
    if not isinstance(document.value, dict):
        hint = "a pipeline begins with `pipeline: its_name`, and `notebooks:`"
        mistakes.append(Mistake("the file is no mapping of keys", document.place(), hint))
        return PipelineSpec(name, (), folder=folder, file=file)
    known = len(mistakes)
    fields = validated(PipelineFields, document, (), mistakes)
    if fields is None or len(mistakes) > known:
        fields = _what_fits(document.value)
    parameters = [_parameter(key, said, document) for key, said in fields.parameters.items()]
    nodes = _nodes(document, folder, mistakes)
    return PipelineSpec(
        fields.pipeline or name, tuple(nodes), tuple(parameters), fields.description, folder.absolute(), file
    )


def _what_fits(whole: Mapping[str, Any]) -> PipelineFields:
    """Return the parts of a file that fit, so that the others are not the only ones to be told of."""
    parts: dict[str, Any] = {"notebooks": []}
    for key in PipelineFields.model_fields:
        if key in whole and fits(PipelineFields, {"notebooks": [], key: whole[key]}):
            parts[key] = whole[key]
    if "parameters" not in parts and isinstance(whole.get("parameters"), dict):
        parts["parameters"] = {
            name: said if fits(PipelineFields, {"notebooks": [], "parameters": {name: said}}) else "any"
            for name, said in whole["parameters"].items()
            if fits(PipelineFields, {"notebooks": [], "parameters": {name: "any"}})
        }
    return PipelineFields.model_validate(parts)


def _parameter(name: str, said: Any, document: Document) -> PipelineParameter:
    where = str(document.place_of_key("parameters", name))
    if isinstance(said, str):
        return PipelineParameter(name, said, where=where)
    if not isinstance(said, ParameterFields):
        kind = "any" if said is None else type(said).__name__
        return PipelineParameter(name, kind, said, where=where)
    default = said.default if "default" in said.model_fields_set else UNSET
    return PipelineParameter(name, said.type, default, tuple(said.choices), said.description, where)


# -- nodes -------------------------------------------------------------------------------------------------------------


def _nodes(document: Document, folder: Path, mistakes: list[Mistake]) -> list[Node]:
    written = document.value.get("notebooks")
    return [
        _node(raw, index, document, folder, mistakes) or _as_far_as_it_goes(raw, index)
        for index, raw in enumerate(written if isinstance(written, list) else ())
    ]


def _as_far_as_it_goes(raw: Any, index: int) -> Node:
    """Return a node in place of one that does not fit, so that others which refer to it are no mistakes."""
    said = raw if isinstance(raw, dict) else {}
    outputs = [said.get("outputs")] if isinstance(said.get("outputs"), str) else said.get("outputs") or []
    kept = tuple(one for one in outputs if isinstance(one, str)) if isinstance(outputs, list) else ()
    name = said.get("id") or id_of(str(next((said[kind] for kind in KINDS if kind in said), "")))
    is_name = isinstance(name, str) and NAME.fullmatch(name) and name != "notebook"
    return Node(name if is_name else f"node_{index + 1}", ComputeWork("left:out"), outputs=kept, when="false")


def _node(raw: Any, index: int, document: Document, folder: Path, mistakes: list[Mistake]) -> Node | None:
    path = ("notebooks", index)
    if isinstance(raw, str) and raw:
        return Node(id_of(raw), NotebookWork(raw), where=str(document.place(*path)))
    if not isinstance(raw, dict):
        what = f"a node is a mapping of keys or the path of a notebook, and this is {raw!r}"
        mistakes.append(Mistake(what, document.place(*path), _EXAMPLE))
        return None
    kind = _kind_of(raw, index, document, mistakes)
    fields = validated(KINDS[kind], document, path, mistakes) if kind else None
    if kind is None or fields is None:
        return None
    if isinstance(fields, AgentFields):
        work: Work = AgentWork(agent_of(fields, document, index, folder, mistakes), fields.goal)
    else:
        work = _work(fields)
    return Node(
        fields.id or _id_of(kind, getattr(fields, kind)),
        work,
        {} if isinstance(fields, AgentFields) else fields.parameters,
        texts(fields.inputs),
        texts(fields.outputs),
        None if fields.after is None else texts(fields.after),
        fields.matrix,
        fields.when,
        _retry(fields.retry),
        fields.timeout,
        # What a workflow does besides answering is not seen, so its answer is only kept if the file says so.
        fields.cache if fields.cache is not None else kind != "workflow",
        fields.description,
        str(document.place(*path)),
    )


def _kind_of(raw: Mapping[str, Any], index: int, document: Document, mistakes: list[Mistake]) -> str | None:
    place = document.place("notebooks", index)
    kinds = [kind for kind in KINDS if kind in raw]
    if len(kinds) > 1:
        what = f"a node is one thing, and this one has {' and '.join(map(repr, kinds))}"
        mistakes.append(Mistake(what, document.place_of_key("notebooks", index, kinds[1]), "make two nodes of it"))
        return None
    if kinds:
        return kinds[0]
    known = {key for model in KINDS.values() for key in model.model_fields}
    for key in raw:
        close = nearest(key, KINDS) if key not in known else ""
        if close:
            what = f"there is no key {key!r} here.{close}"
            mistakes.append(Mistake(what, document.place_of_key("notebooks", index, key)))
            return None
    mistakes.append(Mistake("the node does not say what it runs", place, f"one of {', '.join(KINDS)}: {_EXAMPLE}"))
    return None


def _id_of(kind: str, named: str) -> str:
    if kind == "compute":
        return named.rpartition(":")[2]
    if kind == "workflow" and ":" in named:
        return named.rpartition(":")[2]
    return "agent" if kind == "agent" else id_of(named)


def _work(fields: NotebookFields | ComputeFields | WorkflowFields) -> Work:
    if isinstance(fields, ComputeFields):
        return ComputeWork(fields.compute)
    if isinstance(fields, WorkflowFields):
        return WorkflowWork(fields.workflow)
    environment = {name: _as_text(value) for name, value in fields.environment.items()}
    return NotebookWork(
        fields.notebook,
        fields.kernel,
        environment,
        fields.cell_timeout,
        fields.folder,
        fields.engine,
        fields.engine_options,
    )


def _as_text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _retry(said: int | RetryFields | None) -> RetryPolicy | None:
    if said is None:
        return None
    if not isinstance(said, RetryFields):
        return RetryPolicy(said)
    failures = FailedWith(tuple(name.rpartition(".")[2] for name in said.on)) if said.on else Exception
    return RetryPolicy(said.attempts, said.wait, said.factor, said.max_wait, said.jitter, failures)
