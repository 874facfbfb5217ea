"""Tools of other makers: the model gets a bounded text of what they return, the journal everything."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai.capabilities import Toolset as ToolsetCapability
from pydantic_ai.messages import BinaryContent, ToolReturn
from pydantic_ai.toolsets import FunctionToolset

from tests.agents.scripts import Never, Script, told_by_tools
from victor_nb.agents import Agent
from victor_nb.agents.bounding import bounded
from victor_nb.journal import Journal
from victor_nb.tools.values import MODEL_TEXT_LIMIT_CHARS

PICTURE = BinaryContent(b"\x89PNG", media_type="image/png")


def told(journal: Journal, value: Any) -> tuple[str, Any]:
    """What the model was told of a foreign tool's value, and what the journal keeps of it."""
    foreign = FunctionToolset[None](id="foreign")

    @foreign.tool_plain
    def look() -> Any:
        """Look."""
        return value

    script = Script([("look", {})], "done")
    coordinators = [ToolsetCapability(foreign)]
    asyncio.run(Agent("a", script.model(), coordinators=coordinators).run("look", journal=journal))
    again = asyncio.run(
        Agent("a", Never.model(), coordinators=coordinators).run("look", journal=journal, replay="strict")
    )
    assert again.text == "done"
    (kept,) = [
        event.data["result"]
        for event in journal.events(journal.find("last").run_id, types=("step.finished",))
        if event.data.get("kind") == "tool"
    ]
    return told_by_tools(script)[0], journal.load(kept)


def test_a_long_text_is_cut_for_the_model_and_whole_in_the_journal(journal: Journal) -> None:
    """The same limit as for our own tools; the gap says how much is missing, and a replay asks the same."""
    text = "start " + "x" * 100_000 + " end"

    seen, kept = told(journal, text)

    assert len(seen) == MODEL_TEXT_LIMIT_CHARS
    assert seen.startswith("start x")
    assert seen.endswith("x end")
    assert "of 100,010 characters left out" in seen
    assert text in str(kept)


def test_a_long_list_is_cut_by_its_items(journal: Journal) -> None:
    """The first rows of a result say more than the first characters of its JSON."""
    seen, kept = told(journal, [{"row": row, "text": "y" * 50} for row in range(2_000)])

    assert len(seen) <= MODEL_TEXT_LIMIT_CHARS
    assert '"row": 0' in seen
    assert "1999" in str(kept)


class Point(BaseModel):
    x: int
    y: int


@pytest.mark.parametrize("value", ["short", 7, None, {"a": [1, 2]}, [1, "b"], Point(x=1, y=2), PICTURE])
def test_what_is_short_enough_passes_as_it_is(value: Any) -> None:
    """In its own form: the framework writes it for the model as it always does."""
    assert bounded(value) is value


def test_a_long_object_of_a_class_becomes_text() -> None:
    """Whatever can be written as JSON."""

    class Page(BaseModel):
        body: str

    assert len(bounded(Page(body="z" * 50_000))) <= MODEL_TEXT_LIMIT_CHARS


def test_files_pass_whole_and_the_texts_beside_them_are_cut() -> None:
    """A picture cannot be cut in the middle."""
    value = bounded([PICTURE, "w" * 50_000, {"more": PICTURE, "text": "v" * 50_000, "n": 3}])

    assert value[0] is PICTURE
    assert value[2]["more"] is PICTURE
    assert (len(value[1]), len(value[2]["text"]), value[2]["n"]) == (MODEL_TEXT_LIMIT_CHARS, MODEL_TEXT_LIMIT_CHARS, 3)


def test_a_result_with_content_of_its_own_is_cut_in_both() -> None:
    """Metadata is not sent to a model, and stays."""
    given = ToolReturn("r" * 50_000, content=["c" * 50_000, PICTURE], metadata={"rows": "m" * 50_000})

    value = bounded(given)

    assert len(value.return_value) == MODEL_TEXT_LIMIT_CHARS
    assert len(value.content[0]) == MODEL_TEXT_LIMIT_CHARS
    assert value.content[1] is PICTURE
    assert value.metadata is given.metadata
    assert len(given.return_value) == 50_000
