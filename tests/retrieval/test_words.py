"""Terms of texts: what both cores make of identifiers, prose and every script."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb.retrieval.core import twin

SAME = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("parseHTTPResponse2", ["parsehttpresponse2", "pars", "http", "respons", "2"]),
        ("read_csv", ["readcsv", "read", "csv"]),
        ("pandas.DataFrame", ["panda", "dataframe", "data", "frame"]),
        ("__init__", ["init"]),
        ("running runs", ["run", "run"]),
        ("ÉCOLE École", ["école", "école"]),
        ("東京都", ["東京", "京都"]),
        ("get東", ["get", "東"]),
        ("a🎉b — c", ["a", "b", "c"]),
        ("", []),
        (" \u2028…\n", []),
        ("lone \ud800surrogate", ["lone", "surrog"]),
    ],
)
def test_terms_of_a_text(core, text, expected):
    """Identifiers give themselves and their parts, parts are stemmed, other scripts give pairs."""
    assert core.terms(text) == expected


def test_a_very_long_word_is_one_term_of_its_beginning(core):
    """A hash or an encoded file in a text does not fill the index."""
    assert core.terms("Ab1" * 100) == [("ab1" * 100)[:64]]


@SAME
@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_both_cores_see_the_same_terms_in_any_text(compiled, text):
    """Unicode of every plane, lone surrogates included."""
    assert compiled.terms(text) == twin.terms(text)


@SAME
@given(st.text(alphabet="aAbBzZ09_.éÉß東한 ", max_size=40))
def test_both_cores_split_the_same_identifiers(compiled, text):
    """Where case, digits, underscores and scripts change, both split in the same places."""
    assert compiled.terms(text) == twin.terms(text)


@SAME
@given(st.text(alphabet="aeioustylnrgdb", min_size=3, max_size=14))
def test_both_cores_stem_alike(compiled, text):
    """The two implementations of the English stemmer agree."""
    assert compiled.terms(text) == twin.terms(text)
