"""Secrets never reach the file, wherever they stand; we look at its bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb.journal import Effect, Redactor, open_journal

SECRET = 'hunter2"\\secret/ü+='
RANDOM = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"
KEYS = {  # put together here, so that no scanner takes this file for a leak
    "anthropic": f"sk-ant-{RANDOM}",
    "openai": f"sk-proj-{RANDOM}",
    "github": f"ghp_{RANDOM}",
    "gitlab": f"glpat-{RANDOM[:20]}",
    "aws": "AKIA" + RANDOM[:16].upper(),
    "google": "AIza" + RANDOM[:35],
    "slack": "xoxb-" + RANDOM[:20],
    "huggingface": f"hf_{RANDOM}",
    "stripe": f"sk_live_{RANDOM[:24]}",
    "groq": f"gsk_{RANDOM}{RANDOM}",
    "jwt": f"eyJ{RANDOM}.eyJ{RANDOM}.{RANDOM}",
    "private key": f"-----BEGIN PRIVATE KEY-----{RANDOM}-----END PRIVATE KEY-----",
}
PLACES = {
    "result": lambda s: {"result": s},
    "key": lambda s: {"result": {s: 1}},
    "nested": lambda s: {"result": [({"a": [f"before {s} after"]},)]},
    "cell": lambda s: {"result": pd.DataFrame({"x": ["ok", s], "n": [1, 2]})},
    "column": lambda s: {"result": pd.DataFrame({s: [1]})},
    "index": lambda s: {"result": pd.DataFrame({"x": [1]}, index=[s])},
    "category": lambda s: {"result": pd.DataFrame({"x": pd.Categorical([s, "b"])})},
    "series": lambda s: {"result": pd.Series([s, "b"], name="t")},
    "array": lambda s: {"result": np.array([s, "b"])},
    "bytes": lambda s: {"result": b"\x00\x01" + s.encode() + b"\x02"},
    "long": lambda s: {"result": s + "x" * 100_000},
    "inputs": lambda s: {"inputs": {"q": s}, "keep_inputs": True, "effect": Effect.READ},
    "name": lambda s: {"name": s},
    "error": lambda s: {"failure": ValueError(f"bad {s}")},
}


def written_with(tmp_path, secret, *, name="s", result=None, failure=None, redactor=None, **options):
    """The bytes of every file of a journal in which `secret` was given away in one place."""

    def body():
        if failure is not None:
            raise failure
        return result

    url = f"sqlite:///{tmp_path}/victor.db"
    with open_journal(url, redactor or Redactor({"MY_KEY": secret})) as journal:
        run = journal.start("agent", secret, {"prompt": f"use {secret}"})
        try:
            run.step_sync(name, body, **options)
        except ValueError as raised:
            run.fail(raised)
        journal.signal(run.id, "approve", {"why": secret})
        run.record("note", {"text": secret})
        written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    return written + b"".join(path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("place", PLACES)
def test_a_configured_secret_never_reaches_the_file(tmp_path, place):
    """Values of the settings are taken out of texts, tables, arrays, bytes, names and errors."""
    written = written_with(tmp_path, SECRET, **PLACES[place](SECRET))

    for form in (SECRET.encode(), b'hunter2\\"', b"hunter2", SECRET.encode("utf-16-le"), SECRET.encode("utf-32-le")):
        assert form not in written
    assert b"[redacted:MY_KEY]" in written


@pytest.mark.parametrize("service", KEYS)
def test_keys_of_known_services_never_reach_the_file(tmp_path, service):
    """What looks like a key is one, though nobody configured it."""
    key = KEYS[service]
    written = written_with(tmp_path, key, result={"key": key}, redactor=Redactor())

    assert key.encode() not in written
    assert b"[redacted:" in written


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=8, max_size=30))
def test_any_secret_is_taken_out_of_text(secret):
    """Whatever a secret is made of, cleaned text does not hold it."""
    cleaned = Redactor({"K": secret}).clean_text(f"a {secret} b")

    assert secret not in cleaned.replace("[redacted:K]", "")


def test_ordinary_text_is_left_alone():
    """Cleaning what holds no secret returns the very same object."""
    text = b'{"result":"risk-free task-based high-level ghost eye"}'

    assert Redactor({"K": "something else"}).clean(text) is text


def test_a_secret_that_is_too_short_is_refused():
    """It would blot out ordinary words."""
    with pytest.raises(ValueError, match="shorter than"):
        Redactor({"K": "abc"})


def test_an_unset_secret_is_no_secret():
    """An empty variable redacts nothing."""
    assert Redactor({"K": ""}).clean(b"text") == b"text"
