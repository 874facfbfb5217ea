"""What can be read off a function without calling it: its hash, the keys it writes, the nodes it may go to.

1. The hash is of the code as it means something: comments and layout do not count, a changed constant does.
2. What cannot be read is not guessed: no source, no claim.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from types import CodeType
from typing import Any, Final
from weakref import WeakKeyDictionary


@dataclass(frozen=True, slots=True)
class Reading:
    """What a function's source says.

    Attributes:
        hash: the same for the same code.
        writes: the keys of the dict that every `return` gives; None if that cannot be told.
        texts: every text constant, among them the names of nodes that it may go to; None without code.
        commands: whether it makes a `Command` or a `Send`.
        stops: whether it may stop the run: it raises, or calls something that could raise or ask a person.
    """

    hash: str
    writes: frozenset[str] | None = None
    texts: frozenset[str] | None = None
    commands: bool = False
    stops: bool = True


_GOING: Final = frozenset({"Command", "Send", "send"})
"""What a node is made of that says itself where to go."""

_known: WeakKeyDictionary[CodeType, Reading] = WeakKeyDictionary()


def read(function: Callable[..., Any]) -> Reading:
    """Return what the source of a function, or of a callable object's class, says; or what the object says itself."""
    if isinstance(own := getattr(function, "reading", None), Reading):
        return own
    target = plain(function)
    code = getattr(target, "__code__", None)
    if code is None:
        return Reading(_hash(f"{type(target).__module__}.{type(target).__qualname__}"))
    if code not in _known:
        _known[code] = _read(target, code)
    return _known[code]


def plain(function: Any) -> Any:
    """The function inside partials, decorators, bound methods and callable objects."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif inspect.ismethod(function):
            function = function.__func__
        elif not hasattr(function, "__code__") and inspect.ismethod(getattr(function, "__call__", None)):  # noqa: B004
            function = function.__call__
        else:
            return function


def _read(target: Any, code: CodeType) -> Reading:
    tree = _tree(target)
    if tree is None:
        codes = [*_codes(code)]
        return Reading(
            hash=_hash(_meaning(code)),
            texts=frozenset(text for one in codes for text in one.co_consts if isinstance(text, str)),
            commands=any(_GOING & {*one.co_names} for one in codes),
        )
    returns = [node for node in _own(tree) if isinstance(node, ast.Return)]
    return Reading(
        hash=_hash(ast.dump(_without_docstring(tree))),
        writes=_written(returns),
        texts=frozenset(
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ),
        commands=any(isinstance(node, ast.Call) and _called(node.func) in _GOING for node in ast.walk(tree)),
        stops=any(isinstance(node, ast.Raise | ast.Call) for node in ast.walk(tree)),
    )


def _tree(target: Any) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function's syntax tree; None for lambdas, whose source lines hold more than themselves."""
    try:
        module = ast.parse(textwrap.dedent(inspect.getsource(target)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    first = module.body[0] if module.body else None
    return first if isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _own(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return found


def _written(returns: list[ast.Return]) -> frozenset[str] | None:
    keys: frozenset[str] | None = None
    for one in returns:
        if not isinstance(one.value, ast.Dict):
            return None
        names = [key.value for key in one.value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
        if len(names) != len(one.value.keys):
            return None
        keys = frozenset(names) if keys is None else keys & frozenset(names)
    return keys


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _without_docstring(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
    tree.decorator_list = []
    if ast.get_docstring(tree, clean=False) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    return tree


def _meaning(code: CodeType) -> str:
    """Bytecode and constants, inner functions included: for code whose text is nowhere (`python -c`, lambdas)."""
    inner = [_meaning(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts]
    return repr((code.co_code, code.co_names, inner))


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a function and of those inside it."""
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
