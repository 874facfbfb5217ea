"""The offline model: real work on tables it has never seen, by rules, and honest about it."""

from __future__ import annotations

import asyncio

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import validate
from pydantic import BaseModel
from pydantic_ai import Agent, ToolReturn
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, ToolCallPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from victor_nb.models.offline import OfflineModel
from victor_nb.models.offline.answering import Outcome, answer
from victor_nb.models.offline.conditions import expression_in
from victor_nb.models.offline.planning import PlannedCall, plan
from victor_nb.models.offline.tools import offered
from victor_nb.models.offline.variables import Variable, variables_in, without_blocks
from victor_nb.models.offline.words import mentions
from victor_nb.tools import Artifact, describe_variables, kernel_variables, to_model_text

STAFF = pd.DataFrame(
    {
        "Employee Name": ["Ann", "Bob", "Cleo", "Dan", "Eve", "Fay"],
        "abteilung": ["Küche", "Service", "Küche", "Service", "Büro", "Küche"],
        "annual_salary": [50_000.0, 42_000.0, np.nan, 39_000.0, 61_000.0, 900_000.0],
        "YearsEmployed": [3, 1, 8, 2, 10, 4],
    }
)
FLOWERS = pd.DataFrame({"sepal_length": [5.1, 7.0, 6.3], "petal_length": [1.4, 4.7, 6.0], "species": ["s", "v", "g"]})
TOOLS = kernel_variables({"staff": STAFF, "flowers": FLOWERS}).tools
OFFERED = [offered(t.name, t.description, t.parameters, {"keywords": list(t.keywords)}) for t in TOOLS]
BOTH = describe_variables({"staff": STAFF, "flowers": FLOWERS}, ["staff", "flowers"])
ONE = describe_variables({"staff": STAFF}, ["staff"])


def calls(question, described=ONE):
    """The planned calls as (tool, arguments without the variable)."""
    planned = plan(question, variables_in(described), OFFERED)
    return [(call.tool, {k: v for k, v in call.arguments.items() if k != "variable"}) for call in planned]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What are the columns?", ("list_columns", {})),
        ("which fields does staff have", ("list_columns", {})),
        ("Are there any missing values?", ("missing_values", {})),
        ("How many NaN are in each column?", ("missing_values", {})),
        ("top 5 by annual salary", ("top_rows", {"column": "annual_salary", "n": 5, "order": "largest"})),
        (
            "Show the 2 lowest annual_salary rows",
            ("top_rows", {"column": "annual_salary", "n": 2, "order": "smallest"}),
        ),
        (
            "mean annual salary by abteilung",
            ("group_by", {"by": "abteilung", "column": "annual_salary", "statistic": "mean"}),
        ),
        (
            "average of Annual Salaries per Abteilung?",
            ("group_by", {"by": "abteilung", "column": "annual_salary", "statistic": "mean"}),
        ),
        (
            "total years employed for each abteilung",
            ("group_by", {"by": "abteilung", "column": "YearsEmployed", "statistic": "sum"}),
        ),
        (
            "correlation of annual_salary and years employed",
            ("correlate", {"x": "annual_salary", "y": "YearsEmployed"}),
        ),
        ("how many rows where years employed > 3", ("count_rows", {"expression": "YearsEmployed > 3"})),
        (
            "How many employees have years employed of at least 2 and abteilung is Küche?",
            ("count_rows", {"expression": "abteilung == 'Küche'"}),
        ),
        ("how many are Kuche", ("count_rows", {"expression": "abteilung == 'Küche'"})),
        ("rows where employee name contains 'a'", ("query_rows", {"expression": "`Employee Name` contains 'a'"})),
        (
            "rows where annual salary between 40,000 and 50,000",
            ("query_rows", {"expression": "annual_salary >= 40000 and annual_salary <= 50000"}),
        ),
        ("outliers in annual salary", ("outliers", {"column": "annual_salary"})),
        ("describe annual_salary", ("summary_statistics", {"column": "annual_salary"})),
        ("compare the groups of abteilung", ("compare_groups", {"by": "abteilung"})),
        ("plot annual salary by years employed", ("plot_columns", {"x": "YearsEmployed", "y": "annual_salary"})),
        ("draw a histogram of annual_salary", ("plot_columns", {"x": "annual_salary", "kind": "histogram"})),
        ("how many rows are there?", ("count_rows", {})),
        ("how often does each abteilung come?", ("value_counts", {"column": "abteilung"})),
        ("show me the first 3 rows", ("head_rows", {"n": 3})),
        ("mean of anual_salary", ("summary_statistics", {"column": "annual_salary"})),
    ],
)
def test_questions_about_a_table_become_the_right_call(question, expected):
    """Ten kinds of question, said in several ways, about columns with spaces, capitals, accents and slips."""
    found = calls(question)

    assert found, "the question was not understood"
    name, arguments = expected
    assert found[0][0] == name
    assert {k: v for k, v in found[0][1].items() if k in arguments or k not in ("n", "kind", "order")} == arguments


