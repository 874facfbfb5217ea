"""A node as a file describes it: is it to be skipped, what is it given, what becomes of its value.

1. The work itself (`Work`) knows nothing of templates: it is given values and returns one.
2. A skipped node leaves null as its value and its name in `skipped`.
3. Each item of `for_each` is a step of its own: after a kill or a failure, those that are done are not done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from victor_nb.workflows.control import Command, Send
from victor_nb.workflows.runtime import Waiting
from victor_nb.workflows.shape import NodeKind
from victor_nb.workflows.sources import Reading
from victor_nb.workflows.yaml_file.errors import ExpressionFailed
from victor_nb.workflows.yaml_file.expressions import Prepared, Template, filled, templates_in
from victor_nb.workflows.yaml_file.fields import NodeFields
from victor_nb.workflows.yaml_file.type_names import fitting

if TYPE_CHECKING:
    from victor_nb.journal import Effect
    from victor_nb.workflows.graph import Workflow
    from victor_nb.workflows.runtime import Runtime

SKIPPED: Final = "skipped"
ITEM: Final = "item"
INDEX: Final = "index"
WHOLE: Final = "*"
NO_SOURCE: Final = Reading("")


@dataclass(frozen=True, slots=True)
class Given:
    """What a node's work is given.

    Attributes:
        values: all there are, by name; with `item` and `index` inside `for_each`.
        inputs: those that the node names, filled in; None where it names none.
        runtime: None where the work does not want it.
    """

    values: Mapping[str, Any]
    inputs: Mapping[str, Any] | None = None
    runtime: Runtime | None = None

    def fill(self, prepared: Prepared) -> Any:
        """Return a value of the file with its templates filled in.

        Raises: ExpressionFailed.
        """
        return filled(prepared, self.values)


@dataclass(frozen=True)
class Work:
    """What a node does, whatever its type.

    Attributes:
        run: from what is given to the node's value, or to an awaitable of it.
        is_async: whether it returns an awaitable.
        wants_runtime: whether it looks at `Given.runtime`.
        reads: what it fills in besides the inputs, such as the goal.
        needs: names of values that it takes without a template, such as a handler's parameters.
        may_see: names of those that it takes if they are there; None if it may look at all.
        source: what the source of its function says, if there is one.
        about: one sentence for people, where the file has no description.
        inside: the workflow that it runs.
        effect: what it does to the world, where the file does not say.
    """

    run: Callable[[Given], Any]
    kind: NodeKind = "function"
    is_async: bool = False
    wants_runtime: bool = False
    reads: Prepared = None
    needs: frozenset[str] = frozenset()
    may_see: frozenset[str] | None = None
    source: Reading = NO_SOURCE
    about: str = ""
    inside: Workflow | None = None
    effect: Effect | None = None


@dataclass(frozen=True)
class TemplatedNode:
    """Work between templates and state; called with the state as any node is.

    Attributes:
        fields: as written in the file.
        where: the node's place in the file.
        inputs: templates by name; None where the node names none.
        skipped_with: it is skipped when all of these were.
        types: of all declared state, by name: what the node writes there has to fit.
    """

    fields: NodeFields
    work: Work
    where: str = ""
    inputs: Mapping[str, Prepared] | None = None
    when: Template | bool | None = None
    for_each: Prepared = None
    skipped_with: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def reading(self) -> Reading:
        """What the engine needs to know of its source: a change of the file's words is a change of the node."""
        said = self.fields.model_dump(exclude_defaults=True, exclude={"description"})
        digest = blake2b(f"{said}\0{self.work.source.hash}".encode("utf-8", "surrogatepass"), digest_size=8)
        writes = frozenset(self.writes) if self.writes and not self.work.source.commands else None
        return replace(self.work.source, hash=digest.hexdigest(), writes=writes)

    @property
    def writes(self) -> tuple[str, ...]:
        """The keys of the state that it writes whenever it is not skipped; () where only its function knows."""
        return written_by(self.fields)

    @property
    def declared(self) -> frozenset[str]:
        """The names of declared state, which many nodes may write."""
        return frozenset(self.types)

    def reads(self) -> set[str]:
        """The names of all values that it needs."""
        return {*self.work.needs, *(name for text in self.templates() for name in text.names)}

    @property
    def sees(self) -> frozenset[str] | None:
        """The names of all values that it can look at; None for all. No others are sent to another process."""
        if self.work.may_see is None:
            return None
        return frozenset({*self.reads(), *self.work.may_see, SKIPPED} - {ITEM, INDEX})

    def templates(self) -> Iterator[Template]:
        """Everything that it evaluates."""
        yield from templates_in(self.when)
        yield from templates_in(self.for_each)
        yield from templates_in(self.inputs)
        yield from templates_in(self.work.reads)

    def is_skipped(self, values: Mapping[str, Any]) -> bool:
        """Return whether the node has nothing to do here.

        Raises: ExpressionFailed.
        """
        gone = values.get(SKIPPED, ())
        if self.skipped_with and all(name in gone for name in self.skipped_with):
            return True
        return self.when is not None and not filled(self.when, values)

    def given(self, values: Mapping[str, Any], runtime: Runtime | None = None) -> Given:
        """Return what the work is given.

        Raises: ExpressionFailed.
        """
        if self.inputs is None:
            return Given(values, None, runtime)
        return Given(values, {name: filled(value, values) for name, value in self.inputs.items()}, runtime)

    def cache_key(self, values: Mapping[str, Any]) -> object:
        """Return what the value depends on: the inputs, else the values there are."""
        if self.is_skipped(values):
            return None
        items = self.items(values) if self.for_each is not None else None
        names = {name for one in self.templates() for name in one.names}
        read = {name: values[name] for name in sorted(names) if name in values}
        return [items, read if self.inputs is not None else dict(values)]

    def items(self, values: Mapping[str, Any]) -> list[Any]:
        """Return what `for_each` stands for.

        Raises: ExpressionFailed: it has no value, or one that is no list.
        """
        found = filled(self.for_each, values)
        if isinstance(found, Mapping | str | bytes) or not hasattr(found, "__iter__"):
            where = next((str(one.place) for one in templates_in(self.for_each)), self.where)
            hint = "of a mapping, `name | list` are the keys and `name | dictsort` the pairs"
            raise ExpressionFailed(f"for_each of node {self.fields.id!r} is {_shown(found)}, not a list", where, hint)
        return list(found)

    def update(self, value: Any) -> Any:
        """Return the update of the state that a value of the work is.

        Raises:
            ExpressionFailed: the value lacks a field that `output` names.
            InvalidState: a value is not of the type that the file declares.
        """
        if isinstance(value, Command | Send) or _is_commands(value):
            return value
        if self.fields.output == WHOLE:
            return self._typed(dict(value)) if isinstance(value, Mapping) else value
        if not isinstance(self.fields.output, list):
            return self._typed({self.writes[0]: value})
        missing = [name for name in self.writes if not (isinstance(value, Mapping) and name in value)]
        if missing:
            raise ExpressionFailed(
                f"node {self.fields.id!r} returned {_shown(value)}, which has no {', '.join(map(repr, missing))}",
                self.where,
                f"its output is {', '.join(self.writes)}: return a dict with these keys",
            )
        return self._typed({name: value[name] for name in self.writes})

    def _typed(self, update: dict[str, Any]) -> dict[str, Any]:
        types = {name: kind for name, kind in self.types.items() if kind != "any"}
        who = f"node {self.fields.id!r}"
        return {
            name: fitting(value, types[name], f"{name} as {who} returned it", self.where) if name in types else value
            for name, value in update.items()
        }

    def skip(self) -> dict[str, Any]:
        """Return the update of the state that skipping is."""
        return {**{name: None for name in self.writes if name not in self.types}, SKIPPED: [self.fields.id]}


