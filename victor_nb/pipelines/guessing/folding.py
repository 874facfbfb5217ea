"""From an expression in a notebook to the path that it stands for, as far as the code spells it out.

Parameters of the notebook become templates (`models/{{ model }}.pkl`), other names what they were last given at the top
level; what only running would tell is `*` inside of a path that is known otherwise.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import Final

UNKNOWN: Final = "*"
_PATHS: Final = frozenset({"Path", "PurePath", "PosixPath", "str", "fspath", "open_path"})
_JOINS: Final = frozenset({"join", "joinpath"})
_HERE: Final = frozenset({"cwd", "getcwd"})
_UNCHANGED: Final = frozenset({"resolve", "absolute", "expanduser", "as_posix", "strip"})


def folded(node: ast.expr, names: Mapping[str, str], parameters: Collection[str]) -> str | None:
    """Return the path that an expression stands for; None if nothing of it is known.

    Args:
        names: what other names stand for.
        parameters: names that become templates.
    """
    path = _folded(node, names, parameters)
    return path if path is not None and path.strip("*/. ") else None


def _folded(node: ast.expr, names: Mapping[str, str], parameters: Collection[str]) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return f"{{{{ {node.id} }}}}" if node.id in parameters else names.get(node.id)
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(part, names, parameters) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Add | ast.Mod):
        return _joined(node, names, parameters)
    if isinstance(node, ast.Call):
        return _called(node, names, parameters)
    return None


def _part(part: ast.expr, names: Mapping[str, str], parameters: Collection[str]) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    if isinstance(part, ast.FormattedValue) and part.format_spec is None:
        return _folded(part.value, names, parameters) or UNKNOWN
    return UNKNOWN


def _joined(node: ast.BinOp, names: Mapping[str, str], parameters: Collection[str]) -> str | None:
    left, right = _folded(node.left, names, parameters), _folded(node.right, names, parameters)
    if isinstance(node.op, ast.Mod):  # "part-%d.csv" % n
        return None
    if left is None and right is None:
        return None
    if isinstance(node.op, ast.Div):
        return _with(left or UNKNOWN, right or UNKNOWN)
    return f"{left or UNKNOWN}{right or UNKNOWN}"


def _called(node: ast.Call, names: Mapping[str, str], parameters: Collection[str]) -> str | None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    arguments = [one for one in node.args if not isinstance(one, ast.Starred)]
    if name in _HERE and not arguments:
        return "."
    if isinstance(node.func, ast.Attribute):
        inner = _folded(node.func.value, names, parameters)
        if name in _UNCHANGED:
            return inner
        if name in ("with_suffix", "with_name") and inner is not None and arguments:
            return _renamed(inner, name, _folded(arguments[0], names, parameters))
        if name == "format":
            return None
        if name == "joinpath" and inner is not None:
            return _all_of([inner, *(_folded(one, names, parameters) for one in arguments)])
    if name in _PATHS or name in _JOINS:
        return _all_of([_folded(one, names, parameters) for one in arguments]) if arguments else "."
    return None


def _all_of(parts: list[str | None]) -> str | None:
    if all(part is None for part in parts):
        return None
    whole = parts[0] or UNKNOWN
    for part in parts[1:]:
        whole = _with(whole, part or UNKNOWN)
    return whole


def _with(left: str, right: str) -> str:
    """Join as paths are joined: what is absolute begins anew."""
    if right.startswith("/") or left in ("", "."):
        return right
    return f"{left.rstrip('/')}/{right.removeprefix('./')}"


def _renamed(path: str, how: str, new: str | None) -> str | None:
    if new is None:
        return None
    folder, slash, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return f"{folder}{slash}{stem}{new}" if how == "with_suffix" else f"{folder}{slash}{new}"
