"""Retrieval for agents and workflows: citations that lead back to the lines, and answers that replay."""

from __future__ import annotations

import re

import pytest
from pydantic import TypeAdapter

from victor_nb import Agent, Index, step, workflow
from victor_nb.retrieval import Hit, NothingThere
from victor_nb.testing import ScriptedModel, Turn, assert_run

pytestmark = pytest.mark.usefixtures("each_core")

GUIDE = "# Giraffes\n\nThey eat leaves.\n\n# Zebras\n\nThey eat grass.\n" + "\nMore to say.\n" * 60
CODE = "def feed_giraffe(leaves):\n    return leaves\n\n\ndef feed_zebra(grass):\n    return grass\n"


@pytest.fixture
def index(tmp_path, monkeypatch) -> Index:
    """A project of one guide and one module."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/guide.md").write_text(GUIDE)
    (tmp_path / "zoo.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    made = Index()
    made.add_folder(".")
    made.add([{"id": "note", "text": "Okapis are shy.", "title": "Okapis", "metadata": {"year": 2020}}])
    return made


def called(index: Index, name: str, **arguments):
    return index.toolset().tools[[tool.name for tool in index.toolset().tools].index(name)](**arguments)


def test_docs_and_code_are_searched_apart(index):
    """Passages have a citation, the text and the reason."""
    docs = called(index, "search_docs", query="what do giraffes eat")
    code = called(index, "search_code", query="feed_giraffe")

    assert docs["passages"][0]["source"].startswith("docs/guide.md:1-")
    assert "leaves" in docs["passages"][0]["text"]
    assert docs["passages"][0]["why"].startswith("words: ")
    assert [passage["source"] for passage in code["passages"]] == ["zoo.py:1-6"]


def test_patterns_narrow_a_search(index):
    """Only files that fit; where nothing is found, the model is told so."""
    assert called(index, "search_docs", query="giraffe", path="*.rst") == {
        "passages": [],
        "note": "nothing was found; try other words",
    }
    assert called(index, "search_code", query="giraffe", path="*.py")["passages"]


def test_a_citation_leads_back_to_the_lines(index):
    """What a search cites can be read, with lines around it."""
    assert called(index, "read_chunk", source="zoo.py:5-6", around=0) == {
        "source": "zoo.py:5-6",
        "text": "def feed_zebra(grass):\n    return grass",
    }
    assert called(index, "read_chunk", source="zoo.py:5", around=1)["source"] == "zoo.py:4-6"
    assert called(index, "read_chunk", source="zoo.py")["text"] == CODE.rstrip("\n")
    assert called(index, "read_chunk", source="note")["title"] == "Okapis"


@pytest.mark.parametrize("source", ["", "nothing.md", "zoo.py:900-910", "zoo.py#3", ":", "zoo.py:x"])
def test_a_citation_of_nothing_is_told(index, source):
    """The model hears what is wrong and can search again."""
    with pytest.raises(NothingThere):
        called(index, "read_chunk", source=source, around=0)


def test_a_long_passage_is_cut_and_says_so(index):
    """A model is never sent a whole file by accident; reading on is possible."""
    index.add([{"id": "long", "text": "okapi " * 3_000}])

    passage = called(index, "search_docs", query="okapi okapi")["passages"][0]

    assert len(passage["text"]) == 4_000
    assert "read_chunk" in passage["cut"]
    assert len(called(index, "read_chunk", source="long")["text"]) > 15_000


def test_an_agent_answers_with_citations(index, sqlite_journal):
    """It searches, reads, and names where it has that from; a citation can be checked."""
    model = ScriptedModel(
        [
            Turn.calling("search_docs", query="what do zebras eat"),
            Turn.calling("read_chunk", source="docs/guide.md:5-7"),
            "Zebras eat grass (docs/guide.md:5-7).",
        ]
    )
    agent = Agent("reader", model=model, tools=[index.toolset()])

    result = agent.run_sync("What do zebras eat?", journal=sqlite_journal)

    assert_run(sqlite_journal).finished().called("search_docs", times=1).called("read_chunk", times=1)
    cited = re.search(r"\((.+?)\)", result.text)[1]
    assert "They eat grass." in index.read(cited, around=0).text


def test_hits_fit_into_models_and_parameters(index):
    """pydantic knows what a hit is, so a state, an output or a tool's parameter may be one."""
    adapter = TypeAdapter(list[Hit])
    hits = index.search("zebras", k=2)

    assert adapter.validate_json(adapter.dump_json(hits)) == hits
    assert "score" in adapter.json_schema()["$defs"]["Hit"]["properties"]


def test_a_search_is_a_step_of_a_workflow(index, sqlite_journal):
    """Hits are journaled, so a replay finds what the run found, whatever the index says by then."""

    @step
    def find(query: str) -> list[Hit]:
        return list(index.search(query, k=3))

    @workflow
    def ask(query: str) -> list[str]:
        return [f"{hit.source}: {hit.why}" for hit in find(query)]

    first = ask.run_sync("feed a giraffe", journal=sqlite_journal)
    index.delete("zoo.py")
    again = ask.run_sync("feed a giraffe", journal=sqlite_journal, replay="strict")

    assert again.replayed
    assert again.state == first.state
    assert "zoo.py:1-6" in first.state[0] + first.state[1]
