"""Secrets never reach the file, wherever they stand; we look at its bytes."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import re
from urllib.parse import quote_plus

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb.journal import Effect, Redactor, Unstorable, current_step, open_journal
from victor_nb.journal.codec import Writer

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


@dataclasses.dataclass
class Given:
    key: str


def attributed(frame, **attributes):
    """The table with something noted on it."""
    frame.attrs.update(attributes)
    return frame


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
    "scalar": lambda s: {"result": np.str_(s)},
    "cell of a list": lambda s: {"result": pd.DataFrame({"x": [["a", {"k": s}], 1]})},
    "cell of bytes": lambda s: {"result": pd.DataFrame({"x": [b"a" + s.encode(), 1]})},
    "label of a level": lambda s: {"result": pd.DataFrame({"x": [1]}, index=pd.MultiIndex.from_tuples([("a", s)]))},
    "name of an axis": lambda s: {"result": pd.DataFrame({"x": [1]}).rename_axis(s).rename_axis(s, axis=1)},
    "attribute of a table": lambda s: {"result": attributed(pd.DataFrame({"x": [1]}), source=s)},
    "category of an index": lambda s: {"result": pd.Series([1], index=pd.CategoricalIndex([s]), name=s)},
    "field of a record": lambda s: {"result": Given(s)},
    "half a pair": lambda s: {"result": s + "\ud83d"},
    "json in json": lambda s: {"result": json.dumps({"a": json.dumps({"b": s})})},
    "python's repr": lambda s: {"result": repr([s])},
    "url": lambda s: {"result": f"https://example.org/?key={quote_plus(s)}"},
    "basic authentication": lambda s: {"result": base64.b64encode(f"user:{s}".encode()).decode()},
    "note": lambda s: {"note": {"model": s, s: 1}},
    "effect": lambda s: {"name": s, "effect": Effect.EFFECT},
    "bytes": lambda s: {"result": b"\x00\x01" + s.encode() + b"\x02"},
    "long": lambda s: {"result": s + "x" * 100_000},
    "inputs": lambda s: {"inputs": {"q": s}, "keep_inputs": True, "effect": Effect.READ},
    "name": lambda s: {"name": s},
    "error": lambda s: {"failure": ValueError(f"bad {s}")},
}


def written_with(tmp_path, secret, *, name="s", result=None, failure=None, note=None, redactor=None, **options):
    """The bytes of every file of a journal in which `secret` was given away in one place."""

    def body():
        if note is not None:
            current_step().note(**note)
        if failure is not None:
            raise failure
        return result

    url = f"sqlite:///{tmp_path}/victor.db"
    with open_journal(url, redactor or Redactor({"MY_KEY": secret})) as journal:
        run = journal.start(secret, secret, {"prompt": f"use {secret}", secret: [secret]})
        try:
            run.step_sync(name, body, **options)
        except ValueError as raised:
            run.fail(raised)
        journal.signal(run.id, secret, {"why": secret, secret: 1})
        run.record(secret, {"text": secret, secret: 1})
        written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    return written + b"".join(path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("place", PLACES)
def test_a_configured_secret_never_reaches_the_file(tmp_path, place):
    """Values of the settings are taken out of texts, tables, arrays, bytes, names and errors."""
    written = written_with(tmp_path, SECRET, **PLACES[place](SECRET))

    for form in (SECRET.encode(), b'hunter2\\"', b"hunter2", SECRET.encode("utf-16-le"), SECRET.encode("utf-32-le")):
        assert form not in written
    assert b"[redacted:MY_KEY]" in written


HARMLESS = {"when", "about", "what"}
alphabet = st.characters(codec="utf-8", exclude_categories=["Cs"])
secrets = st.one_of(
    st.text(alphabet, min_size=6, max_size=24),
    st.text("0123456789", min_size=6, max_size=12),
    st.text("abcdef0123456789", min_size=32, max_size=32),
    st.sampled_from(["result", "inputs", '","name":"', "\\\\\\\\\\\\", "traceback", "$tuple", "finished"]),
).filter(lambda secret: secret.strip() not in HARMLESS and len(secret.strip()) >= 6)


@settings(max_examples=60)
@given(secret=secrets, place=st.sampled_from(sorted(PLACES)))
def test_whatever_a_secret_is_made_of_events_stay_readable(secret, place):
    """Replacing never breaks an event: digits in numbers, quotes, our own words, half a private key."""
    with open_journal("memory:", Redactor({"K": secret})) as journal:
        run = journal.start("agent", "a", {"prompt": secret, "number": digits(secret)})
        options = {"name": "s", **PLACES[place](secret)}
        result, failure, note = (options.pop(name, None) for name in ("result", "failure", "note"))

        def body():
            if note:
                current_step().note(**note)
            if failure:
                raise failure
            return {"given": result, "number": digits(secret), "broken": "-----BEGIN PRIVATE KEY-----"}

        with contextlib.suppress(ValueError, Unstorable):
            run.step_sync(body=body, **options)
        run.finish(secret)
        events = journal.events(run.id)

        for event in events:
            assert isinstance(event.data, dict)
            texts = list(texts_in(event.data))
            assert not any(secret in text.replace("[redacted:K]", "") for text in texts), texts
            if event.type == "step.finished":
                journal.load(event.data["result"])
        assert journal.result(run.id) == "[redacted:K]"


def digits(secret):
    """The number that a secret of digits is."""
    return int(secret) if secret.isascii() and secret.isdigit() else 0


def texts_in(value):
    """Every text inside JSON values but names of ours."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("blob", "$json", "$object", "$table", "type", "traceback"):
                yield from texts_in(item)


