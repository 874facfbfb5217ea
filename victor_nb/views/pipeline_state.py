"""What is known of a pipeline's run: a graph of its nodes, and of each notebook the cell that it is at.

1. A member of a matrix is a node of its own: "train[model=ridge]".
2. What is said of a running cell depends on the time, which is given; `widgets/graph_view/notebooks.ts` says the same.
3. "Usual" is what the last runs took. Less than a fifth more, or less than half a second, is not worth a word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

from victor_nb.views.graph_state import GraphState, NodeState, tone_of, words_of
from victor_nb.views.wording import duration
from victor_nb.workflows.drawing import Mark
from victor_nb.workflows.shape import GraphShape

SLOWER: Final = 1.2
"""Times the usual: from here on something is slow."""
_LEAST_S: Final = 0.5

_STATES: Final = {"pending": "idle", "finished": "done", "stopped": "unfinished"}
"""What a status of a pipeline's node is called in a graph; the others have the same name."""


@dataclass(slots=True)
class Notebook:
    """What is known of the execution of a notebook.

    Attributes:
        file: its name, as people call it: "train.ipynb".
        output: the path of the executed notebook.
        position: the cell that is executed, from 1; of one that ended, the last that was.
        cells: how many there are that hold code; 0 where that is not known yet.
        code: the first line of that cell.
        began: when it began, in seconds since the Unix epoch; 0 while none is executed.
        usual_s: how long the notebook usually takes; 0 where nobody knows.
        usual_cell_s: how long this cell usually takes.
        usual_rest_s: how long the cells after it usually take together.
        slow: the cells that took longer than usual, in words.
        cpu_percent, memory_bytes: of the kernel and its children, last seen; None before.
        text: the end of what the cell has printed.
    """

    file: str = ""
    output: str = ""
    position: int = 0
    cells: int = 0
    code: str = ""
    began: float = 0.0
    usual_s: float = 0.0
    usual_cell_s: float = 0.0
    usual_rest_s: float = 0.0
    slow: list[str] = field(default_factory=list)
    cpu_percent: float | None = None
    memory_bytes: int | None = None
    text: str = ""


@dataclass(slots=True)
class MemberState(NodeState):
    """How a member of a node fares.

    Attributes:
        node: the node that it is a member of.
        kind: notebook, compute, agent or workflow.
        why: why it ran, which entry of the cache it came from, or why it was skipped.
        matrix: its values.
        notebook: None where it is none.
    """

    node: str = ""
    kind: str = ""
    why: str = ""
    matrix: dict[str, Any] = field(default_factory=dict)
    notebook: Notebook | None = None


@dataclass(slots=True)
class PipelineState(GraphState):
    """What is known of a pipeline's run after some of its events.

    Attributes:
        plain: the graph of the nodes; `shape` is the graph of their members.
        parameters: of the pipeline.
        needs: by node, the nodes that it needs.
        workers: how many nodes may run at once.
        members: by node, the ids of its members.
        usual: as `pipeline.usual` tells it.
        inside: by step inside of a member, such as a workflow that it is, the member.
    """

    plain: GraphShape | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)
    workers: int = 1
    members: dict[str, list[str]] = field(default_factory=dict)
    usual: dict[str, Any] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)

    @property
    def all_members(self) -> list[MemberState]:
        """Every member, in the order of the pipeline."""
        found = (self.nodes.get(member) for ids in self.members.values() for member in ids)
        return [member for member in found if isinstance(member, MemberState)]


def state_of(status: str) -> str:
    """The word for a status that a graph uses."""
    return _STATES.get(status, status)


def member_words(member: MemberState, now: float = 0.0) -> str:
    """How a member fares, in a few words; while it runs, with the cell and how long it has still to go.

    Args:
        now: in seconds since the Unix epoch; 0 says nothing that depends on it.
    """
    notebook = member.notebook
    if member.state != "running" or notebook is None or not notebook.position:
        return words_of(member)
    place = f"cell {notebook.position} of {notebook.cells}"
    left = left_s(member, now)
    return f"{place} · {rough(left)} left" if left else place


def rough(seconds: float) -> str:
    """Write a time that is only guessed: "8 s", "3 min 05 s"."""
    return f"{ceil(seconds)} s" if seconds <= 59 else duration(seconds)


def left_s(member: MemberState, now: float) -> float:
    """How many seconds a running member has still to go, by what is usual; 0.0 where nobody knows, or it is overdue."""
    notebook = member.notebook
    if member.state != "running" or notebook is None or not now:
        return 0.0
    if notebook.usual_cell_s and notebook.began:
        return max(0.0, notebook.usual_cell_s - (now - notebook.began)) + notebook.usual_rest_s
    return max(0.0, notebook.usual_s - (now - member.began)) if notebook.usual_s else 0.0


def slow_words(member: MemberState, now: float) -> str:
    """ "43 % slower than usual: cell 7 of train.ipynb", while the cell is executed; else "" ."""
    notebook = member.notebook
    if member.state != "running" or notebook is None or not notebook.began:
        return ""
    return slower(notebook.file, notebook.position, now - notebook.began, notebook.usual_cell_s)


def slower(file: str, position: int, took_s: float, usual_s: float) -> str:
    """Say how much longer than usual a cell took; "" if it did not, or nobody knows."""
    if not usual_s or took_s < usual_s * SLOWER or took_s - usual_s < _LEAST_S:
        return ""
    return f"{round((took_s / usual_s - 1) * 100)} % slower than usual: cell {position} of {file}"


def pipeline_marks(known: PipelineState, now: float = 0.0) -> dict[str, Mark]:
    """What a drawing says of all members."""
    tones = {member.path: (member, tone_of(member)) for member in known.all_members}
    return {path: Mark(tone, member_words(member, now)) for path, (member, tone) in tones.items() if tone}


def memory(size: int | None) -> str:
    """Write a number of bytes as people read it."""
    if size is None:
        return ""
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"


def used(notebook: Notebook | None) -> str:
    """CPU and memory of a kernel that works, last seen; "" before."""
    if notebook is None or notebook.memory_bytes is None or notebook.cpu_percent is None:
        return ""
    return f"CPU {notebook.cpu_percent:.0f} % · {memory(notebook.memory_bytes)}"
