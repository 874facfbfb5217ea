"""Long values of a state are written once, and again exactly when they changed."""

from __future__ import annotations

import json
from typing import Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb import END, START, Workflow
from victor_nb.journal import Redactor, open_journal
from victor_nb.journal.codec import Reader, Writer
from victor_nb.workflows.snapshots import SNAPSHOT
from victor_nb.workflows.stored import Stored

KEY = "sk-ant-" + "a1B2" * 10
TEXTS = {
    "empty": "",
    "short": "short",
    "nearly long": "x" * 40_000,
    "wide": "é" * 70_000,
    "escaped": '"' * 70_000,
    "long": "y" * 100_000,
    "secret": f"{KEY} {'z' * 70_000}",
}
texts = st.sampled_from(sorted(TEXTS))
values = st.one_of(texts, st.lists(texts, max_size=2), st.binary(max_size=5), st.sets(st.integers(), max_size=2))


class Document(TypedDict, total=False):
    text: str
    pages: list[Any]
    n: int


def written(stored, state, blobs):
    """The state as it is read again from what was written of it; its blobs are added to `blobs`."""
    writer = Writer(stored.redactor)
    raw = bytes(stored.state(state, writer))
    blobs |= writer.blobs
    return Reader(blobs.__getitem__).value(raw)


def meant(drawn, texts):
    """The value that is meant by one that was drawn: texts are drawn by their names, so that examples stay short."""
    if isinstance(drawn, list):
        return [texts[name] for name in drawn]
    return texts[drawn] if isinstance(drawn, str) else drawn


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "$c", "ms"]), values, max_size=3), max_size=4))
def test_whatever_was_written_before_a_state_is_written_whole(drawn):
    """Knowing what was written saves work, and changes nothing but that secrets are gone."""
    stored, blobs = Stored(Redactor()), {}
    harmless = {name: text.replace(KEY, "[redacted:anthropic]") for name, text in TEXTS.items()}

    for state in drawn:
        given_state = {key: meant(value, TEXTS) for key, value in state.items()}
        expected = {key: meant(value, harmless) for key, value in state.items()}
        assert written(stored, given_state, blobs) == expected


@pytest.mark.parametrize("text", ["x" * 100_000, "é" * 70_000, ["x" * 100_000]])
def test_a_long_value_is_written_once(text):
    """The second time, only what stands for it."""
    stored, again = Stored(Redactor()), Writer()
    written(stored, {"text": text}, {})

    raw = bytes(stored.state({"text": text}, again))

    assert len(raw) < 100
    assert again.blobs == {}


def test_what_was_changed_in_place_is_written_again():
    """The same list is not the same value."""
    stored, blobs, pages = Stored(Redactor()), {}, ["x" * 100_000]
    assert written(stored, {"pages": pages}, blobs) == {"pages": pages}

    pages[0] = "y" * 100_000

    assert written(stored, {"pages": pages}, blobs) == {"pages": ["y" * 100_000]}


def test_a_secret_in_a_long_value_is_written_nowhere():
    """Neither the first time nor the second."""
    stored, blobs, text = Stored(Redactor()), {}, f"{KEY} {'x' * 100_000}"

    for _ in range(2):
        assert written(stored, {"text": text}, blobs)["text"].startswith("[redacted:anthropic]")
    assert KEY not in str(blobs)


def test_a_long_text_that_no_node_touches_lies_in_the_journal_once(tmp_path):
    """Input, snapshots and result refer to the one blob, and a resumed run finds it."""

    def grow(state):
        return {"n": state["n"] + 1, "pages": [str(state["n"]) * 100_000]}

    workflow = Workflow(Document)
    workflow.add_node("grow", grow, metadata={"checkpoint": True}).add_edge(START, "grow")
    workflow.add_conditional_edges("grow", lambda state: "grow" if state["n"] < 3 else END, ["grow", END])
    with open_journal(f"sqlite:///{tmp_path}/victor.db") as journal:
        result = workflow.run_sync({"text": "x" * 1_000_000, "n": 0}, journal=journal)
        snapshots = journal.events(result.run_id, types=[SNAPSHOT])
        bodies = [*(event.data["state"] for event in snapshots), journal.request(journal.find("last"))["input"]]
        bodies.append(journal.events(result.run_id, types=["run.finished"])[0].data["result"])

        assert len(snapshots) == 3
        assert len({json.dumps(body["text"]) for body in bodies}) == 1
        assert journal.result(result.run_id)["text"] == "x" * 1_000_000
        assert [journal.load(event.data["state"])["pages"][0][0] for event in snapshots] == ["0", "1", "2"]
