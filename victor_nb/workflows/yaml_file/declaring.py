"""What a file declares: its fields checked one by one, then against each other. Nothing is imported or built here.

1. Every mistake is noted at its place and the rest is looked at all the same.
2. What is returned may be incomplete; it is only used to find further mistakes, unless there are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from victor_nb.errors import nearest
from victor_nb.workflows.yaml_file.documents import Document, Key
from victor_nb.workflows.yaml_file.errors import NodeTypeBroken
from victor_nb.workflows.yaml_file.expressions import TEMPLATE_WORDS
from victor_nb.workflows.yaml_file.fields import FileFields, NodeFields, StateFields
from victor_nb.workflows.yaml_file.mistakes import Mistake, listed, near
from victor_nb.workflows.yaml_file.node_types import NodeType, node_type, type_names
from victor_nb.workflows.yaml_file.ordering import cycle
from victor_nb.workflows.yaml_file.templated import INDEX, ITEM, SKIPPED, written_by
from victor_nb.workflows.yaml_file.type_names import UnknownType, python_type
from victor_nb.workflows.yaml_file.validating import fits, validated

_OURS: Final = frozenset({ITEM, INDEX, SKIPPED})


NOTHING_SAID: Final = FileFields.model_validate({"nodes": []})


@dataclass(frozen=True)
class Declared:
    """One node of a file."""

    path: tuple[Key, ...]
    type: NodeType
    fields: NodeFields

    @property
    def id(self) -> str:
        return self.fields.id

    @property
    def waits_for(self) -> tuple[str, ...] | None:
        """The nodes that it says it depends on; None if it says nothing."""
        said = self.fields.depends_on
        return None if said is None else (said,) if isinstance(said, str) else tuple(said)


@dataclass
class Declaration:
    """A file's own words.

    Attributes:
        fields: as written, the nodes aside.
        state: declared values, by name.
        nodes: those that fit their type, in the order of the file.
        ids: of all nodes that have one, also of those that do not fit.
    """

    name: str
    fields: FileFields = NOTHING_SAID
    description: str = ""
    handlers: tuple[str, ...] = ()
    state: dict[str, StateFields] = field(default_factory=dict)
    nodes: list[Declared] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    @property
    def values(self) -> frozenset[str]:
        """The names of all values that nodes can read."""
        written = (name for one in self.nodes for name in written_by(one.fields))
        return frozenset({*self.state, *written, *self.ids, SKIPPED})


def declared(document: Document, name: str, mistakes: list[Mistake]) -> Declaration:
    """Return what a document declares; `name` is the workflow's, where it gives none."""
    if not isinstance(document.value, dict):
        hint = "a workflow begins with `workflow: its_name`, and `nodes:`"
        mistakes.append(Mistake("the file is no mapping of keys", document.place(), hint))
        return Declaration(name)
    known = len(mistakes)
    fields = validated(FileFields, document, (), mistakes)
    if fields is None or len(mistakes) > known:
        fields = _what_fits(document)
    if fields.workflow and fields.name and fields.workflow != fields.name:
        what = f"the workflow has two names, {fields.workflow!r} and {fields.name!r}"
        mistakes.append(Mistake(what, document.place_of_key("name"), "keep one"))
    handlers = (fields.handlers,) if isinstance(fields.handlers, str) else tuple(fields.handlers)
    found = Declaration(fields.workflow or fields.name or name, fields, fields.description, handlers)
    for key, said in fields.state.items():
        found.state[key] = StateFields.model_validate({"type": said}) if isinstance(said, str) else said
    _check_state(found, document, mistakes)
    _take_nodes(found, document, mistakes)
    _check_names(found, document, mistakes)
    return found


def _what_fits(document: Document) -> FileFields:
    """Return the parts of a file that fit, so that the others are not the only ones to be told of."""
    whole = document.value
    parts: dict[str, Any] = {"nodes": []}
    for key in FileFields.model_fields:
        if key in whole and fits(FileFields, {"nodes": [], key: whole[key]}):
            parts[key] = whole[key]
    if "state" not in parts and isinstance(whole.get("state"), dict):
        parts["state"] = {
            name: said if fits(FileFields, {"nodes": [], "state": {name: said}}) else "any"
            for name, said in whole["state"].items()
            if fits(FileFields, {"nodes": [], "state": {name: "any"}})
        }
    return FileFields.model_validate(parts)


def _check_state(found: Declaration, document: Document, mistakes: list[Mistake]) -> None:
    for name, fields in found.state.items():
        is_short = isinstance(document.at(("state", name)), str)
        place = document.place("state", name) if is_short else document.place("state", name, "type")
        try:
            python_type(fields.type)
        except UnknownType as unknown:
            hint = "a default is written as {type: …, default: …}" if is_short else ""
            mistakes.append(Mistake(str(unknown), place, hint))
        if _is_taken(name) or (name.startswith("model_") and hasattr(FileFields, name)):  # pydantic's own
            what = f"{name!r} cannot be the name of a value: it has a meaning of its own"
            mistakes.append(Mistake(what, document.place_of_key("state", name), "choose another"))


