"""Expressions and templates: what `when`, `for_each` and `{{ … }}` hold, in Jinja's language.

1. A text that is one `{{ expression }}` and nothing else has the expression's value, whatever its type; any other
   template is text, with values written into it.
2. Only the source is kept, so that nodes can be sent to other processes; what it compiles to is remembered beside.
3. What it reads is known before it runs: a loader checks the names and orders nodes by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from victor_nb.workflows.yaml_file.errors import ExpressionFailed, InvalidExpression
from victor_nb.workflows.yaml_file.places import Place

if TYPE_CHECKING:
    from jinja2 import nodes

LONGEST_CHARS: Final = 100_000
_NO_VALUE: Final = (
    *(ArithmeticError, LookupError, TypeError, ValueError, AttributeError),
    *(RecursionError, MemoryError, SyntaxError),  # nested too deeply for Python's own compiler
)
TEMPLATE_WORDS: Final = frozenset(
    [
        *("true", "false", "none", "null", "True", "False", "None", "not", "and", "or", "in", "is", "if", "elif"),
        *("else", "endif", "for", "endfor", "set", "loop", "self", "super", "caller", "varargs", "kwargs"),
        *("range", "len"),
    ]
)
"""Words with a meaning of their own in templates, which therefore cannot name a value."""
Compute = Callable[[Mapping[str, object]], object]
Locate = Callable[[int], Place]
"""From the number of a line of a text, from 1, to its place in the file."""

LocateBelow = Callable[[tuple[str | int, ...], int], Place]
Prepared = object
"""A value as a file gives it, with a `Template` in place of every text that holds an expression."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text with expressions in it, or an expression.

    Attributes:
        place: in the file, for errors; None for one that is in no file.
        is_expression: whether all of the source is an expression, without braces.
        names: of the values that it needs.
    """

    source: str
    place: Place | None = field(default=None, compare=False)
    is_expression: bool = False
    names: frozenset[str] = field(default=frozenset(), compare=False)

    def value(self, scope: Mapping[str, object]) -> object:
        """Return its value where names mean what `scope` says.

        Raises:
            ExpressionFailed: a name or field is missing, an operation does not fit its values, or a result is too big.
        """
        from jinja2 import TemplateError, UndefinedError

        try:
            return _compiled(self.source, self.is_expression)(scope)
        except (TemplateError, *_NO_VALUE) as error:
            where = str(self.place) if self.place else ""
            said = str(error) or type(error).__name__
            hint = "what may be missing is written `name | default(…)`" if isinstance(error, UndefinedError) else ""
            raise ExpressionFailed(f"{_shown(self.source)} has no value: {said}", where, hint) from error


def template(source: str, locate: Locate | None = None) -> Template:
    """Return a checked text with `{{ … }}`.

    Args:
        locate: tells where the lines of the text are written.

    Raises:
        InvalidExpression: what stands between braces is no expression, or they are not closed.
    """
    return _checked(source, False, locate)


def expression(source: str, locate: Locate | None = None) -> Template:
    """Return a checked expression, written with or without braces around all of it.

    Raises:
        InvalidExpression: it is none.
    """
    if "{{" not in source:
        return _checked(source, True, locate)
    found = _checked(source, False, locate)
    if _only_expression(_parsed(source, False)) is None:
        what = f"{_shown(source)} is a text, not a value"
        hint = "write the expression without braces: `when: a and b`"
        raise InvalidExpression.at(found.place, what, hint)
    return found


def is_template(text: str) -> bool:
    """Return whether a text holds anything to be filled in."""
    return "{{" in text or "{%" in text or "{#" in text


def _checked(source: str, is_expression: bool, locate: Locate | None) -> Template:
    from jinja2 import TemplateSyntaxError

    place = locate(1) if locate else None
    if len(source) > LONGEST_CHARS:
        what = f"a text of {len(source):,} characters with expressions; {LONGEST_CHARS:,} are allowed"
        raise InvalidExpression.at(place, what, "keep long texts in files that a handler reads")
    if is_expression and not source.strip():
        raise InvalidExpression.at(place, "the expression is empty")
    try:
        names = _names(source, is_expression)
    except TemplateSyntaxError as error:
        place = locate(error.lineno) if locate else None
        raise InvalidExpression.at(place, f"{_shown(source)}: {error.message}", _hint(source, is_expression)) from None
    except (RecursionError, MemoryError):
        raise InvalidExpression.at(place, f"{_shown(source)} nests too deeply") from None
    return Template(source, place, is_expression, names)


def _names(source: str, is_expression: bool) -> frozenset[str]:
    """Return the names of the values that a source needs, and refuse what is no template.

    Compiling would tell the same and take twice as long: files have thousands of expressions, and a run is not always
    what they are loaded for.
    """
    from jinja2 import TemplateSyntaxError, meta

    from victor_nb.workflows.yaml_file.sandbox import sandbox

    tree = _parsed(source, is_expression)
    for _ in meta.find_referenced_templates(tree):
        raise TemplateSyntaxError("other templates cannot be included here", 1)
    return frozenset(meta.find_undeclared_variables(tree)) - sandbox().globals.keys()


@lru_cache(maxsize=4096)
def _compiled(source: str, is_expression: bool) -> Compute:
    """Return what computes the value."""
    from jinja2 import nodes
    from jinja2.environment import TemplateExpression

    from victor_nb.workflows.yaml_file.sandbox import sandbox

    environment, tree = sandbox(), _parsed(source, is_expression)
    only = _only_expression(tree)
    if only is None:
        return environment.from_string(tree).render
    kept = nodes.Template([nodes.Assign(nodes.Name("result", "store"), only, lineno=1)], lineno=1)
    kept.set_environment(environment)
    return _value_of(TemplateExpression(environment.from_string(kept), undefined_to_none=False))


def _value_of(compute: Compute) -> Compute:
    from jinja2 import Undefined

    from victor_nb.workflows.yaml_file.sandbox import whole

    def value(scope: Mapping[str, object]) -> object:
        found = compute(scope)
        if isinstance(found, Undefined):
            str(found)  # raises, with what is missing
        return whole(found)

    return value


def _parsed(source: str, is_expression: bool) -> nodes.Template:
    from jinja2 import nodes
    from jinja2.parser import Parser

    from victor_nb.workflows.yaml_file.sandbox import sandbox

    if not is_expression:
        return sandbox().parse(source)
    parser = Parser(sandbox(), source, state="variable")
    tree = parser.parse_expression()
    if not parser.stream.eos:
        parser.fail(f"{parser.stream.current.value!r} follows an expression that is complete")
    body: list[nodes.Node] = [nodes.Output([tree], lineno=1)]
    return nodes.Template(body, lineno=1).set_environment(sandbox())  # type: ignore[return-value]


def _only_expression(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression of `{{ … }}` that has nothing around it but blanks."""
    from jinja2 import nodes

    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return None
    parts = [
        part for part in tree.body[0].nodes if not (isinstance(part, nodes.TemplateData) and not part.data.strip())
    ]
    return parts[0] if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData) else None


