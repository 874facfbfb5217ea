"""Every type of event that the code records is in the reference, with its fields."""

from __future__ import annotations

import ast
import json
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, TypedDict

import pytest
from pydantic import BaseModel

from tests.pipelines.made import notebook as made_notebook
from victor_nb import START, Agent, Budget, Command, RetryPolicy, VictorError, Workflow, interrupt, tool
from victor_nb.agents import Decision
from victor_nb.journal import Effect, Event, Journal, open_journal
from victor_nb.pipelines import Execution, Pipeline, PipelineFailed, compute, execute_notebook, notebook
from victor_nb.pipelines.executing import Bounds
from victor_nb.testing import ScriptedModel, Turn
from victor_nb.workflows import WorkflowRun

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api" / "events.md").read_text(encoding="utf-8")
WRITING = {"record", "publish", "fork", "Entry", "Event", "Row", "of", "_announce", "_end", "note", "tell", "_tell"}
"""The functions and classes that are given the type of an event."""
EVENT_TYPE = re.compile(r"[a-z]+\.[a-z_]+")


def documented() -> dict[str, set[str]]:
    """The fields that the reference gives each type of event."""
    sections = re.split(r"^### `([a-z_.]+)`$", PAGE, flags=re.MULTILINE)[1:]
    first_cells = {
        name: re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
        for name, text in zip(sections[::2], sections[1::2], strict=True)
    }
    return {name: set(re.findall(r"`(\w+)`", " ".join(cells))) for name, cells in first_cells.items()}


def constants_in(tree: ast.AST) -> dict[str, set[str]]:
    """The texts that names are given in a module, at its top or inside."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                both = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                several = both and len(target.elts) == len(node.value.elts)
                pairs = zip(target.elts, node.value.elts, strict=True) if several else [(target, node.value)]
                for name, value in pairs:
                    if isinstance(name, ast.Name) and isinstance(text := getattr(value, "value", None), str):
                        found[name.id].add(text)
    return found


def written_in(source: str, known: Mapping[str, set[str]] = MappingProxyType({})) -> set[str]:
    """The types of events that a module writes, said in the call or by a constant, its own or one of `known`."""
    tree = ast.parse(source)
    constants = {**known, **constants_in(tree)}
    found: set[str] = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in WRITING:
            for given in [*call.args, *(keyword.value for keyword in call.keywords)]:
                texts = constants.get(given.id, ()) if isinstance(given, ast.Name) else [getattr(given, "value", None)]
                found |= {text for text in texts if isinstance(text, str) and EVENT_TYPE.fullmatch(text)}
    return found


@tool(effect="pure")
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(effect="read")
def broken() -> int:
    """Fail."""
    raise ValueError("no")


@tool(approval=True)
def send(to: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


class Sum(BaseModel):
    """A typed answer."""

    total: int


class Yes:
    """An approver that agrees."""

    async def decide(self, request: object) -> Decision:
        """Agree."""
        return Decision(True, by="a test")


class Interrupted(BaseException):
    """What ends a process in the middle of a step, as far as its journal can see."""


def agents_work(journal: Journal, heard: list[Event]) -> None:
    """Everything that an agent's run can meet: calls, a failing tool, an approval, a typed answer, a budget."""
    script = [Turn.calling("add", a=1, b=2), Turn.calling("broken"), Turn.calling("send", to="ann"), "done"]
    worker = Agent("worker", model=ScriptedModel(script), tools=[add, broken, send])
    worker.run_sync("work", journal=journal, approver=Yes(), on_event=heard.append)
    Agent("typed", model=ScriptedModel([Turn(data={"total": 3})]), output=Sum).run_sync("add", journal=journal)
    with pytest.raises(VictorError):
        Agent("poor", model=ScriptedModel(script), tools=[add], budget=Budget(steps=1)).run_sync("x", journal=journal)
    with pytest.raises(VictorError):
        Agent("alone", model=ScriptedModel(script[2:]), tools=[send]).run_sync("x", journal=journal)
    with pytest.raises(ZeroDivisionError):
        Agent("down", model=ScriptedModel([ZeroDivisionError("no")])).run_sync("x", journal=journal)