@pytest.mark.parametrize(
    ("question", "columns"),
    [
        ("mean of sepal length", ["sepal length (cm)"]),
        ("mean of sepal length (cm)", ["sepal length (cm)"]),
        ("correlation of sepal length and speed", ["sepal length (cm)", "speed [m/s]"]),
        ("mean of width", []),
        ("mean of width (mm)", ["width (mm)"]),
    ],
)
def test_a_unit_in_brackets_may_be_left_unsaid(question, columns):
    """Tables name units in their columns, people do not; a short name that two columns share names neither."""
    names = ["sepal length (cm)", "speed [m/s]", "width (mm)", "width (in)"]

    assert [mention.name for mention in mentions(names, question)] == columns


def test_several_questions_are_answered_in_order():
    """A prompt may hold a list of questions."""
    found = calls("1. What are the columns?\n2. top 3 by annual_salary\n3. missing values")

    assert [name for name, _ in found] == ["list_columns", "top_rows", "missing_values"]


def test_a_profile_is_several_calls():
    """To profile a table is to look at its statistics, its size and its gaps."""
    assert [name for name, _ in calls("profile staff")] == ["summary_statistics", "count_rows", "missing_values"]


def test_the_table_is_the_one_that_is_named_or_whose_columns_are():
    """With several tables, the words decide which is meant."""
    planned = plan("what are the columns of flowers?", variables_in(BOTH), OFFERED)
    assert planned[0].arguments["variable"] == "flowers"
    planned = plan("mean of petal length by species", variables_in(BOTH), OFFERED)
    assert planned[0].arguments["variable"] == "flowers"


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("a > 3", "a > 3"),
        ("a is greater than or equal to 3.5", "a >= 3.5"),
        ("a below -2 or above 1,000", "a < -2 or a > 1000"),
        ("b is red and a at most 4", "b == 'red' and a <= 4"),
        ("b is not 'dark blue'", "b != 'dark blue'"),
        ("the c d is missing", "isna(`c d`)"),
        ("a is not missing", "not isna(a)"),
        ("nothing of the kind", None),
    ],
)
def test_conditions_in_words_become_expressions(text, expression):
    """What can be read is written exactly; what cannot is not guessed."""
    table = Variable("t", columns={"a": "float64", "b": "str", "c d": "float64"}, values={"b": ["red", "dark blue"]})

    assert expression_in(text, table) == expression


def run(question, tools=(), output=str, described=ONE):
    """The result of a framework agent with the offline model."""
    agent = Agent(OfflineModel(), tools=list(tools), output_type=output)
    return agent.run_sync(f"{question}\n{described}")


def test_an_answer_cites_the_tool_and_its_numbers():
    """Every number in the answer is one that a tool returned."""

    def group_by(variable: str, by: str, column: str | None = None, statistic: str = "mean") -> str:
        return "Küche 12345.5"

    text = run("mean annual_salary by abteilung", [group_by]).output

    assert "[group_by]" in text
    assert "12345.5" in text


def test_it_says_that_it_is_no_language_model():
    """Whoever reads the metadata knows what answered, and how to set a model."""
    details = run("what are the columns?").all_messages()[-1].provider_details

    assert details["is_language_model"] is False
    assert "--model" in details["notice"]


