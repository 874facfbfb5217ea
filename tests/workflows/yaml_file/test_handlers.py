"""Handlers: where a name is looked for, what a function is called with, how it gets to another process."""

from __future__ import annotations

import inspect
import os
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.yaml_file.conftest import Load, Write, Wrong
from victor_nb.workflows.yaml_file.arguments import Unfitting, call_of
from victor_nb.workflows.yaml_file.handlers import Handlers, NotFound
from victor_nb.workflows.yaml_file.loading import load_workflow, workflow_from_yaml

ONE = "nodes: [{id: a, handler: f}]"


def value(workflow: Any, **given: Any) -> Any:
    return workflow.run_sync(given, journal="memory:").state["a"]


# -- where -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "files", "found"),
    [
        (ONE, {"handlers": "def f(): return 'handlers.py'"}, "handlers.py"),
        ("handlers: steps\n" + ONE, {"steps": "def f(): return 'steps'"}, "steps"),
        ("handlers: [steps.py, more]\n" + ONE, {"steps": "x = 1", "more": "def f(): return 'more'"}, "more"),
        ("nodes: [{id: a, handler: 'steps:f'}]", {"steps": "def f(): return 'steps'"}, "steps"),
        ("nodes: [{id: a, handler: 'steps:A.f'}]", {"steps": "class A:\n  def f(): return 'A.f'"}, "A.f"),
        ("nodes: [{id: a, handler: 'platform:system'}]", {}, sys.platform.capitalize()),
    ],
)
def test_functions_are_found_beside_the_file_and_in_modules(
    load: Load, text: str, files: dict[str, str], found: str
) -> None:
    """In modules that the file names, in `handlers.py`, and anywhere as `module:function`."""
    assert value(load(text, **files)) == found


def test_a_python_file_of_the_same_name_comes_before_handlers_py(write: Write) -> None:
    """`flow.py` is `flow.yaml`'s own; what it lacks is found in `handlers.py`."""
    path = write(
        "nodes: [{id: a, handler: f}, {id: b, handler: g}]", handlers="def f(): return 1\ndef g(): return 'shared'"
    )
    path.with_suffix(".py").write_text("def f(): return 'own'")
    state = load_workflow(path).run_sync({}, journal="memory:").state

    assert (state["a"], state["b"]) == ("own", "shared")


