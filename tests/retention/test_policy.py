"""Which runs a policy chooses; nothing here needs a journal."""

from __future__ import annotations

from typing import Any

from victor_nb.journal.rows import Head
from victor_nb.retention import Policy
from victor_nb.retention.policy import chosen


def head(number: int, *, status: str = "finished", kind: str = "agent", name: str = "poet", updated: float = 0) -> Head:
    """A run as the store tells of it."""
    return Head(number, f"run-{number}", kind, name, status, 0.0, updated, "", 0.0, 3)


def numbers(policy: Policy, heads: list[Head], **options: Any) -> list[int]:
    """The numbers of the chosen runs."""
    options = {"live": (), "protected": {}, "children": {}} | options
    return [one.number for one in chosen(policy, heads, **options).heads]


def test_finished_runs_go_and_those_that_can_go_on_stay():
    """Failed, stopped and interrupted ones are resumed by default, so they are kept unless asked for."""
    heads = [head(n, status=s) for n, s in enumerate(("finished", "failed", "stopped", "running"), start=1)]

    assert numbers(Policy(), heads) == [1]
    assert numbers(Policy(states=("failed", "stopped")), heads) == [2, 3]
    assert numbers(Policy(states=("interrupted",)), heads) == [4]


def test_a_run_that_somebody_executes_never_goes():
    """Not even one that is named."""
    heads = [head(1, status="running")]

    choice = chosen(Policy(runs=("run-1",)), heads, {1}, {}, {})

    assert (choice.heads, choice.stays) == ([], {"somebody executes them": 1})
    assert numbers(Policy(states=("interrupted",)), heads, live={1}) == []


def test_every_condition_has_to_be_met():
    """Age, kind and name; the longest unchanged come first."""
    heads = [head(1, updated=5), head(2, updated=3), head(3, updated=4, kind="workflow"), head(4, updated=9)]

    assert numbers(Policy(), heads) == [2, 3, 1, 4]
    assert numbers(Policy(before=5), heads) == [2, 3]
    assert numbers(Policy(before=5, kinds=("agent",)), heads) == [2]
    assert numbers(Policy(names=("nobody",)), heads) == []


def test_the_newest_of_each_kind_and_name_stay():
    """However old they are; runs that stay anyway count, too."""
    heads = [head(1), head(2), head(3), head(4, name="other"), head(5, status="failed")]

    assert numbers(Policy(keep=1), heads) == [1, 2, 3]
    assert numbers(Policy(keep=2), heads) == [1, 2]
    assert numbers(Policy(keep=9), heads) == []


def test_what_is_protected_stays_and_why_is_told():
    """Pinned runs, last runs of threads."""
    choice = chosen(Policy(), [head(1), head(2)], (), {"run-1": "they are pinned"}, {})

    assert [one.number for one in choice.heads] == [2]
    assert choice.stays == {"they are pinned": 1}


def test_a_line_of_runs_goes_from_its_end():
    """A run that another one is built on stays as long as that one does, over generations."""
    heads = [head(1), head(2), head(3, status="failed"), head(4)]
    children = {"run-1": ["run-2"], "run-2": ["run-3"], "run-4": []}

    assert numbers(Policy(), heads, children=children) == [4]
    assert chosen(Policy(), heads, (), {}, children).stays == {"others are built on them": 2}
    assert numbers(Policy(states=("finished", "failed")), heads, children=children) == [1, 2, 3, 4]


def test_named_runs_go_in_whatever_state():
    """Age and number kept do not matter then."""
    heads = [head(1, status="failed", updated=99), head(2)]

    assert numbers(Policy(runs=("run-1",), before=1, keep=5), heads) == [1]
