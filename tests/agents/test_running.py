"""Agents answer: text, structured answers, tools in turns, failures of tools, tables and pictures."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

import pandas as pd
import pytest

from tests.agents.scripts import Never, Script, told_by_tools
from victor_nb.agents import Agent, AnswerInvalid, ModelFailed, ToolSetupError
from victor_nb.errors import UsageError
from victor_nb.journal import Journal, Unstorable, current_step
from victor_nb.tools import Artifact, Tool, Toolset, tool


@tool(effect="pure")
def double(x: int) -> int:
    """Double a number."""
    return 2 * x


def run(agent: Agent, journal: Journal, prompt: str = "please", **options: object):
    return asyncio.run(agent.run(prompt, journal=journal, **options))


@pytest.mark.parametrize("face", ["model", "streaming"])
def test_an_answer_comes_with_its_run_usage_and_model(journal, face):
    """Models with and without a stream give the same result."""
    script = Script([("double", {"x": 4})], "It is 8.")

    result = run(Agent("a", getattr(script, face)(), [double]), journal)

    assert result.text.strip() == result.data.strip() == str(result).strip() == "It is 8."
    assert result.run_id == journal.find("last").run_id
    assert (result.usage.requests, result.usage.tool_calls) == (2, 1)
    assert result.usage.tokens > 0
    assert result.cost == result.cost_usd == 0.0
    assert not result.replayed
    assert "scripted" in result.model
    assert told_by_tools(script) == ["8"]


def test_a_typed_answer_is_data_and_replays_as_the_same_type(journal):
    """`output=` decides the type of `data`; a replay gives an equal value of the same class."""

    @dataclass
    class Reading:
        celsius: float
        place: str

    script = Script([("final_result", {"celsius": 3.5, "place": "Bern"})])
    agent = Agent("a", script.model(), output=Reading)

    result = run(agent, journal)
    replayed = run(Agent("a", Never.model(), output=Reading), journal, replay="strict")

    assert result.data == Reading(3.5, "Bern")
    assert replayed.data == result.data
    assert '"place": "Bern"' in result.text
    assert journal.result(result.run_id)["data"] == {"celsius": 3.5, "place": "Bern"}


def test_calls_of_one_turn_run_side_by_side(journal):
    """Two calls that wait for each other both finish, and the model hears them in the order of its calls."""
    barrier = threading.Barrier(2, timeout=20)

    @tool(effect="pure")
    def meet(name: str) -> str:
        """Wait for the other."""
        barrier.wait()
        return name

    script = Script([("meet", {"name": "one"}), ("meet", {"name": "two"})], "both")

    run(Agent("a", script.model(), [meet]), journal)

    assert told_by_tools(script) == ["one", "two"]


def test_a_tool_that_raises_is_told_to_the_model_and_recorded(journal):
    """The run goes on; the record holds the failure, so that a replay goes the same way without the tool."""
    calls = []

    @tool(effect="read")
    def fetch(url: str) -> str:
        """Fetch a page."""
        calls.append(url)
        raise ConnectionError("no route")

    script = Script([("fetch", {"url": "a"})], "I could not.")
    result = run(Agent("a", script.model(), [fetch]), journal)
    replayed = run(Agent("a", Never.model(), [fetch]), journal, replay="strict")

    assert "ConnectionError: no route" in told_by_tools(script)[0]
    assert result.text == replayed.text == "I could not."
    assert len(calls) == 1
    finished = [event.data for event in journal.events(result.run_id, types=["step.finished"])]
    assert any(data.get("is_error") and data["result"]["type"] == "ConnectionError" for data in finished)


def test_a_tool_that_keeps_failing_is_given_up(journal):
    """After the retries the model is told to go on without the tool; the run does not fail."""

    @tool(effect="read")
    def broken() -> str:
        """Never works."""
        raise RuntimeError("again")

    script = Script(*[[("broken", {})]] * 4, "Never mind.")

    result = run(Agent("a", script.model(), [broken], tool_retries=2), journal)

    assert result.text == "Never mind."
    assert "go on without it" in told_by_tools(script)[2]


def test_wrong_arguments_are_told_to_the_model(journal):
    """A call that does not fit the schema is answered with what would fit."""
    script = Script([("double", {"x": "many"})], [("double", {"x": 2})], "4")

    result = run(Agent("a", script.model(), [double]), journal)

    assert result.text == "4"
    assert "x" in told_by_tools(script)[0]
    assert told_by_tools(script)[1] == "4"


def test_a_tool_that_hangs_is_cancelled(journal):
    """The limit ends the call, the model hears of it, the run goes on."""
    cancelled = []

    @tool(effect="read")
    async def hang() -> None:
        """Never ends."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    script = Script([("hang", {})], "It hangs.")

    result = run(Agent("a", script.model(), [hang], tool_timeout_s=0.05), journal)

    assert result.text == "It hangs."
    assert cancelled == [True]
    assert "ToolTimeout" in told_by_tools(script)[0]


def test_a_huge_result_is_bounded_for_the_model_and_whole_in_the_journal(journal):
    """The model sees a few thousand characters; the record holds all of them."""

    @tool(effect="pure")
    def dump() -> str:
        """Dump everything."""
        return "x" * 3_000_000

    script = Script([("dump", {})], "Long.")
    result = run(Agent("a", script.model(), [dump]), journal)

    assert len(told_by_tools(script)[0]) <= 8000
    stored = [e.data for e in journal.events(result.run_id, types=["step.finished"]) if e.data["kind"] == "tool"]
    assert len(journal.load(stored[0]["result"])) == 3_000_000


