"""Errors that users can cause: what was wrong, where, and what to do next."""

from __future__ import annotations

import pickle

from victor_nb.errors import MissingExtra, Resumable, UsageError, VictorError, nearest


def test_an_error_says_what_where_and_what_to_do_in_that_order():
    """The text of an error is its three parts, and empty parts leave no trace."""
    whole = VictorError("the file is empty", where="data.csv", hint="choose another file")

    assert str(whole) == "the file is empty (data.csv)\n  → choose another file"
    assert str(VictorError("the file is empty")) == "the file is empty"


def test_an_error_survives_pickling():
    """An error raised in a kernel or a worker process arrives with all of its parts."""
    error = pickle.loads(pickle.dumps(Resumable("stopped", where="run 1", hint="resume it")))

    assert isinstance(error, Resumable)
    assert (error.what, error.where, error.hint) == ("stopped", "run 1", "resume it")


def test_a_missing_extra_names_the_command_that_installs_it():
    """Whoever lacks an optional library is told which words to type."""
    assert 'pip install "victor-nb[sql]"' in str(MissingExtra.named("sql", needed_for="SQL over DataFrames"))


def test_a_misspelt_word_is_answered_with_the_nearest_known_one():
    """A suggestion is made when one word is close, and none is invented when no word is."""
    assert nearest("resmue", ["resume", "replay"]) == " Did you mean 'resume'?"
    assert nearest("xyzzy", ["resume", "replay"]) == ""


def test_every_error_of_the_package_is_a_victor_error():
    """Catching VictorError catches everything that a user can cause."""
    assert issubclass(UsageError, VictorError)
    assert issubclass(Resumable, VictorError)
