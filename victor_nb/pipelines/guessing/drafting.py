"""All notebooks of a folder together: their parameters, who reads what another writes, and what cannot be so.

1. What is drafted loads: an input that is nowhere, a second writer of one file and a circle become comments.
2. Notebooks stand in the order of their names, numbers counted as numbers.
"""

from __future__ import annotations

import glob
import itertools
import json
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from victor_nb.errors import UsageError, nearest
from victor_nb.pipelines.globbing import globbed
from victor_nb.pipelines.guessing.drawing_up import drawn_up
from victor_nb.pipelines.guessing.file_uses import FileUse, uses_of
from victor_nb.pipelines.inference.path_patterns import ANY_PARTS, is_glob, is_same, meet
from victor_nb.pipelines.inference.templates import as_patterns
from victor_nb.pipelines.parameters.declaring import UNKNOWN, Parameter, declared
from victor_nb.pipelines.parameters.types import Choice
from victor_nb.pipelines.spec import NAME, id_of

_LEFT_OUT: Final = (".ipynb_checkpoints", ".victor", "node_modules", "__pycache__")
_TYPES: Final = ("int", "float", "str", "bool", "list", "dict")
_TEMPLATE: Final = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(slots=True)
class DraftedParameter:
    """A parameter of the pipeline; `of` are the notebooks that have it."""

    name: str
    type: str
    default: object
    choices: list[object] = field(default_factory=list)
    of: list[str] = field(default_factory=list)

    @property
    def has_default(self) -> bool:
        return self.default is not UNKNOWN

    def is_like(self, other: DraftedParameter) -> bool:
        """Whether one value can serve both."""
        mine, theirs = (self.type, repr(self.default), self.choices), (other.type, repr(other.default), other.choices)
        return mine == theirs


@dataclass(slots=True)
class DraftedNode:
    """A notebook on its way into the file.

    Attributes:
        folder: of the notebook, from the file's folder; empty for the same.
        parameters: its own names to names of the pipeline's parameters, or to what another notebook hands on.
        inputs, outputs: paths with a word on where they come from.
        after: a notebook that it comes after by its name alone.
        notes: comments, a line each.
    """

    id: str
    path: str
    folder: str
    parameters: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    after: str = ""
    handed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """What the file will say; `left_out` are files that are no notebooks, with the reason."""

    name: str
    parameters: list[DraftedParameter] = field(default_factory=list)
    nodes: list[DraftedNode] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def guessed(folder: Path, beside: Path) -> str:
    """Return a pipeline file for the notebooks in a folder and the folders below it.

    Args:
        beside: the folder that the file will be in.

    Raises:
        UsageError: there is no such folder, or no notebook in it.
    """
    if not folder.is_dir():
        known = [one.name for one in folder.parent.iterdir() if one.is_dir()] if folder.parent.is_dir() else []
        raise UsageError(f"there is no folder {str(folder)!r}.{nearest(folder.name, known)}", hint="name a folder")
    draft = Draft(id_of(folder.resolve().name) if NAME.search(folder.resolve().name) else "pipeline")
    given: dict[str, dict[str, Parameter]] = {}
    uses: dict[str, list[FileUse]] = {}
    for path in sorted(_notebooks(folder), key=_natural):
        _read(path, beside, draft, given, uses)
    if not draft.nodes:
        broken = f"; left out: {', '.join(draft.left_out)}" if draft.left_out else ""
        raise UsageError(f"there is no notebook in {str(folder)!r}{broken}", hint="name a folder with .ipynb files")
    _share_parameters(draft, given)
    _place_files(draft, uses, beside)
    _order(draft)
    return drawn_up(draft)


def _notebooks(folder: Path) -> Iterator[Path]:
    for path in globbed(folder, "**/*.ipynb"):
        inside = path.relative_to(folder).parts
        if path.is_file() and not any(part in _LEFT_OUT or part.startswith(".") for part in inside):
            yield path


def _natural(path: Path) -> list[Any]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", str(path)) if part]