def test_it_says_honestly_that_it_cannot_answer():
    """What is not understood is not answered with something else."""
    text = run("Write a sonnet about the sea.").output

    assert "could not work out" in text
    assert "--model" in text


def test_a_tool_of_the_users_own_is_called_with_words_of_the_request():
    """Names, numbers and choices are found in the request; what must be guessed is not called."""

    def weather(city: str, days: int = 1) -> str:
        """Forecast the weather in a city."""
        return f"{city}:{days}"

    assert "New York:1" in run("What is the weather in New York?", [weather], described="").output
    assert "could not" in run("What is the weather?", [weather], described="").output


def test_a_refused_call_is_told():
    """A tool that did not work is part of the answer, not hidden."""

    def weather(city: str) -> ToolReturn:
        """Forecast the weather in a city."""
        raise RuntimeError("no forecast")

    with pytest.raises(RuntimeError, match="no forecast"):
        run("weather in Paris", [weather], described="")


def test_structured_output_is_filled_from_what_tools_said():
    """Fields are matched by name with results; nothing is made up."""

    class Size(BaseModel):
        rows: int
        columns: int

    def count_rows(variable: str) -> dict[str, int]:
        """Count the rows of a table."""
        return {"rows": 6, "columns": 4}

    assert run("how many rows are there?", [count_rows], output=Size).output == Size(rows=6, columns=4)


def test_the_same_request_gets_the_same_response():
    """Call ids included, so that a recording matches."""
    parameters = ModelRequestParameters(function_tools=definitions())
    messages = [ModelRequest(parts=[UserPromptPart(f"top 5 by annual_salary\n{ONE}")])]
    first, second = (asyncio.run(OfflineModel().request(messages, None, parameters)) for _ in range(2))

    assert first.parts == second.parts
    assert isinstance(first.parts[0], ToolCallPart)


def test_a_stream_says_the_same_in_pieces():
    """Streaming and not streaming are one answer."""

    async def streamed():
        messages = [ModelRequest(parts=[UserPromptPart("Write a sonnet.")])]
        parameters = ModelRequestParameters(allow_text_output=True)
        whole = await OfflineModel().request(messages, None, parameters)
        async with OfflineModel().request_stream(messages, None, parameters) as stream:
            events = [event async for event in stream]
        return whole, stream.get(), events

    whole, assembled, events = asyncio.run(streamed())
    assert isinstance(whole, ModelResponse)
    assert [part.content for part in assembled.parts] == [
        part.content for part in whole.parts if isinstance(part, TextPart)
    ]
    assert len(events) > 10


def definitions():
    """The kernel tools as the framework describes them to a model."""
    return [
        ToolDefinition(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=tool.parameters,
            metadata={"keywords": list(tool.keywords)},
        )
        for tool in TOOLS
    ]


WORDS = [
    "top",
    "5",
    "mean",
    "by",
    "where",
    "annual_salary",
    "abteilung",
    "Küche",
    ">",
    "3",
    "plot",
    "missing",
    "and",
    "?",
]


@settings(max_examples=200)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=14).map(" ".join))
def test_arguments_always_meet_the_schema(question):
    """Whatever is asked, a call that is made is one that the tool accepts."""
    schemas = {tool.name: tool.parameters for tool in TOOLS}
    for call in plan(question, variables_in(ONE), OFFERED):
        validate(call.arguments, schemas[call.tool])


def test_the_variables_block_is_read_and_taken_out():
    """What is not JSON in it is passed over."""
    text = 'hello <variables>\n{"name":"x","columns":{"a":"int64"},"rows":3}\nnonsense\n[1]\n</variables> there'

    assert variables_in(text) == [Variable("x", rows=3, columns={"a": "int64"})]
    assert without_blocks(text).split() == ["hello", "there"]


def test_a_picture_is_told_by_its_words():
    """What stands before them is for models; the person sees the picture."""
    call = PlannedCall("plot_columns", {}, "Plot of y by x")
    text = to_model_text(Artifact("y by x", "image/svg+xml", b"<svg/>", text="Scatter plot. 178 rows."))

    assert answer([Outcome(call, text)]) == "**Plot of y by x** [plot_columns]\n\nScatter plot. 178 rows."
