"""Completion of a victor line, as a function of its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from victor_nb.notebook.completing import Completions, Parameter, Sources, complete


@dataclass(frozen=True, slots=True)
class Few(Sources):
    """Two verbs, so that the tests do not change when a verb gets a flag."""

    def verbs(self) -> Iterable[str]:
        return ("ask", "show", "runs")

    def parameters(self, verb: str, inner: str = "") -> list[Parameter]:
        return {
            "ask": [
                Parameter(("--with",), True, self.public_variables),
                Parameter(("--model", "-m"), True, lambda: ["offline", "openai:gpt"]),
                Parameter(("--broken",), True, broken),
                Parameter(("--background",), False),
            ],
            "show": [Parameter((), True, lambda: ["last", *self.runs]), Parameter(("--prompt",), False)],
        }.get(verb, [])


def broken() -> Iterable[str]:
    raise ImportError("no such library")


SOURCES = Few(variables={"df": 1, "frame": 2, "_hidden": 3}, runs=["1k9x2"])


@pytest.mark.parametrize(
    ("text", "fragment", "words"),
    [
        ("%victor ", "", ("ask", "show", "runs")),
        ("%victor sh", "sh", ("show",)),
        ("x = %victor sh", "sh", ("show",)),
        ("a = 1\n%victor ru", "ru", ("runs",)),
        ("%victor show ", "", ("last", "1k9x2")),
        ("%victor show 1k", "1k", ("1k9x2",)),
        ("%victor show --p", "--p", ("--prompt",)),
        ("%victor ask --mo", "--mo", ("--model",)),
        ("%victor ask --model ", "", ("offline", "openai:gpt")),
        ("%victor ask -m openai:", "openai:", ("openai:gpt",)),
        ("%victor ask --with df,fr", "fr", ("frame",)),
        ("%victor ask --broken ", "", ()),
        ("%%victor --ba", "--ba", ("--background",)),
        ("%%victor --with ", "", ("df", "frame")),
        ("%%victor show --p", "--p", ("--prompt",)),
        ("%%victor\nlook at {{fr", "fr", ("frame",)),
    ],
)
def test_the_end_of_a_line_is_completed(text: str, fragment: str, words: tuple[str, ...]) -> None:
    """Verbs first, then the verb's flags and values; in a cell the verb is ask unless it says otherwise."""
    assert complete(text, SOURCES) == Completions(fragment, words)


@pytest.mark.parametrize("text", ["x = 1", "%victory ", "%%victor\nlook at {fr", "print('%victor ", "%timeit x"])
def test_elsewhere_nothing_is_offered(text: str) -> None:
    """Other lines, and the text of a prompt, belong to others."""
    assert complete(text, SOURCES) is None


def test_the_real_verbs_and_flags_are_offered() -> None:
    """They come from the parser itself, so that completion cannot fall behind it."""
    sources = Sources(variables={"df": 1})

    assert complete("%victor ver", sources) == Completions("ver", ("version",))
    assert complete("%victor ask --max-st", sources) == Completions("--max-st", ("--max-steps",))
    assert complete("%victor ask --replay a", sources) == Completions("a", ("auto",))
    assert complete("%victor ask --with d", sources) == Completions("d", ("df",))
    models = complete("%victor ask --model off", sources)
    assert models is not None
    assert "offline" in models.words
    tools = complete("%victor ask --tools python_c", sources)
    assert tools is not None
    assert "python_cell" in tools.words


class Workflow:
    """Stands for the class of that name; completion looks at names of types only."""


class Pipeline:
    """Stands for the class of that name."""


def test_a_pipeline_is_a_variable_that_holds_one() -> None:
    """Its verbs and their flags are completed as all are."""
    sources = Sources(variables={"flow": Workflow(), "flowers": Pipeline()})

    assert complete("%victor pipeline st", sources) == Completions("st", ("status",))
    assert complete("%victor pipeline run f", sources) == Completions("f", ("flowers",))
    assert complete("%victor pipeline run flowers --kernels c", sources) == Completions("c", ("cold",))


def test_verbs_inside_of_verbs_are_offered_with_their_flags_and_values() -> None:
    """The second word is completed like the first, and a workflow is a variable that holds one."""
    sources = Sources(variables={"df": 1, "flow": Workflow()}, runs=["1k9x2"])

    assert complete("%victor workflow vis", sources) == Completions("vis", ("visualize",))
    assert complete("%victor workflow visualize --fo", sources) == Completions("--fo", ("--format",))
    assert complete("%victor workflow visualize --format me", sources) == Completions("me", ("mermaid",))
    assert complete("%victor workflow run f", sources) == Completions("f", ("flow",))
    assert complete("%victor config sh", sources) == Completions("sh", ("show",))
    assert complete("%victor diff last 1k", sources) == Completions("1k", ("1k9x2",))
