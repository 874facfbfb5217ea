"""Parameters of a notebook: what its parameters cell declares, and whether what is given fits.

1. The cell is read, never run: before any kernel starts, a name that is not there, a value of a wrong type and a value
   that is missing are errors that say where and what to do.
2. An annotation is a promise and is kept. A default without one only says how a word of the command line is meant:
   notebooks written for papermill, whose values have any type, run unchanged.
3. papermill's rules stand: the cell is the first that has the tag `parameters`; a notebook without one takes any name.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from victor_nb.errors import nearest
from victor_nb.pipelines.parameters.annotations import ANYTHING, type_in, type_of_annotation, type_of_default
from victor_nb.pipelines.parameters.cell_syntax import code_cells, is_python, parsed, source_of, tags_of
from victor_nb.pipelines.parameters.errors import (
    MissingParameter,
    UnknownParameter,
    UnreadableParameters,
    WrongParameter,
)
from victor_nb.pipelines.parameters.literals import Names, NotSpelledOut, imported_names, value_of
from victor_nb.pipelines.parameters.types import Misfit, ParameterType

TAG: Final = "parameters"
INJECTED_TAG: Final = "injected-parameters"
_COMMENT: Final = re.compile(r"#\s*(?:type:\s*(?P<type>\S+)\s*)?(?P<help>.*)")
_LONGEST_SHOWN: Final = 80


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""The default of a parameter that only running the cell would tell."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One name that a parameters cell binds.

    Attributes:
        type: by the annotation or the type comment; else by the default.
        is_checked: whether `type` is a promise, made by an annotation or a type comment.
        annotation: as it is written; empty without one.
        default: as it is written; None if a value must be given.
        value: the default's value where the code spells it out, else `UNKNOWN`.
        help: the comment behind it.
        line: in the parameters cell, from 1.
    """

    name: str
    type: ParameterType
    is_checked: bool
    annotation: str
    default: str | None
    value: object
    help: str
    line: int


@dataclass(frozen=True, slots=True)
class Declared:
    """What a notebook says of its parameters.

    Attributes:
        is_open: any name is taken, because nothing is declared: there is no parameters cell, or it is not Python.
        warning: a sentence for the person who gives parameters to such a notebook; empty if there is no need.
    """

    parameters: tuple[Parameter, ...] = ()
    is_open: bool = False
    warning: str = ""

    def named(self, name: str) -> Parameter | None:
        """Return the parameter of that name."""
        return next((one for one in self.parameters if one.name == name), None)


def declared(notebook: Mapping[str, object], where: str = "") -> Declared:
    """Return the parameters that a notebook, as nbformat or JSON gives it, declares.

    Raises: UnreadableParameters if the parameters cell is no Python.
    """
    cells = code_cells(notebook)
    tagged = next(((place, cell) for place, cell in cells if TAG in tags_of(cell)), None)
    if tagged is None:
        warning = "no cell has the tag 'parameters', so the values are set above the first cell"
        return Declared(is_open=True, warning=warning)
    if not is_python(notebook):
        return Declared(is_open=True)
    text = source_of(tagged[1])
    if (module := parsed(text)) is None:
        raise _unreadable(text, where)
    return Declared(tuple(_parameters(module, text, _names_until(cells, tagged[0]))))


def read_words(known: Declared, words: Mapping[str, str], where: str = "") -> dict[str, object]:
    """Return what the words of a command line (`-p name=word`) mean, by the parameters' types.

    Raises: UnknownParameter, WrongParameter.
    """
    return {name: _read(_of_name(known, name, where), word, where) for name, word in words.items()}


def check(known: Declared, given: Mapping[str, object], where: str = "") -> dict[str, object]:
    """Return what is given as the types that are declared; `where` names the notebook in errors.

    Raises: UnknownParameter, WrongParameter, MissingParameter.
    """
    typed = {name: _fit(_of_name(known, name, where), value, where) for name, value in given.items()}
    for one in known.parameters:
        if one.default is None and one.name not in typed:
            raise MissingParameter(
                f"parameter {one.name!r} has no default and was not given",
                _place(one, where),
                f"give it a value ({one.name}: {one.type}), or write a default into the parameters cell",
            )
    return typed


def _of_name(known: Declared, name: str, where: str) -> Parameter:
    if (found := known.named(name)) is not None:
        return found
    if not known.is_open:
        names = [one.name for one in known.parameters]
        hint = f"it has: {', '.join(names)}" if names else "its parameters cell declares none"
        raise UnknownParameter(f"there is no parameter {name!r}.{nearest(name, names)}", where, hint)
    return Parameter(name, ANYTHING, False, "", "", UNKNOWN, "", 0)


def _fit(one: Parameter, value: object, where: str) -> object:
    if not one.is_checked:
        return value
    try:
        return one.type.fit(value)
    except Misfit as misfit:
        raise _wrong(one, misfit, where) from None