def test_what_the_caller_gives_comes_first_and_the_notebook_last(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file means the same for whoever loads it, unless the caller says otherwise."""
    monkeypatch.setattr(sys.modules["__main__"], "f", lambda: "notebook", raising=False)

    assert value(load(ONE)) == "notebook"
    assert value(load(ONE, handlers="def f(): return 'file'")) == "file"
    assert value(load(ONE, {"f": lambda: "given"}, handlers="def f(): return 'file'")) == "given"


def test_two_folders_may_both_have_handlers(tmp_path: Path) -> None:
    """Files beside a workflow are modules of their own, and are read anew by each load."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "flow.yaml").write_text(ONE)
        (tmp_path / name / "handlers.py").write_text(f"def f(): return {name!r}")
    assert [value(load_workflow(tmp_path / name / "flow.yaml")) for name in ("one", "two")] == ["one", "two"]

    (tmp_path / "one" / "handlers.py").write_text("def f(): return 'changed'")
    assert value(load_workflow(tmp_path / "one" / "flow.yaml")) == "changed"


def test_handlers_may_import_their_neighbours(load: Load) -> None:
    """The folder is on the path while the file is imported, and not afterwards."""
    before = list(sys.path)

    assert value(load(ONE, handlers="from beside_me import x\ndef f(): return x", beside_me="x = 7")) == 7
    assert sys.path == before


def test_what_is_not_found_says_where_was_looked(wrong: Wrong) -> None:
    """The nearest name, the known ones, and all places."""
    (told,) = wrong("handlers: steps\nnodes: [{id: a, handler: preproces}]", steps="def preprocess(): ...")

    assert "Did you mean 'preprocess'" in told
    assert "module steps" in told
    assert "handlers.py in" in told


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("def f(:", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise RuntimeError('no')", "RuntimeError: no"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why(wrong: Wrong, code: str, says: str) -> None:
    """Its error, and the line; a module that calls exit() ends nothing."""
    told = wrong("nodes: [{id: a, handler: 'steps:f'}]", steps=code)

    assert says in told[0]
    assert "steps.py:1" in told[0]


@pytest.mark.parametrize("code", ["import nowhere_at_all", "raise RuntimeError('no')"])
def test_a_package_that_breaks_says_why(wrong: Wrong, tmp_path: Path, code: str) -> None:
    """It is there, and what it imports is not: that is another mistake than a missing package."""
    (tmp_path / "broken_package").mkdir()
    (tmp_path / "broken_package" / "__init__.py").write_text(code)
    (told,) = wrong("nodes: [{id: a, handler: 'broken_package:f'}]")

    assert "broken_package cannot be imported" in told
    assert "__init__.py:1" in told


def test_a_function_that_is_gone_cannot_be_sent(load: Load, tmp_path: Path) -> None:
    """The other process says which function, and of which file."""
    sent = pickle.dumps(load(ONE, handlers="def f(): return 1").nodes["a"].call)
    (tmp_path / "handlers.py").write_text("f = 5\n# changed")
    os.utime(tmp_path / "handlers.py", ns=(1, 1))

    with pytest.raises(NotFound, match=r"'f' in .*handlers\.py cannot be called"):
        pickle.loads(sent)


def test_names_that_are_no_modules_are_refused() -> None:
    """A path out of the folder, or nonsense, is not handed to the import system."""
    for name in ("../x:f", "a b:f", ":f", "1:f"):
        with pytest.raises(NotFound):
            Handlers({}).find(name)


# -- what with ---------------------------------------------------------------------------------------------------------


def plain(a: int, b: int = 2) -> Any: ...
def whole(everything: Any) -> Any: ...
def whole_and_more(state: Any, b: int, runtime: Any, *, c: int = 3) -> Any: ...
def any_names(**given: Any) -> Any: ...
def by_place(a: int, /, b: int) -> Any: ...
def parts(a: int, store: Any, writer: Any) -> Any: ...
def nothing() -> Any: ...


VALUES = frozenset({"a", "b", "c"})


@pytest.mark.parametrize(
    ("handler", "inputs", "args", "kwargs"),
    [
        (plain, None, (), {"a": 1, "b": 20}),
        (whole, None, ({"a": 1, "b": 20, "c": 30},), {}),
        (whole_and_more, None, ({"a": 1, "b": 20, "c": 30},), {"b": 20, "c": 30, "runtime": "R"}),
        (any_names, None, (), {}),
        (by_place, None, (1,), {"b": 20}),
        (nothing, None, (), {}),
        (plain, {"a": 5}, (), {"a": 5}),
        (plain, {"a": 5, "b": 6}, (), {"a": 5, "b": 6}),
        (any_names, {"x": 5, "y": 6}, (), {"x": 5, "y": 6}),
        (by_place, {"a": 5, "b": 6}, (5,), {"b": 6}),
    ],
)
def test_parameters_say_what_they_want(handler: Any, inputs: Any, args: Any, kwargs: Any) -> None:
    """Values by name, all values for a first parameter that is no value's name, the runtime, and inputs."""
    seen: list[Any] = []

    def record(*given: Any, **named: Any) -> None:
        seen.append((given, named))

    record.__signature__ = inspect.signature(handler)  # type: ignore[attr-defined]
    call = call_of(record, VALUES, inputs)
    call({"a": 1, "b": 20, "c": 30}, inputs, "R")  # type: ignore[arg-type]

    assert seen == [(args, kwargs)]


@pytest.mark.parametrize(
    ("handler", "inputs", "says"),
    [
        (plain, {}, r"plain\(\) wants an input 'a'"),
        (plain, {"a": 1, "bb": 2}, r"takes no 'bb'. Did you mean 'b'"),
        (nothing, {"a": 1}, r"nothing\(\) takes no 'a'"),
        (lambda state, cc: 1, None, r"wants a value 'cc'"),
    ],
)
def test_what_does_not_fit_is_told(handler: Any, inputs: Any, says: str) -> None:
    """Before anything runs."""
    with pytest.raises(Unfitting, match=says):
        call_of(handler, VALUES, inputs)


def test_functions_that_tell_nothing_are_given_what_there_is() -> None:
    """Some that are written in C have no signature."""
    assert call_of(dict, VALUES, {"x": 1})({}, {"x": 1}, None) == {"x": 1}
    assert call_of(max, VALUES, None)({"a": 1, "b": 2}, None, None) == "b"


# -- elsewhere ---------------------------------------------------------------------------------------------------------


def test_a_function_of_a_file_is_sent_to_another_process_by_its_file(load: Load) -> None:
    """No other process knows the module's name; the file says it all."""
    workflow = load(ONE, handlers="class A:\n  @staticmethod\n  def f(): return 1\ndef f(): return 'here'")
    node = pickle.loads(pickle.dumps(workflow.nodes["a"].call))

    assert node({"skipped": []}) == {"a": "here"}


def test_compute_nodes_run_in_the_executor(load: Load) -> None:
    """In other processes: the functions beside the file, with filled inputs and conditions."""
    workflow = load(
        """
        nodes:
          - {id: a, handler: where, depends_on: []}
          - {id: b, handler: where, depends_on: [], when: "1 > 2"}
        """,
        handlers="import os\ndef where(): return os.getpid()",
    )
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        state = workflow.run_sync({}, journal="memory:", executor=pool).state

    assert state["a"] not in (None, os.getpid())
    assert state["b"] is None


def test_only_what_a_node_reads_is_sent_to_it() -> None:
    """A large value stays where it is when the next node does not look at it."""
    text = """
        state: {rows: int}
        nodes:
          - {id: big, handler: f, inputs: {}}
          - {id: reads, handler: f, inputs: {x: "{{ rows }}"}, when: big is defined}
          - {id: parameter, handler: g}
          - {id: everything, handler: h}
          - {id: ask, type: agent, goal: x, depends_on: big}
    """
    handlers = {"f": lambda x=0: x, "g": lambda reads: 1, "h": lambda state: 1}
    nodes = workflow_from_yaml(text, handlers=handlers).nodes
    seen = {name: node.input and set(node.input.__annotations__) - {"skipped"} for name, node in nodes.items()}

    assert seen == {
        "big": set(),
        "reads": {"rows", "big"},
        "parameter": {"reads"},
        "everything": None,
        "ask": {"rows", "big"},
    }
