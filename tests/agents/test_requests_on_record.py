"""Requests on record: linear in size, equal in every execution, and the exact text can be shown."""

from __future__ import annotations

import asyncio

import pytest
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from tests.agents.scripts import Script
from victor_nb.agents import Agent
from victor_nb.agents.asked import Asked, plain_parts, settings_of, tools_of
from victor_nb.agents.prompts import sent_messages
from victor_nb.tools import tool

NONE = ModelRequestParameters()


@tool(effect="pure")
def double(x: int) -> int:
    """Double a number."""
    return 2 * x


def conversation() -> list:
    return [
        ModelRequest(parts=[SystemPromptPart("be kind"), UserPromptPart("hello")], instructions="be brief"),
        ModelResponse(parts=[ThinkingPart("hm"), ToolCallPart("double", {"x": 1}, tool_call_id="c")]),
        ModelRequest(parts=[ToolReturnPart("double", "2", tool_call_id="c")], instructions="be brief"),
    ]


def test_the_same_request_is_written_the_same_way_at_another_time():
    """Times, run ids and random ids of the framework leave no trace."""
    one, two = Asked(), Asked()
    later = conversation()
    later[0].run_id, later[1].run_id = "another", "another"

    assert one.inputs("m", conversation(), None, NONE) == two.inputs("m", later, None, NONE)


@pytest.mark.filterwarnings("ignore:.RetryPromptPart. is deprecated")
def test_feedback_has_no_random_id():
    """The framework invents a call id for feedback that answers no call."""
    with_id = [RetryPromptPart("not JSON", tool_call_id=name) for name in ("a", "b")]

    assert plain_parts(ModelRequest(parts=[with_id[0]])) == plain_parts(ModelRequest(parts=[with_id[1]]))
    assert plain_parts(ModelRequest(parts=[RetryPromptPart("no", tool_name="t", tool_call_id="c")])) == [
        {"result": {"t": "no"}, "call_id": "c"}
    ]


def test_a_request_is_the_difference_to_the_one_before():
    """New parts in full, everything earlier as one hash."""
    asked, messages = Asked(), conversation()
    first, _ = asked.inputs("m", messages[:1], None, NONE)
    second, _ = asked.inputs("m", messages, None, NONE)

    assert first["messages"] == [{"system": "be kind"}, {"prompt": "hello"}]
    assert first["history"] == ""
    assert second["messages"] == [{"result": {"double": "2"}, "call_id": "c"}]
    assert second["history"]
    assert second["instructions"] == "be brief"


def test_a_rewritten_history_is_written_in_full():
    """A coordinator that compacts earlier messages must not make the record lie."""
    asked, messages = Asked(), conversation()
    asked.inputs("m", messages[:1], None, NONE)
    messages[0] = ModelRequest(parts=[UserPromptPart("in short: hello")])

    inputs, _ = asked.inputs("m", messages, None, NONE)

    assert inputs["history"] == ""
    assert inputs["messages"][0] == {"prompt": "in short: hello"}
    assert len(inputs["messages"]) == 4


def test_another_answer_in_the_past_is_another_history():
    """The hash covers what the model said."""
    hashes = set()
    for answer in ("yes", "no"):
        asked = Asked()
        start = ModelRequest(parts=[UserPromptPart("well?")])
        asked.inputs("m", [start], None, NONE)
        whole = [start, ModelResponse(parts=[TextPart(answer)]), ModelRequest(parts=[UserPromptPart("sure?")])]
        hashes.add(asked.inputs("m", whole, None, NONE)[0]["history"])
    assert len(hashes) == 2


def test_settings_without_secrets_and_time_outs():
    """Only what can change an answer is kept."""
    assert settings_of({"temperature": 0.1, "timeout": 3, "extra_headers": {"key": "secret"}}) == {"temperature": 0.1}
    assert settings_of(None) == {}


def test_tools_are_named_by_what_the_model_is_told():
    """A new description is another digest; the framework's own fields are not."""

    def parameters(description: str, metadata: dict | None = None) -> ModelRequestParameters:
        return ModelRequestParameters(
            function_tools=[ToolDefinition(name="t", description=description, metadata=metadata)],
            output_tools=[ToolDefinition(name="final_result")],
        )

    def told(shown: ModelRequestParameters) -> str:
        return Asked().inputs("m", conversation(), None, shown)[0]["tools"]

    assert told(parameters("a")) == told(parameters("a", {"x": 1}))
    assert told(parameters("a")) != told(parameters("b"))
    assert tools_of(parameters("a"))["output_tools"][0]["name"] == "final_result"


def test_storage_grows_with_the_run_and_not_with_its_square(journal):
    """Twice as many turns take about twice the room."""

    def room(turns: int) -> int:
        script = Script(*[[("double", {"x": turn})] for turn in range(turns)], "done")
        result = asyncio.run(Agent("a", script.model(), [double]).run("go", journal=journal))
        return sum(len(event.raw) for event in journal.events(result.run_id))

    ten, twenty, forty = room(10), room(20), room(40)

    assert forty - twenty < 2.2 * (twenty - ten)


def test_the_exact_text_that_was_sent_can_be_shown(journal):
    """Every request as a whole: instructions, conversation, tools; what was new is counted."""
    script = Script([("double", {"x": 4})], "eight")
    agent = Agent("a", script.model(), [double], "be brief")
    result = asyncio.run(agent.run("what is twice four?", journal=journal))

    first, second = sent_messages(journal, result.run_id)

    assert first.text == "[instructions]\nbe brief\n\n[prompt]\nwhat is twice four?\n\n[tools]\ndouble"
    assert second.messages == [
        {"prompt": "what is twice four?"},
        {"call": {"double": {"x": 4}}, "call_id": "call-0-0"},
        {"result": {"double": "8"}, "call_id": "call-0-0"},
    ]
    assert second.new == 1
    assert second.tools["tools"][0]["parameters"]["properties"]["x"]["type"] == "integer"
    assert '[call double]\n{"x":4}\n\n[result of double]\n8' in second.text


def test_a_request_without_an_answer_is_shown_too(journal):
    """What was sent before a failure was sent."""
    from pydantic_ai.models.function import FunctionModel

    def fail(messages, info):
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        asyncio.run(Agent("a", FunctionModel(fail)).run("hello?", journal=journal))

    assert [request.messages for request in sent_messages(journal, "last")] == [[{"prompt": "hello?"}]]
    assert journal.find("last").status == "failed"


def test_every_part_of_an_answer_belongs_to_the_conversation(journal):
    """Thoughts, text and calls of an earlier answer are shown in their order."""
    from pydantic_ai.models.function import FunctionModel

    def think(messages, info):
        if len(messages) == 1:
            return ModelResponse(parts=[ThinkingPart("hm"), TextPart("wait"), ToolCallPart("double", {"x": 1})])
        return ModelResponse(parts=[TextPart("two")])

    asyncio.run(Agent("a", FunctionModel(think), [double]).run("go", journal=journal))

    kinds = [next(kind for kind in part if kind != "call_id") for part in sent_messages(journal, "last")[-1].messages]
    assert kinds == ["prompt", "thinking", "answer", "call", "result"]