def prepare(value: object, locate: LocateBelow | None = None) -> Prepared:
    """Return `value` with its templates checked.

    Args:
        locate: tells where the lines of the text at a path inside `value` are written.

    Raises:
        InvalidExpression: for the first text that cannot be read.
    """
    return _prepared(value, (), locate)


def _prepared(value: object, path: tuple[str | int, ...], locate: LocateBelow | None) -> Prepared:
    if isinstance(value, str):
        return template(value, (lambda line: locate(path, line)) if locate else None) if is_template(value) else value
    if isinstance(value, Mapping):
        return {key: _prepared(below, (*path, key), locate) for key, below in value.items()}
    if isinstance(value, list):
        return [_prepared(below, (*path, index), locate) for index, below in enumerate(value)]
    return value


def filled(prepared: Prepared, scope: Mapping[str, object]) -> object:
    """Return the value of what `prepare` returned.

    Raises: ExpressionFailed.
    """
    if isinstance(prepared, Template):
        return prepared.value(scope)
    if isinstance(prepared, Mapping):
        return {key: filled(below, scope) for key, below in prepared.items()}
    if isinstance(prepared, list):
        return [filled(below, scope) for below in prepared]
    return prepared


def templates_in(prepared: Prepared) -> Iterator[Template]:
    """Yield every template in what `prepare` returned."""
    if isinstance(prepared, Template):
        yield prepared
    elif isinstance(prepared, Mapping):
        for below in prepared.values():
            yield from templates_in(below)
    elif isinstance(prepared, list):
        for below in prepared:
            yield from templates_in(below)


def _shown(source: str) -> str:
    one_line = " ".join(source.split())
    return f"`{one_line if len(one_line) <= 80 else one_line[:77] + '...'}`"


def _hint(source: str, is_expression: bool) -> str:
    if "&&" in source or "||" in source:
        return "write `and` and `or`"
    if "!" in source.replace("!=", ""):
        return "write `not`"
    if "=" in source and "==" not in source:
        return "to compare, write =="
    return "" if is_expression else "to keep braces as they are, write {% raw %}{{ … }}{% endraw %}"
