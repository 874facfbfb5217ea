"""What a node type has at hand while it makes a node of a file: the file's places, its handlers, its neighbours.

1. A mistake is noted at its place and building goes on: all are told together.
2. What could not be made is None, and a mistake says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from victor_nb.workflows.yaml_file.documents import Document, Key
from victor_nb.workflows.yaml_file.errors import InvalidExpression
from victor_nb.workflows.yaml_file.expressions import Locate, Prepared, Template, expression, prepare
from victor_nb.workflows.yaml_file.handlers import Handlers, NotFound
from victor_nb.workflows.yaml_file.mistakes import Mistake, listed, near
from victor_nb.workflows.yaml_file.places import Place
from victor_nb.workflows.yaml_file.type_names import UnknownType, python_type

if TYPE_CHECKING:
    from victor_nb.workflows.graph import Workflow

_MODULE_AND_NAME: Final = re.compile(r"[\w.]+:[\w.]+")
LoadWorkflow = Callable[[str, Place], "Workflow | None"]


@dataclass(frozen=True)
class Building:
    """One node of a file while it is made.

    Attributes:
        path: where the node is in the document.
        values: the names of all values that an expression of the node can read.
        sees: those that the node is shown where it asks for none: of the nodes right before it, and declared state.
        load: loads another workflow, by a path from this file's folder; None, and its mistakes, if it cannot be.
        mistakes: what was found; shared by the whole file.
    """

    document: Document
    path: tuple[Key, ...]
    handlers: Handlers
    values: frozenset[str]
    sees: tuple[str, ...]
    load: LoadWorkflow
    mistakes: list[Mistake] = field(default_factory=list)

    def note(self, key: str, what: str, hint: str = "", *, at_key: bool = False) -> None:
        """Note a mistake at the value of one of the node's keys, or at the key itself."""
        place = self.document.place_of_key if at_key else self.document.place
        self.mistakes.append(Mistake(what, place(*self.path, key), hint))

    def note_input(self, name: str, what: str) -> None:
        """Note a mistake at one of the node's inputs."""
        self.mistakes.append(Mistake(what, self.document.place_of_key(*self.path, "inputs", name)))

    def function(self, key: str, name: str) -> Callable[..., Any] | None:
        """Return the function that a name stands for."""
        try:
            return self.handlers.find(name)
        except NotFound as nothing:
            self.note(key, nothing.what, nothing.hint)
            return None

    def named(self, key: str, name: str) -> Any:
        """Return whatever a name or module:name stands for."""
        try:
            return self.handlers.named(name)
        except NotFound as nothing:
            self.note(key, nothing.what, nothing.hint)
            return None

    def workflow(self, key: str, name: str) -> Workflow | None:
        """Return the workflow that a path, or module:name, stands for."""
        from victor_nb.workflows.graph import Workflow

        if not _MODULE_AND_NAME.fullmatch(name):
            return self.load(name, self.document.place(*self.path, key))
        found = self.named(key, name)
        if found is None or isinstance(found, Workflow):
            return found
        self.note(key, f"{name!r} is a {type(found).__name__}, not a Workflow")
        return None

    def expression(self, key: str, text: str) -> Template | None:
        """Return an expression of the node."""
        try:
            return expression(text, self._lines_of(key))
        except InvalidExpression as error:
            self._note_expression(error)
            return None

    def prepared(self, key: str, given: Any) -> Prepared:
        """Return a value of the node with the templates in it checked, whatever their depth; `Given.fill` fills it."""
        if isinstance(given, Mapping):
            return {name: self._prepared((key, name), value) for name, value in given.items()}
        if isinstance(given, list):
            return [self._prepared((key, index), value) for index, value in enumerate(given)]
        return self._prepared((key,), given)

    def _prepared(self, path: tuple[Key, ...], value: Any) -> Prepared:
        def place(below: tuple[Key, ...], line: int) -> Place:
            return self.document.place_of_line(line, *self.path, *path, *below)

        try:
            return prepare(value, place)
        except InvalidExpression as error:
            self._note_expression(error)
            return value

    def type(self, key: str, written: str) -> Any:
        """Return the Python type that a text means; `Any` where it means none."""
        try:
            return python_type(written)
        except UnknownType as unknown:
            self.note(key, str(unknown))
            return Any

    def check_names(self, templates: Iterable[Template], names: frozenset[str]) -> None:
        """Note names that are no value's."""
        for one in templates:
            for name in sorted(one.names - names):
                hint = f"values are {listed(sorted(names))}" if names else "there are no values yet"
                place = one.place or self.document.place(*self.path)
                self.mistakes.append(Mistake(f"there is no value {name!r}.{near(name, names)}", place, hint))

    def _lines_of(self, key: str) -> Locate:
        return lambda line: self.document.place_of_line(line, *self.path, key)

    def _note_expression(self, error: InvalidExpression) -> None:
        self.mistakes.append(Mistake(error.what, error.place or self.document.place(*self.path), error.hint))
