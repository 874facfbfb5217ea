"""Paths and globs that are compared without looking at any file."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.pipelines.inference.path_patterns import PathIndex, in_one_form, is_same, meet


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("data/clean.csv", "data/clean.csv"),
        ("data/*.csv", "data/clean.csv"),
        ("data/*.csv", "data/c*"),
        ("data/*", "*/clean.csv"),
        ("**/clean.csv", "clean.csv"),
        ("data/**/clean.csv", "data/a/b/clean.csv"),
        ("part-?.csv", "part-[0-9].csv"),
        ("part-[0-9].csv", "part-7.csv"),
        ("models", "models/ridge.pkl"),
        ("models/*/final", "models/ridge/final/weights.bin"),
        ("a*b*c", "axxbxxc"),
    ],
)
def test_patterns_that_may_stand_for_one_path_meet(one: str, other: str) -> None:
    """Two patterns meet, whichever comes first, where some path fits both or lies below what fits the other."""
    assert meet(one, other)
    assert meet(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("data/clean.csv", "data/clean.csv.gz"),
        ("data/*.csv", "data/clean.png"),
        ("data/*.csv", "data/old/clean.csv"),
        ("part-[0-9].csv", "part-x.csv"),
        ("models", "models2/ridge.pkl"),
        ("*.csv", "*.png"),
        ("a*b", "b*a"),
    ],
)
def test_patterns_that_share_no_path_do_not_meet(one: str, other: str) -> None:
    """Two patterns do not meet where no path fits both."""
    assert not meet(one, other)
    assert not meet(other, one)


@given(st.text("ab*?", min_size=1, max_size=6), st.text("ab", min_size=1, max_size=6))
def test_a_pattern_meets_a_name_exactly_if_it_matches_it(pattern: str, name: str) -> None:
    """For a single name, meeting is what `fnmatch` calls matching."""
    wanted = fnmatchcase(name, pattern) if pattern != "**" else True
    assert meet(pattern, name) == wanted


@given(st.lists(st.text("ab/*", min_size=1, max_size=5), max_size=6), st.text("ab/*", min_size=1, max_size=5))
def test_an_index_answers_what_comparing_each_with_each_would(paths: list[str], path: str) -> None:
    """The index leaves out nothing and adds nothing."""
    index = PathIndex[int]()
    here = Path()
    known = [in_one_form(one, here) for one in paths]
    wanted = in_one_form(path, here)
    for number, one in enumerate(known):
        index.add(one, number)

    assert sorted(index.meeting(wanted)) == sorted((n, one) for n, one in enumerate(known) if meet(one, wanted))


def test_only_what_is_surely_one_path_is_the_same() -> None:
    """Two globs that might have a path in common are not the same; a path that fits a glob is."""
    assert is_same("data/*.csv", "data/clean.csv")
    assert is_same("data/*.csv", "data/*.csv")
    assert not is_same("data/*.csv", "data/c*")
    assert not is_same("out", "out/report.html")


def test_paths_are_brought_to_one_form(tmp_path: Path) -> None:
    """A path below the folder is the same whether it is written whole or not; addresses are left alone."""
    assert in_one_form("./data//clean.csv", tmp_path) == "data/clean.csv"
    assert in_one_form(str(tmp_path / "data" / "clean.csv"), tmp_path) == "data/clean.csv"
    assert in_one_form("/elsewhere/../data.csv", tmp_path) == "/data.csv"
    assert in_one_form("s3://bucket//data.csv", tmp_path) == "s3://bucket//data.csv"