def written_by(fields: NodeFields) -> tuple[str, ...]:
    """Return the keys that a node writes; () where only its function knows."""
    if fields.output == WHOLE:
        return ()
    return tuple(fields.output) if isinstance(fields.output, list) else (fields.output or fields.id,)


def first_line(text: str) -> str:
    """Return what a drawing can show of a text."""
    return text.strip().partition("\n")[0].strip()


def _is_commands(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Command | Send) for one in value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


class PlainNode(TemplatedNode):
    """A function of values and nothing else: may run in another process."""

    def __call__(self, state: Any) -> Any:
        if self.is_skipped(state):
            return self.skip()
        return self.update(self.work.run(self.given(state)))


class RuntimeNode(TemplatedNode):
    """A function that wants the runtime too."""

    def __call__(self, state: Any, runtime: Runtime) -> Any:
        if self.is_skipped(state):
            return self.skip()
        return self.update(self.work.run(self.given(state, runtime)))


class AwaitedNode(TemplatedNode):
    """Work that is awaited: an agent, a question, another workflow, a tool, an `async def`."""

    async def __call__(self, state: Any, runtime: Runtime) -> Any:
        if self.is_skipped(state):
            return self.skip()
        return self.update(await self.work.run(self.given(state, runtime)))


class EachNode(TemplatedNode):
    """Work that is done for each item of a list, several at once, in threads where it is not awaited."""

    async def __call__(self, state: Any, runtime: Runtime) -> Any:
        if self.is_skipped(state):
            return self.skip()
        turns = asyncio.Semaphore(self.fields.parallel)

        async def one(index: int, item: Any) -> Any:
            async with turns:
                given = self.given({**state, ITEM: item, INDEX: index}, runtime)
                return await runtime.run.step(
                    self.fields.id, lambda: _in_thread(self.work, given), kind="item", inputs={INDEX: index}
                )

        work = (one(index, item) for index, item in enumerate(self.items(state)))
        return self.update(_all_or_raise(await asyncio.gather(*work, return_exceptions=True)))


def _all_or_raise(results: list[Any]) -> list[Any]:
    """Return the results, or raise what went wrong: a failure before questions, the first with the others as cause."""
    broken = [one for one in results if isinstance(one, BaseException)]
    questions = [one for one in broken if isinstance(one, Waiting)]
    failures = [one for one in broken if not isinstance(one, Waiting)]
    if failures:
        first, *others = failures
        if others:
            raise first from BaseExceptionGroup("other items failed as well", others)
        raise first
    if questions:
        raise Waiting(*(question for one in questions for question in one.interrupts))
    return results


async def _in_thread(work: Work, given: Given) -> Any:
    if work.is_async:
        return await work.run(given)
    return await asyncio.to_thread(work.run, given)


def node_class(work: Work, fields: NodeFields) -> type[TemplatedNode]:
    """Return the class whose call fits the work."""
    if fields.for_each is not None:
        return EachNode
    if work.is_async:
        return AwaitedNode
    return RuntimeNode if work.wants_runtime else PlainNode