def _read(one: Parameter, word: str, where: str) -> object:
    try:
        return one.type.read(word)
    except Misfit as misfit:
        if one.is_checked:
            raise _wrong(one, misfit, where) from None
        return ANYTHING.read(word)


def _wrong(one: Parameter, misfit: Misfit, where: str) -> WrongParameter:
    shown = repr(misfit.got)
    if len(shown) > _LONGEST_SHOWN:
        shown = f"{shown[:_LONGEST_SHOWN]}… ({type(misfit.got).__name__})"
    elif not isinstance(misfit.got, str):
        shown += f" ({type(misfit.got).__name__})"
    return WrongParameter(
        f"parameter {one.name + misfit.path!r} must be {misfit.expected}, not {shown}",
        _place(one, where),
        f"it is declared as {one.name}: {one.annotation or one.type}",
    )


def _place(one: Parameter, where: str) -> str:
    return f"{where + ', ' if where else ''}line {one.line} of the parameters cell"


def _unreadable(text: str, where: str) -> UnreadableParameters:
    try:
        ast.parse(text)
        what = "another language"
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        what = f"line {getattr(problem, 'lineno', None) or 1}: {getattr(problem, 'msg', problem)}"
    return UnreadableParameters(
        f"the parameters cell cannot be read as Python: {what}", where, "correct the cell that has the tag 'parameters'"
    )


def _names_until(cells: list[tuple[int, Mapping[str, object]]], last: int) -> Names:
    """What is imported up to the parameters cell, whose annotations and defaults it explains."""
    names: dict[str, str] = {}
    for place, cell in cells:
        if place <= last and (module := parsed(source_of(cell))) is not None:
            names |= imported_names(module.body)
    return names


# -- reading the cell ------------------------------------------------------------------------------------------------


def _parameters(module: ast.Module, text: str, names: Names) -> Iterator[Parameter]:
    """The parameters of a cell in the order of their first binding, each as it is bound last."""
    found: dict[str, Parameter] = {}
    comments = _comments(text)
    for statement in module.body:
        for one in _bound(statement, names, comments.get(statement.end_lineno or 0, "")):
            before = found.get(one.name)
            if before is not None and not one.annotation and before.annotation:
                one = _with_default(before, one)  # `x: int` declared, then `x = 1`
            found[one.name] = one
    yield from found.values()


def _bound(statement: ast.stmt, names: Names, comment: str) -> Iterator[Parameter]:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            kind = type_of_annotation(annotation, names)
            yield _parameter(name, value, statement.lineno, comment, names, kind, _written(annotation))
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _assigned(target, value, statement.lineno, comment, names)
        case ast.If() | ast.Try() | ast.With() | ast.For() | ast.While() | ast.Match():
            # Bound on some path only, to what only running it would tell.
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield Parameter(node.id, ANYTHING, False, "", "", UNKNOWN, "", node.lineno)


def _assigned(target: ast.expr, value: ast.expr | None, line: int, comment: str, names: Names) -> Iterator[Parameter]:
    match target:
        case ast.Name(id=name):
            yield _parameter(name, value, line, comment, names, None, "")
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            values: list[ast.expr | None] = [None] * len(parts)
            spelled = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(parts)
            if isinstance(value, ast.Tuple | ast.List) and spelled:
                values = list(value.elts)
            for part, one in zip(parts, values, strict=True):
                yield from _assigned(part, one or ast.Name(id="_"), line, comment, names)
        case ast.Starred(value=inner):
            yield from _assigned(inner, ast.Name(id="_"), line, comment, names)


def _parameter(
    name: str,
    default: ast.expr | None,
    line: int,
    comment: str,
    names: Names,
    kind: ParameterType | None,
    annotation: str,
) -> Parameter:
    said = _COMMENT.match(comment)
    if kind is None and said is not None and said["type"]:
        kind, annotation = type_in(said["type"], names), said["type"]
    value: object = UNKNOWN
    if default is not None:
        try:
            value = value_of(default, names)
        except NotSpelledOut:
            value = UNKNOWN
    return Parameter(
        name=name,
        type=kind if kind is not None else type_of_default(value),
        is_checked=kind is not None,
        annotation=annotation,
        default=None if default is None else _written(default),
        value=value,
        help=said["help"].strip() if said is not None else "",
        line=line,
    )


def _with_default(before: Parameter, now: Parameter) -> Parameter:
    return Parameter(
        before.name, before.type, before.is_checked, before.annotation, now.default, now.value,
        now.help or before.help, now.line,
    )  # fmt: skip


def _written(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return repr(node.value)
    try:
        return ast.unparse(node)
    except ValueError:  # some nested f-strings cannot be written by older Pythons
        return "…"


def _comments(text: str) -> dict[int, str]:
    """Comments by their line; none if the cell has magics that Python cannot split into words."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return {}
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