def test_a_secret_of_digits_is_taken_out_of_numbers():
    """A number that is a secret becomes a text that says so, and the event stays JSON."""
    cleaned = Redactor({"PIN": "1234567"}).clean_json(b'{"a":1234567,"b":[0.1234567],"ms":1234567.5}')

    assert cleaned == b'{"a":"[redacted:PIN]","b":["0.[redacted:PIN]"],"ms":1234567.5}'


def test_a_secret_in_numbers_of_an_array_is_refused():
    """Bytes in a numeric array cannot be replaced without making it another array."""
    hidden = np.frombuffer(SECRET.encode(), np.uint8)

    with pytest.raises(Unstorable, match="holds a secret"):
        Writer(Redactor({"K": SECRET})).body({"result": [hidden]})


@pytest.mark.parametrize("service", KEYS)
def test_keys_of_known_services_never_reach_the_file(tmp_path, service):
    """What looks like a key is one, though nobody configured it."""
    key = KEYS[service]
    written = written_with(tmp_path, key, result={"key": key}, redactor=Redactor())

    assert key.encode() not in written
    assert b"[redacted:" in written


@settings(max_examples=200)
@given(
    texts=st.lists(st.one_of(st.text(), st.text("-_AJ. sk", max_size=8), st.sampled_from(sorted(KEYS.values())))),
    glue=st.sampled_from(["", " ", '"', "-", "\n", "x"]),
)
def test_keys_are_found_as_their_shapes_describe_them(texts, glue):
    """However the look for keys is made fast, it finds what looking for every shape finds."""
    text = glue.join(texts).encode()

    assert Redactor().clean(text) == slowly_cleaned(text)


SHAPES = {
    "private-key": rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:[^-]|-(?!----))*"
    rb"(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?",
    "anthropic": rb"\bsk-ant-[A-Za-z0-9_\-]{16,}",
    "openai": rb"\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_\-]{20,}",
    "github": rb"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "gitlab": rb"\bglpat-[A-Za-z0-9_\-]{20,}",
    "aws": rb"\bA[KS]IA[A-Z0-9]{16}\b",
    "google": rb"\bAIza[A-Za-z0-9_\-]{35}",
    "slack": rb"\bxox[abeoprs]-[A-Za-z0-9\-]{10,}",
    "huggingface": rb"\bhf_[A-Za-z0-9]{30,}",
    "stripe": rb"\b[rs]k_(?:live|test)_[A-Za-z0-9]{20,}",
    "groq": rb"\bgsk_[A-Za-z0-9]{40,}",
    "jwt": rb"\beyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}",
}


def slowly_cleaned(text):
    """What every shape, looked for one after another, leaves of a text."""
    for name, shape in SHAPES.items():
        text = re.sub(shape, f"[redacted:{name}]".encode(), text)
    return text


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
