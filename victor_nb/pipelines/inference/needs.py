"""What each node of a pipeline needs, from what is written: `after`, templates over other nodes, inputs and outputs.

1. A node that reads what another writes comes after it. Paths are compared as they are written, with templates filled
   as far as they are known; what is unknown stands for anything.
2. Where all nodes are notebooks, none says `after`, and nothing ties any two together, they run in the order in which
   they are written. What a node writes does not end that order; `after: []` in any node does.
3. Everything that is wrong is told at once. Nothing is opened, imported or run.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from victor_nb.pipelines.inference.checks import check_after, check_matrices, check_names, check_parameters, check_work
from victor_nb.pipelines.inference.declared_files import Tie, check_missing, check_writers, declared_files, ties
from victor_nb.pipelines.inference.findings import Findings, Locate
from victor_nb.pipelines.inference.templates import Reading, readings
from victor_nb.pipelines.spec import NotebookWork, PipelineSpec
from victor_nb.workflows.errors import Problem
from victor_nb.workflows.yaml_file.ordering import cycle

Needs = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the nodes of a pipeline need of each other, and what is wrong with it.

    Attributes:
        needs: by node, the nodes that have to be done before it, each with the reason in words.
        problems: all that were found; the pipeline can run where there are none.
    """

    needs: Mapping[str, Mapping[str, str]]
    problems: tuple[Problem, ...] = ()


def dependencies(
    spec: PipelineSpec, values: Mapping[str, object] | None = None, locate: Locate | None = None
) -> Dependencies:
    """Return what each node needs, and all that is wrong.

    Args:
        values: of parameters, for a run; where they are not given their defaults count.
        locate: tells where something is written; by default what nodes say of themselves.
    """
    findings = Findings(spec, locate)
    check_names(spec, findings)
    check_parameters(spec, findings)
    check_matrices(spec, findings)
    check_after(spec, findings)
    check_work(spec, findings)
    templates = readings(spec, findings)
    files = declared_files(spec, values or {})
    check_writers(spec, files, findings)
    check_missing(spec, files, findings)
    needs = _needs(spec, templates, ties(files), findings)
    _check_cycle(spec, needs, findings)
    return Dependencies(needs, findings.problems)


# -- who needs whom ----------------------------------------------------------------------------------------------------


def _needs(
    spec: PipelineSpec, templates: Sequence[Sequence[Reading]], tied: Iterable[Tie], findings: Findings
) -> Needs:
    ids = [node.id for node in spec.nodes]
    needs: Needs = {name: {} for name in ids}
    for number, node in enumerate(spec.nodes):
        for other in node.after or ():
            if other in needs and other != node.id:
                needs[node.id].setdefault(other, "after")
        for reading in templates[number]:
            for other in sorted(reading.template.names & needs.keys()):
                if other == node.id:
                    what = f"the node {node.id!r} reads its own value"
                    findings.note(number, reading.keys, what, "a node reads values of earlier nodes")
                else:
                    needs[node.id].setdefault(other, _expression_over(other, reading.template.source))
    for reader, writer, path in tied:
        needs[ids[reader]].setdefault(ids[writer], f"reads {path}")
    if not any(needs.values()) and _is_plain(spec):
        for earlier, later in itertools.pairwise(ids):
            if earlier != later:
                needs[later][earlier] = "is written before it"
    return needs


def _is_plain(spec: PipelineSpec) -> bool:
    return all(isinstance(node.work, NotebookWork) and node.after is None for node in spec.nodes)


def _expression_over(name: str, source: str) -> str:
    """Return the part of a template that reads a value: `{{ prepare.rows }}`."""
    match = re.search(rf"\b{re.escape(name)}\b(\.\w+|\[[^\]]*\])*", source)
    return f"{{{{ {match[0] if match else name} }}}}"


def _check_cycle(spec: PipelineSpec, needs: Needs, findings: Findings) -> None:
    circle = cycle({name: list(others) for name, others in needs.items()})
    if not circle:
        return
    ids = [node.id for node in spec.nodes]
    first = min(circle, key=ids.index)
    at = circle.index(first)
    turned = [*circle[at:-1], *circle[:at], first]
    reasons = [f"{one} needs {other} ({needs[one][other]})" for one, other in itertools.pairwise(turned)]
    what = f"nodes wait for each other: {' ← '.join(turned)}"
    findings.note(ids.index(first), (), what, "; ".join(reasons))