def _is_taken(name: str) -> bool:
    return name in _OURS or name in TEMPLATE_WORDS


def _take_nodes(found: Declaration, document: Document, mistakes: list[Mistake]) -> None:
    written = document.value.get("nodes")
    if not isinstance(written, list):
        return
    if not written:
        mistakes.append(Mistake("the workflow has no nodes", document.place("nodes"), "- id: …\n  type: compute"))
    for index, raw in enumerate(written):
        path = ("nodes", index)
        if not isinstance(raw, dict):
            what = f"a node is a mapping of keys, and this is {raw!r}"
            mistakes.append(Mistake(what, document.place(*path), "- id: its_name\n  type: compute"))
            continue
        if isinstance(raw.get("id"), str):
            found.ids.append(raw["id"])
        kind = _type_of(raw, document, path, mistakes)
        fields = validated(kind.fields, document, path, mistakes) if kind else None
        if kind and fields:
            found.nodes.append(Declared(path, kind, fields))


def _type_of(
    raw: Mapping[str, Any], document: Document, path: Sequence[Key], mistakes: list[Mistake]
) -> NodeType | None:
    said = raw.get("type", "compute")
    place = document.place(*path, "type")
    try:
        found = node_type(said) if isinstance(said, str) else None
    except NodeTypeBroken as broken:
        mistakes.append(Mistake(broken.what, place, broken.hint))
        return None
    if found is None:
        names = type_names()
        what = f"there is no node type {said!r}.{nearest(str(said), names)}"
        mistakes.append(Mistake(what, place, f"types are {', '.join(names)}"))
    return found


def _check_names(found: Declaration, document: Document, mistakes: list[Mistake]) -> None:
    first: dict[str, Declared] = {}
    writers: dict[str, str] = {}
    for node in found.nodes:
        place = document.place(*node.path, "id")
        if node.id in first:
            line = document.place(*first[node.id].path, "id").line
            mistakes.append(Mistake(f"the id {node.id!r} is given twice, first in line {line}", place, "rename one"))
            continue
        first[node.id] = node
        _check_written(found, node, writers, document, mistakes)
    for node in found.nodes:
        _check_depends_on(found, node, document, mistakes)


def _check_written(
    found: Declaration, node: Declared, writers: dict[str, str], document: Document, mistakes: list[Mistake]
) -> None:
    place = document.place(*node.path, "output" if node.fields.output is not None else "id")
    for name in written_by(node.fields):
        if _is_taken(name):
            what = f"{name!r} cannot be the name of a value: it has a meaning of its own"
            mistakes.append(Mistake(what, place, "choose another"))
        elif name in found.state:
            if node.fields.output is None:
                what = f"{name!r} is the name of a node and of declared state"
                mistakes.append(Mistake(what, place, "rename one; `output:` says which value a node writes"))
        elif name in writers:
            what = f"nodes {writers[name]!r} and {node.id!r} both write {name!r}"
            mistakes.append(Mistake(what, place, f"declare it: `state: {{{name}: {{reducer: append}}}}`"))
        elif name != node.id and name in found.ids:
            mistakes.append(Mistake(f"{name!r} is the id of another node", place, "choose another output"))
        writers.setdefault(name, node.id)


def _check_depends_on(found: Declaration, node: Declared, document: Document, mistakes: list[Mistake]) -> None:
    for index, other in enumerate(node.waits_for or ()):
        is_list = isinstance(node.fields.depends_on, list)
        place = document.place(*node.path, "depends_on", *((index,) if is_list else ()))
        if other == node.id:
            mistakes.append(Mistake(f"node {node.id!r} depends on itself", place, "[] depends on nothing"))
        elif other not in found.ids:
            what = f"there is no node {other!r}.{near(other, found.ids)}"
            mistakes.append(Mistake(what, place, f"nodes are {listed(found.ids)}"))


def check_cycle(
    found: Declaration, waiting: Mapping[str, Sequence[str]], document: Document, mistakes: list[Mistake]
) -> None:
    """Note nodes that wait for each other, once; `waiting` is what each node waits for."""
    circle = cycle(waiting)
    if not circle:
        return
    paths = {one.id: one.path for one in found.nodes}
    first = min(circle, key=lambda name: document.place(*paths[name]).line)
    turned = circle[circle.index(first) : -1] + circle[: circle.index(first)] + [first]
    hint = "depends_on, what expressions read and what handlers are given decide what a node waits for"
    what = f"nodes wait for each other: {' ← '.join(turned)}"
    mistakes.append(Mistake(what, document.place(*paths[first], "depends_on"), hint))
