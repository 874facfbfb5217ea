"""Which nodes a run is about."""

from __future__ import annotations

import pytest

from victor_nb.errors import UsageError
from victor_nb.pipelines.running.choosing import chosen

NEEDS = {"prepare": (), "train": ["prepare"], "plot": ["prepare"], "compare": ["train"]}


def choice(**asked: object):
    """Choose from prepare -> train -> compare, prepare -> plot."""
    return chosen(list(NEEDS), NEEDS, **asked)


def test_a_run_is_about_all_nodes():
    """Unless it is said otherwise; none is forced and none only taken."""
    found = choice()

    assert (found.run, found.taken, found.forced) == (frozenset(NEEDS), frozenset(), frozenset())


def test_only_takes_what_its_nodes_need_and_leaves_the_rest():
    """`plot` is left out, `prepare` only taken."""
    found = choice(only=["train"])

    assert (found.run, found.taken) == ({"train"}, {"prepare"})


def test_from_runs_a_node_anew_and_looks_at_all_after_it():
    """What comes after is run, or comes from the cache; what comes before is taken."""
    found = choice(from_="train")

    assert (found.run, found.taken, found.forced) == ({"train", "compare"}, {"prepare"}, {"train"})


def test_force_names_nodes_or_all():
    """True is all that run."""
    assert choice(force="plot").forced == {"plot"}
    assert choice(force=True, only="plot").forced == {"plot"}


def test_a_member_stands_for_its_node():
    """`train[model=ridge]` is a way to write `train`."""
    assert choice(only="train[model=ridge]").run == {"train"}


def test_a_node_that_is_not_there_is_refused_with_the_nearest():
    """The flag is named too."""
    with pytest.raises(UsageError, match=r"there is no node 'trian'. Did you mean 'train'\? \(--only\)"):
        choice(only="trian")