def _read(
    path: Path, beside: Path, draft: Draft, given: dict[str, dict[str, Parameter]], uses: dict[str, list[FileUse]]
) -> None:
    place = Path(os.path.relpath(path.absolute(), beside.absolute())).as_posix()
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        draft.left_out[place] = str(error.strerror)
        return
    except ValueError:
        draft.left_out[place] = "it is no JSON"
        return
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        draft.left_out[place] = "it is JSON, but no notebook of format 4"
        return
    node = DraftedNode(_new_id(place, draft), place, posixpath.dirname(place))
    said = declared(notebook, place)
    given[node.id] = {one.name: one for one in said.parameters if NAME.fullmatch(one.name)}
    found = uses_of(notebook, given[node.id])
    uses[node.id], node.handed = found.uses, found.handed
    draft.nodes.append(node)


def _new_id(place: str, draft: Draft) -> str:
    taken = {node.id for node in draft.nodes}
    name = id_of(place)
    name = name if name not in taken else id_of(place.removesuffix(".ipynb").replace("/", "_"))
    number = 2
    while name in taken:
        name, number = f"{id_of(place)}_{number}", number + 1
    return name


# -- parameters --------------------------------------------------------------------------------------------------------


def _share_parameters(draft: Draft, given: Mapping[str, Mapping[str, Parameter]]) -> None:
    """Make one parameter of the pipeline of those that are alike; values that are handed on take another way."""
    for node in draft.nodes:
        for name, one in given[node.id].items():
            sources = [other.id for other in draft.nodes if name in other.handed and other is not node]
            if len(sources) == 1:
                node.parameters[name] = f"{sources[0]}.{name}"
                continue
            new = _drafted(one)
            if new is None:
                node.notes.append(f"{name} keeps its default {one.default}, which no file can say")
                continue
            _share(draft, node, name, new)


def _share(draft: Draft, node: DraftedNode, name: str, new: DraftedParameter) -> None:
    known = next((one for one in draft.parameters if one.name == name), None)
    taken = {one.id for one in draft.nodes}
    if (known is not None and not known.is_like(new)) or name in taken:
        new.name = f"{node.id}_{name}"
        known = None
    if known is None:
        draft.parameters.append(new)
    (known or new).of.append(node.id)
    node.parameters[name] = (known or new).name


def _drafted(one: Parameter) -> DraftedParameter | None:
    default = one.value if one.default is not None else UNKNOWN
    if one.default is not None and not _is_plain(default):
        return None
    if isinstance(one.type, Choice):
        choices = [option for option in one.type.values if _is_plain(option)]
        return DraftedParameter(one.name, "any", default, choices)
    kind = type(default).__name__ if default is not UNKNOWN and default is not None else "any"
    said = one.annotation if one.annotation in ("int", "float", "str", "bool", "list", "dict") else kind
    return DraftedParameter(
        one.name, said if said in ("int", "float", "str", "bool", "list", "dict") else "any", default
    )


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(one) for key, one in value.items())
    return value is None or type(value) in (str, int, float, bool)


# -- files -------------------------------------------------------------------------------------------------------------


def _place_files(draft: Draft, uses: Mapping[str, list[FileUse]], beside: Path) -> None:
    for node in draft.nodes:
        for use in uses[node.id]:
            where = f"{use.call} in cell {use.cell}"
            if use.path is None:
                node.notes.append(f"{where} {use.way} a file whose name is only known when it runs")
                continue
            path = _from_file(use.path, node)
            if not path.strip("*/. "):
                node.notes.append(f"{where} {use.way} a file whose name another notebook hands on")
            elif use.way == "writes":
                node.outputs.setdefault(path, where)
            elif not any(_meet(draft, path, known) for known in node.outputs):
                node.inputs.setdefault(path, where)
    _one_writer_each(draft)
    _leave_out_missing(draft, beside)


def _from_file(path: str, node: DraftedNode) -> str:
    """Return a path of a notebook as it is from the pipeline file, with its parameters named as there.

    What another notebook hands on is not known before the run, and stands for anything.
    """

    def renamed(one: re.Match[str]) -> str:
        name = node.parameters.get(one[1], "")
        return f"{{{{ {name} }}}}" if name and "." not in name else "*"

    named = _TEMPLATE.sub(renamed, path)
    return named if posixpath.isabs(named) else posixpath.normpath(posixpath.join(node.folder, named))