def test_tables_and_artifacts_reach_the_caller_also_from_a_replay(journal):
    """Artifacts carry their own names, tables those of their tools, in the order of the calls."""
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, None]})

    @tool(effect="pure")
    def table() -> pd.DataFrame:
        """Make a table."""
        return frame

    @tool(effect="pure")
    def plot() -> Artifact:
        """Make a picture."""
        return Artifact("dots", "image/png", b"\x89PNG", text="two dots")

    tools = [table, plot]
    script = Script([("table", {}), ("plot", {}), ("table", {})], "Done.")

    result = run(Agent("a", script.model(), tools), journal)
    replayed = run(Agent("a", Never.model(), tools), journal, replay="strict")

    assert list(result.artifacts) == list(replayed.artifacts) == ["table", "dots", "table_2"]
    pd.testing.assert_frame_equal(replayed.artifacts["table"], frame)
    assert replayed.artifacts["dots"] == result.artifacts["dots"]


def test_a_tool_has_an_idempotency_key_that_a_retry_repeats(journal):
    """The key is the same in every attempt at one call and different for every other call."""
    keys = []

    @tool(effect="idempotent")
    def pay(amount: int) -> str:
        """Pay once."""
        keys.append(current_step().idempotency_key)
        return "paid"

    run(Agent("a", Script([("pay", {"amount": 1}), ("pay", {"amount": 1})], "ok").model(), [pay]), journal)

    assert len(set(keys)) == 2


def test_an_unstorable_result_ends_the_run_and_names_the_place(journal):
    """That is the programmer's error, not the model's: it is raised, with the path to the value."""

    @tool(effect="pure")
    def handle() -> dict:
        """Return something that cannot be kept."""
        return {"lock": [threading.Lock()]}

    agent = Agent("a", Script([("handle", {})], "ok").model(), [handle])

    with pytest.raises(Unstorable, match="lock"):
        run(agent, journal)
    assert journal.find("last").status == "failed"


def test_functions_and_toolsets_are_tools(journal):
    """A plain function is declared on the way in; toolsets are opened."""

    def shout(text: str) -> str:
        """Shout."""
        return text.upper()

    script = Script([("shout", {"text": "hi"}), ("double", {"x": 1})], "ok")

    run(Agent("a", script.model(), [shout, Toolset("more", (double,))]), journal)

    assert told_by_tools(script) == ["HI", "2"]


def test_two_tools_of_one_name_are_refused(journal):
    """Both places are named, before anything runs."""
    other = Tool("double", "another", lambda: 1)

    with pytest.raises(ToolSetupError, match="two tools named 'double'"):
        run(Agent("a", Never.model(), [double, other]), journal)


def test_something_that_is_no_tool_is_refused(journal):
    """The error shows what was found in the list."""
    with pytest.raises(ToolSetupError, match="'double' is neither"):
        run(Agent("a", Never.model(), ["double"]), journal)


def test_there_must_be_something_to_ask(journal):
    """Neither prompt nor run is an error that says what to give."""
    with pytest.raises(UsageError, match="nothing to ask"):
        asyncio.run(Agent("a", Never.model()).run(journal=journal))


def test_named_variables_are_shown_and_nothing_else(journal):
    """The prompt describes what was named; the tools for variables come with it."""
    script = Script([("count_rows", {"variable": "df"})], "Three rows.")
    secret = pd.DataFrame({"salary": [1]})
    variables = {"df": pd.DataFrame({"height": [1, 2, 3]})}

    run(Agent("a", script.model()), journal, variables=variables)

    sent = str(script.requests[0])
    assert "<variables>" in sent
    assert "height" in sent
    assert "salary" not in sent
    assert secret is not None
    assert "3" in told_by_tools(script)[0]


def test_a_model_that_fails_leaves_a_run_that_can_be_resumed(journal):
    """The provider's error is translated, with the way on; the finished part is not done again."""
    from pydantic_ai.exceptions import ModelHTTPError
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

    healthy, calls = [False], []

    @tool(effect="effect")
    def count() -> int:
        """Count."""
        calls.append(1)
        return len(calls)

    def answer(messages, info):
        if len(messages) == 1:
            return ModelResponse(parts=[ToolCallPart("count", {}, tool_call_id="c")])
        if not healthy[0]:
            raise ModelHTTPError(503, "scripted", {"message": "overloaded"})
        return ModelResponse(parts=[TextPart("fine")])

    agent = Agent("a", FunctionModel(answer, model_name="scripted"), [count])
    with pytest.raises(ModelFailed, match="503") as raised:
        run(agent, journal)
    run_id = journal.find("last").run_id
    assert f"victor resume {run_id}" in raised.value.hint

    healthy[0] = True
    result = asyncio.run(agent.run(run_id=run_id, journal=journal))

    assert result.text == "fine"
    assert calls == [1]


def test_a_model_that_never_gives_the_asked_type_is_an_error(journal):
    """After the retries the run fails and says so."""
    script = Script("no", "no", "no", "no", "no")

    with pytest.raises(AnswerInvalid):
        run(Agent("a", script.model(), output=list[int], tool_retries=1), journal)


def test_a_prompt_of_ten_megabytes_is_not_written_again_with_every_request(disk):
    """Six requests take hardly more room than two."""
    prompt = "".join(f"{number:08d}" for number in range(1_250_000))

    def room(turns: int) -> int:
        script = Script(*[[("double", {"x": turn})] for turn in range(turns)], "ok")
        result = run(Agent("a", script.model(), [double]), disk, prompt)
        return sum(len(event.raw) for event in disk.events(result.run_id))

    assert room(5) - room(1) < 100_000
