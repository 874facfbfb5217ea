"""The files that nodes say they read and write: who reads what another writes, and what does not go together."""

from __future__ import annotations

import glob
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from victor_nb.pipelines.inference.findings import Findings, Keys
from victor_nb.pipelines.inference.path_patterns import ANY_PARTS, PathIndex, in_one_form, is_glob, is_remote, is_same
from victor_nb.pipelines.inference.templates import as_patterns, known_values, members
from victor_nb.pipelines.spec import Node, PipelineSpec
from victor_nb.workflows.yaml_file.mistakes import near

Tie = tuple[int, int, str]
"""The number of a node that reads, of one that writes, and the path."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A path that a member of a node reads or writes.

    Attributes:
        path: in the form in which paths are compared; `*` also for what is not known before the run.
        keys: where in the node it is written.
        member: the member's values in words; empty without a matrix.
        is_known: whether it has nothing unknown in it.
    """

    path: str
    keys: Keys
    member: str
    is_known: bool


@dataclass(slots=True)
class DeclaredFiles:
    """What one node says it reads and writes."""

    reads: list[Pattern] = field(default_factory=list)
    writes: list[Pattern] = field(default_factory=list)


def declared_files(spec: PipelineSpec, values: Mapping[str, object]) -> list[DeclaredFiles]:
    """Return what each node reads and writes; `values` are those of parameters, where they differ from defaults."""
    known = known_values(spec, values)
    return [_of_node(spec, node, known) for node in spec.nodes]


def _of_node(spec: PipelineSpec, node: Node, known: Mapping[str, object]) -> DeclaredFiles:
    found = DeclaredFiles()
    for chosen in members(node):
        scope = {**known, **chosen}
        member = ", ".join(f"{name}={value}" for name, value in chosen.items())
        for index, text in enumerate(node.inputs):
            found.reads += _patterns(spec, text, scope, ("inputs", index), member)
        for index, text in enumerate(node.outputs):
            found.writes += _patterns(spec, text, scope, ("outputs", index), member)
    return found


def _patterns(spec: PipelineSpec, text: str, scope: Mapping[str, object], keys: Keys, member: str) -> Iterator[Pattern]:
    for written in as_patterns(text, scope):
        # A path of which nothing is known would tie all nodes together; those that it is made of are needed anyway.
        if written != ANY_PARTS or text == ANY_PARTS:
            is_known = written == text or "*" not in written
            yield Pattern(in_one_form(written, spec.folder), keys, member, is_known)


def ties(files: Sequence[DeclaredFiles]) -> Iterator[Tie]:
    """Yield reader, writer and path wherever a node reads what another writes."""
    written = _index(files)
    for reader, one in enumerate(files):
        for path in dict.fromkeys(pattern.path for pattern in one.reads):
            for writer, _ in written.meeting(path):
                if writer != reader:
                    yield reader, writer, path


def _index(files: Iterable[DeclaredFiles]) -> PathIndex[int]:
    index = PathIndex[int]()
    for number, one in enumerate(files):
        for path in dict.fromkeys(pattern.path for pattern in one.writes):
            index.add(path, number)
    return index


def check_writers(spec: PipelineSpec, files: Sequence[DeclaredFiles], findings: Findings) -> None:
    """Note two nodes, or two members of one, that write one file: the second would destroy what the first kept."""
    earlier = PathIndex[tuple[int, Pattern]]()
    for number, one in enumerate(files):
        for pattern in one.writes:
            if not pattern.is_known:
                continue
            for (other, theirs), path in earlier.meeting(pattern.path):
                if other != number and is_same(path, pattern.path):
                    what = f"nodes {spec.nodes[other].id!r} and {spec.nodes[number].id!r} both write {pattern.path!r}"
                    findings.note(number, pattern.keys, what, "let each write a file of its own")
                    break
                if path == pattern.path and not is_glob(path) and theirs.member != pattern.member:
                    _note_members(spec.nodes[number], number, theirs, pattern, findings)
                    break
            earlier.add(pattern.path, (number, pattern))


def _note_members(node: Node, number: int, one: Pattern, other: Pattern, findings: Findings) -> None:
    what = f"{node.id}[{one.member}] and {node.id}[{other.member}] both write {other.path!r}"
    axes = " ".join(f"{{{{ {name} }}}}" for name in node.matrix)
    findings.note(number, other.keys, what, f"name the file by the matrix: {axes}")


def check_missing(spec: PipelineSpec, files: Sequence[DeclaredFiles], findings: Findings) -> None:
    """Note inputs that are not there and that no other node writes."""
    written = _index(files)
    outputs = [pattern.path for one in files for pattern in one.writes]
    listings: dict[str, list[str]] = {}
    for number, one in enumerate(files):
        if spec.nodes[number].when is not None:
            continue  # what is read under a condition only need not be there
        for pattern in one.reads:
            path = pattern.path
            if not pattern.is_known or is_remote(path) or _exists(spec, path):
                continue
            if all(writer == number for writer, _ in written.meeting(path)):
                what = f"node {spec.nodes[number].id!r} reads {path!r}, which is not there, and no node writes it."
                what += near(path, [*outputs, *_beside(spec, path, listings)])
                findings.note(number, pattern.keys, what, "if a node writes it, say so in that node's `outputs`")


def _exists(spec: PipelineSpec, path: str) -> bool:
    if not is_glob(path):
        return (spec.folder / path).exists()
    return next(glob.iglob(path, root_dir=spec.folder, recursive=True, include_hidden=True), None) is not None


def _beside(spec: PipelineSpec, path: str, listings: dict[str, list[str]]) -> list[str]:
    folder = posixpath.dirname(path)
    if folder not in listings:
        listings[folder] = [posixpath.join(folder, one.name) for one in (spec.folder / folder).glob("*")]
    return listings[folder]
