"""A member made ready: what it is given, what its result depends on, and whether all that it reads is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING

from victor_nb.journal import Redactor
from victor_nb.pipelines.caching.fingerprint import Fingerprint, inputs_now
from victor_nb.pipelines.caching.hashing import Hashes
from victor_nb.pipelines.inference.path_patterns import in_one_form, is_same
from victor_nb.pipelines.observing.observed import Seen
from victor_nb.pipelines.running.given import Given, files_of
from victor_nb.pipelines.running.matrix import Member
from victor_nb.pipelines.spec import AgentWork, ComputeWork, Node, NotebookWork, WorkflowWork
from victor_nb.workflows import NodeFailed

if TYPE_CHECKING:
    from victor_nb.pipelines.running.notebook_work import Prepared


@dataclass(frozen=True, slots=True)
class Work:
    """A member that is ready to be done.

    Attributes:
        fingerprint: all that its result depends on, as far as that is known before it runs.
        notebook: of a notebook, itself and its checked parameters.
    """

    node: Node
    member: Member
    given: Given
    fingerprint: Fingerprint
    notebook: Prepared | None

    @property
    def name(self) -> str:
        """What the work is called in words about it."""
        return self.node.work.path if isinstance(self.node.work, NotebookWork) else self.node.id


def prepared(
    node: Node,
    member: Member,
    given: Given,
    base: Path,
    redactor: Redactor,
    restored: Mapping[str, str] = MappingProxyType({}),
) -> Work:
    """Make a member ready.

    Args:
        base: what paths are relative to.
        restored: files that will be put back before it runs, with the hashes of their contents.

    Raises:
        VictorError: its notebook or function cannot be found, a parameter is wrong, or a file is not there.
    """
    notebook: Prepared | None = None
    if isinstance(node.work, NotebookWork):
        from victor_nb.pipelines.running.notebook_work import notebook_parts, ready

        notebook = ready(node, given, base)
        parts = notebook_parts(node, notebook, redactor)
    else:
        from victor_nb.pipelines.running.works import agent_parts, compute_parts, workflow_parts

        match node.work:
            case ComputeWork():
                parts = compute_parts(node.work, given, base, redactor)
            case AgentWork():
                parts = agent_parts(node.work, given, redactor)
            case WorkflowWork():
                parts = workflow_parts(node.work, given, base, redactor)
    files, missing = files_of(base, given.inputs)
    due = {path: Seen(digest) for path, digest in restored.items() if _is_named(path, given.inputs, base)}
    if missing := [pattern for pattern in missing if not any(_is_named(path, (pattern,), base) for path in due)]:
        raise NodeFailed(
            f"{member.id} reads {missing[0]}, and there is no such file",
            node.where or f"node {node.id!r}",
            "make it, or say which node writes it (outputs)",
        )
    inputs = inputs_now(files, Hashes.beside(base)) | due
    return Work(node, member, given, Fingerprint(parts, dict(sorted(inputs.items()))), notebook)


def _is_named(path: str, patterns: tuple[str, ...], base: Path) -> bool:
    whole = in_one_form(path, base)
    named = [in_one_form(pattern, base) for pattern in patterns]
    return any(is_same(whole, one) or PurePath(one) in PurePath(whole).parents for one in named)