def programs_work(journal: Journal) -> None:
    """What only a program's run meets: a step that raises, an unstorable result, doubts and decisions about them."""
    with pytest.raises(ZeroDivisionError), journal.start("program", "fails") as run:
        run.step_sync("divide", lambda: 1 // 0, inputs={"by": 0})
    with pytest.raises(VictorError), journal.start("program", "unstorable") as run:
        run.step_sync("make", lambda: object(), effect=Effect.EFFECT)
    for decision in ("retry", "skip"):
        run = journal.start("program", decision)
        with pytest.raises(Interrupted):
            run.step_sync("charge", _interrupted, effect=Effect.EFFECT)
        run.stop("interrupt")
        with journal.resume(run.id, on_doubt=decision) as again:
            again.step_sync("charge", lambda: "charged", effect=Effect.EFFECT)


class Notes(TypedDict, total=False):
    """The state of the workflow below."""

    count: int
    lines: Annotated[list[str], operator.add]


def workflows_work(journal: Journal) -> None:
    """Questions in a node and before it, a retry, a cache, a snapshot, forks, a graph that was changed on purpose."""
    failures = [ConnectionError("no")]

    def fetch(state: Notes) -> Notes:
        if failures:
            raise failures.pop()
        return {"count": 1}

    def ask(state: Notes) -> Notes:
        return {"lines": [interrupt("fine?", schema=str)]}

    def ask_twice(state: Notes) -> Notes:
        return {"lines": [interrupt("fine?", key="1", schema=str), interrupt("sure?", key="2")]}

    def made(asking: Callable[[Notes], Notes] = ask) -> Workflow:
        graph = Workflow(Notes, "notes").add_edge(START, "fetch").add_edge("fetch", "ask")
        graph.add_node(fetch, retry=RetryPolicy(wait_s=0.0), cache=True, metadata={"checkpoint": True})
        return graph.add_node("ask", asking)

    waiting = made().run_sync({"count": 0}, journal=journal, interrupt_before=["ask"])
    asking = made().run_sync(run_id=waiting.run_id, journal=journal)
    past = WorkflowRun(journal, asking.run_id, made())
    past.fork(1)
    past.fork(1, {"count": 5}, as_node="fetch")
    made().run_sync(Command(resume="fine", update={"lines": ["told"]}), run_id=asking.run_id, journal=journal)
    waiting = made().run_sync({"count": 0}, journal=journal)
    made(ask_twice).run_sync(run_id=waiting.run_id, journal=journal, accept_changes=True)


def pipelines_work(journal: Journal, heard: list[Event], folder: Path) -> None:
    """A matrix, a condition that does not hold, a file, something cached, a failure and what needs it; watched."""

    def hear(event: Event) -> None:
        if event.type == "pipeline.usual":
            heard.append(event)

    (folder / "n.ipynb").write_text(json.dumps(made_notebook("print(1)", "1 / 0")))
    nodes = [
        compute((folder / "out.txt").write_text, "write", parameters={"data": "x"}, outputs="out.txt"),
        compute(len, "many", parameters={}, matrix={"k": [1]}, when="k > 1"),
        compute(dict, "one", matrix={"k": [1]}, after="write"),
        notebook("n.ipynb"),
        compute(dict, "last", after="n"),
    ]
    with pytest.raises(PipelineFailed):
        Pipeline("made", nodes, folder=folder).run_sync(journal=journal)
    Pipeline("made", nodes[:3], folder=folder).run_sync(journal=journal)
    (folder / "thing_of_events.py").write_text("from typing import NamedTuple\nclass Thing(NamedTuple):\n    x: int\n")
    glued = "from thing_of_events import Thing\nfrom victor_nb import glue\nglue('thing', Thing(1))"
    (folder / "n.ipynb").write_text(json.dumps(made_notebook(glued)))
    Pipeline("made", nodes[3:], folder=folder).run_sync(journal=journal, on_event=hear)


def notebooks_work(folder: Path) -> list[tuple[str, dict[str, object]]]:
    """Everything that cells can do: show, clear, show too much, be silent, kill their kernel; and going on inside."""
    told: list[tuple[str, dict[str, object]]] = []
    cells = [
        "x = 1",
        "print('x' * 100)\nfrom IPython.display import clear_output\nclear_output()",
        "import time\ntime.sleep(2)",
        "file = open('n.ipynb')\ntime.sleep(2)",
    ]

    def run(*these: str) -> None:
        (folder / "n.ipynb").write_text(json.dumps(made_notebook(*these)))
        how = Execution(cwd=folder, within=True, quiet_s=0.5, bounds=Bounds(text=10))
        execute_notebook(folder / "n.ipynb", folder / "done.ipynb", on_event=lambda *each: told.append(each), how=how)

    run(*cells, "import os\nos._exit(3)")
    run(*cells, "1 / 0")
    run("x = 2", "print(x)")
    return told


def _interrupted() -> str:
    raise Interrupted


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> dict[str, set[str]]:
    """The fields that events of real runs had, by type."""
    fields: defaultdict[str, set[str]] = defaultdict(set)
    heard: list[Event] = []
    with open_journal("memory:") as journal:
        agents_work(journal, heard)
        programs_work(journal)
        workflows_work(journal)
        pipelines_work(journal, heard, tmp_path_factory.mktemp("pipeline"))
        recorded = [event for info in journal.runs() for event in journal.events(info.run_id)]
    for event in [*recorded, *heard]:
        fields[event.type] |= event.data.keys()
    for kind, about in notebooks_work(tmp_path_factory.mktemp("notebook")):
        fields[kind] |= about.keys()
    return dict(fields)


def test_every_type_that_the_source_writes_is_documented():
    """A new type of event comes with its entry in the reference."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "victor_nb").rglob("*.py")]
    known = {
        name: texts
        for source in sources
        for name, texts in constants_in(ast.parse(source)).items()
        if name.isupper() and any(EVENT_TYPE.fullmatch(text) for text in texts)
    }

    assert {name for source in sources for name in written_in(source, known)} == set(documented())


def test_the_types_in_the_source_are_found():
    """The test above would pass if it found nothing."""
    source = 'KIND: Final = "graph.made"\nrun.record(KIND, {})\nlog.write(Entry("node.left", b""))\nf("a.b")'

    assert written_in(source) == {"graph.made", "node.left"}


@pytest.mark.parametrize("name", documented())
def test_the_fields_of_an_event_are_those_that_are_documented(seen, name):
    """Whatever real runs wrote is explained, and what is explained is written."""
    assert seen[name] == documented()[name]