def _filled(draft: Draft, path: str) -> list[str]:
    """Return what a path is with the parameters' defaults; nothing where nothing of it is known."""
    values = {one.name: one.default for one in draft.parameters if one.has_default}
    patterns = as_patterns(path, values)
    return [posixpath.normpath(one) for one in patterns if one != ANY_PARTS or path == ANY_PARTS]


def _meet(draft: Draft, path: str, other: str) -> bool:
    return any(meet(one, another) for one in _filled(draft, path) for another in _filled(draft, other))


def _one_writer_each(draft: Draft) -> None:
    writers: dict[str, str] = {}
    for node in draft.nodes:
        for path in list(node.outputs):
            mine = _filled(draft, path)
            first = next((by for one, by in writers.items() if any(is_same(one, other) for other in mine)), None)
            if first is not None and first != node.id:
                node.notes.append(f"writes {path} ({node.outputs.pop(path)}), as {first} does: only one of them can")
            else:
                writers |= dict.fromkeys(mine, node.id)


def _leave_out_missing(draft: Draft, beside: Path) -> None:
    for node in draft.nodes:
        for path in list(node.inputs):
            others = [one for other in draft.nodes if other is not node for one in other.outputs]
            written = [one for other in others for one in _filled(draft, other)]
            found = (_exists(beside, one) or any(meet(one, other) for other in written) for one in _filled(draft, path))
            if not all(found):
                where = node.inputs.pop(path)
                node.notes.append(f"reads {path} ({where}), which is not there, and no notebook writes it")


def _exists(beside: Path, path: str) -> bool:
    if not is_glob(path):
        return (beside / path).exists()
    return next(glob.iglob(path, root_dir=beside, recursive=True), None) is not None


# -- order -------------------------------------------------------------------------------------------------------------


def _order(draft: Draft) -> None:
    """Take out what would make a circle, and let numbered notebooks that nothing ties follow those before them."""
    before: dict[str, set[str]] = {}
    for node in draft.nodes:
        needs = set()
        for other in draft.nodes:
            if other is node or not (tied := _ties(draft, node, other)):
                continue
            if node.id in _all_before(other, draft, before):
                for path in tied:
                    _untie(node, path, other)
                continue
            needs.add(other.id)
        before[node.id] = needs
    if any(before.values()) and all(re.match(r"\d", posixpath.basename(node.path)) for node in draft.nodes):
        for previous, node in itertools.pairwise(draft.nodes):
            if not before[node.id] and not _reaches(previous.id, node.id, before):
                node.after = previous.id
                before[node.id].add(previous.id)


def _ties(draft: Draft, node: DraftedNode, other: DraftedNode) -> list[str]:
    """Return what of a node is another's: inputs, and parameters that it hands on."""
    paths = [path for path in node.inputs if any(_meet(draft, path, one) for one in other.outputs)]
    return paths + [name for name, value in node.parameters.items() if value.partition(".")[0] == other.id]


def _all_before(node: DraftedNode, draft: Draft, before: Mapping[str, set[str]]) -> set[str]:
    """Return all that a node comes after, as far as it is settled; of one that is not yet, what it reads."""
    found, waiting = set[str](), [node]
    nodes = {one.id: one for one in draft.nodes}
    while waiting:
        one = waiting.pop()
        needs = before.get(one.id)
        if needs is None:
            needs = {other.id for other in draft.nodes if other is not one and _ties(draft, one, other)}
        waiting += [nodes[name] for name in needs - found]
        found |= needs
    return found


def _reaches(start: str, end: str, before: Mapping[str, set[str]]) -> bool:
    seen, waiting = set[str](), [start]
    while waiting:
        one = waiting.pop()
        if one == end:
            return True
        waiting += [other for other in before.get(one, ()) if other not in seen]
        seen |= before.get(one, set())
    return False


def _untie(node: DraftedNode, what: str, other: DraftedNode) -> None:
    if what in node.inputs:
        node.notes.append(f"reads {what} ({node.inputs.pop(what)}), which {other.id} writes, and {other.id} needs it")
    else:
        node.notes.append(f"{what} keeps its default: {other.id} hands it on, and {other.id} needs {node.id}")
        del node.parameters[what]
