"""What a question is asked in: the names of the open notebook, what they are, and the last error.

1. Only names and types are taken, never a value. A name that begins with an underscore is nobody's business.
2. Nothing is imported to find out; a type says itself where it is from.
3. Pure functions: a namespace, a source or an exception in, plain data out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Final

_SHELL: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open", "display"})
_CODE: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_IMPORT: Final = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)[\w.]*[ \t]+import|import[ \t]+([\w., \t]+))", re.MULTILINE)
_MOST_MESSAGE: Final = 300
_OWN: Final = frozenset({"builtins", "__main__", "__builtin__"})


@dataclass(frozen=True, slots=True)
class SeenError:
    """An exception, as far as it says what to look for.

    Attributes:
        text: the line that failed; empty if it is not known.
        calls: dotted names that the line calls, resolved as far as the names are known: `pandas.DataFrame.pivot`.
        inside: names of the packages' functions that the error went through, the innermost first.
    """

    type: str
    message: str
    text: str = ""
    calls: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """What is searched for: the type, the message, and the call that failed."""
        words = [self.type, self.message[:_MOST_MESSAGE], *(each.rpartition(".")[2] for each in self.calls)]
        return " ".join(word for word in words if word).strip()

    @property
    def told(self) -> str:
        """The same for a person: type, message and line."""
        said = f"{self.type}: {self.message}" if self.message else self.type
        return f"{said} (in {self.text})" if self.text else said


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a question.

    Attributes:
        imports: names in the work and what they stand for: `pd` -> `pandas`, `KMeans` -> `sklearn.cluster.KMeans`.
        types: variables and their types: `df` -> `pandas.DataFrame`.
        error: the last one; None if nothing failed.
    """

    imports: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    error: SeenError | None = None

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that are imported, or whose objects are there, each once."""
        dotted = [*self.imports.values(), *self.types.values()]
        return tuple(dict.fromkeys(each.partition(".")[0] for each in dotted))

    def resolved(self, code: str) -> str | None:
        """Return what a dotted name of the work stands for: `df.pivot` -> `pandas.DataFrame.pivot`; None if unknown."""
        first, _, rest = code.partition(".")
        known = self.imports.get(first) or self.types.get(first)
        return None if known is None else f"{known}.{rest}" if rest else known

    def mentioned(self, text: str) -> tuple[str, ...]:
        """Return what the names in a text stand for, those that are known here, each once."""
        found = (self.resolved(each) for each in _CODE.findall(text))
        return tuple(dict.fromkeys(each for each in found if each is not None))


NOTHING: Final = Surroundings()


def of_namespace(namespace: Mapping[str, object]) -> Surroundings:
    """Take names and types out of a namespace."""
    imports: dict[str, str] = {}
    types: dict[str, str] = {}
    for name, value in list(namespace.items()):
        if name.startswith("_") or name in _SHELL:
            continue
        if isinstance(value, ModuleType):
            imports[name] = value.__name__
        elif isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
            if place := _place(value):
                imports[name] = place
        elif place := _place(type(value)):
            types[name] = place
    return Surroundings(imports, types)


def of_source(source: str) -> Surroundings:
    """Take the imports out of Python, or out of cells joined by blank lines; what does not parse is passed over."""
    imports: dict[str, str] = {}
    for tree in _trees(source):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    imports[each.asname or each.name.partition(".")[0]] = (
                        each.name if each.asname else each.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imports |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return Surroundings({name: place for name, place in imports.items() if name != "*"})


def imported_in(text: str) -> set[str]:
    """Return the top names that a text imports, as far as its lines say so; it need not parse."""
    found: set[str] = set()
    for match in _IMPORT.finditer(text):
        parts = [match[1]] if match[1] else (match[2] or "").split(",")
        found |= {part.strip().partition(" ")[0].partition(".")[0] for part in parts}
    return {each for each in found if each.isidentifier()}


def seen_error(error: BaseException, line: str, around: Surroundings) -> SeenError:
    """Take from an exception what can be looked for.

    Args:
        line: that of the user's code that failed; empty if it is not known.
    """
    calls = tuple(dict.fromkeys(each for name in _called(line) if (each := around.resolved(name) or name)))
    return SeenError(type(error).__name__, _message(error), line.strip(), calls, tuple(_packages_frames(error)))


def error_in_words(kind: str, message: str, line: str, around: Surroundings) -> SeenError:
    """Do as `seen_error` for an error of which only the words are there."""
    calls = tuple(dict.fromkeys(around.resolved(name) or name for name in _called(line)))
    return SeenError(kind, " ".join(message.split()), line.strip(), calls)


def _message(error: BaseException) -> str:
    return " ".join(str(error).split())


def _place(value: object) -> str | None:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module in _OWN or "<" in name:
        return None
    return f"{module}.{name}"


def _trees(source: str) -> Iterator[ast.Module]:
    try:
        yield ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        for part in source.split("\n\n"):
            try:
                yield ast.parse(part)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue


def _called(line: str) -> Iterator[str]:
    """Return the dotted names that a line calls or indexes, the outermost first."""
    try:
        tree = ast.parse(line.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from (match[1] for match in re.finditer(r"([A-Za-z_][\w.]*)\s*\(", line))
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _dotted(node.func)):
            yield name


def _dotted(node: ast.expr) -> str:
    """Write `a.b.c`; of a call in between only what follows it is known."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""


def _packages_frames(error: BaseException) -> Iterator[str]:
    import traceback

    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    for frame in reversed(frames):
        module = str(frame.f_globals.get("__name__", ""))
        name = frame.f_code.co_qualname if hasattr(frame.f_code, "co_qualname") else frame.f_code.co_name
        if module not in _OWN and "<" not in name:
            yield f"{module}.{name}"
