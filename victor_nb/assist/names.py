"""By which name a user knows what a package defines: `pandas.DataFrame`, not `pandas.core.frame.DataFrame`.

1. Read out of the imports that the `__init__` files of a package make from its modules; nothing is imported.
2. The shortest name wins on which no part begins with an underscore; without one the name is where it is defined.
3. What a class that nobody can import gives to one that is offered (`NDFrame.fillna` to `DataFrame`, `StringMethods` to
   `Series.str`) is known by the latter: the one that defines the most, or for what hangs on an attribute (`.str`) the
   one that the package's examples use the most.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

Place: TypeAlias = tuple[str, str]
"""A module and a name in it."""

_MOST_STEPS: Final = 400
"""Places that are looked at for one name; a package whose modules import each other in circles has no end."""


class PublicNames:
    """Follows a definition to the places from which a package offers it.

    Args:
        used: how often the package's examples have each word; counted on while the package is learned.
    """

    def __init__(self, used: Mapping[str, int]) -> None:
        self._used = used
        self._packages: set[str] = set()
        self._offered: defaultdict[Place, list[Place]] = defaultdict(list)
        self._star: defaultdict[str, list[str]] = defaultdict(list)
        self._heirs: defaultdict[str, list[tuple[int, Place, str]]] = defaultdict(list)
        self._known: dict[Place, Place] = {}

    def learn(self, tree: ast.Module, module: str, *, is_package: bool) -> None:
        """Note what a module imports from others of its package and so offers, and which classes follow which."""
        self._learn_heirs(tree, module)
        if is_package:
            self._packages.add(module)
        for node in _imports(tree.body):
            origin = _origin(node, module, is_package=is_package)
            if origin.partition(".")[0] != module.partition(".")[0]:
                continue
            for each in node.names:
                if each.name == "*":
                    self._star[origin].append(module)
                else:
                    self._offered[origin, each.name].append((module, each.asname or each.name))

    def of(self, module: str, name: str) -> tuple[str, str]:
        """Return the module from which a name is best imported, and the name there; what is inside a class stays so."""
        outer, dot, inner = name.partition(".")
        place, found = self._best((module, outer))
        if place == module and inner and (heir := self._heir(outer)) is not None:
            (place, found), within = heir
            return place, ".".join(filter(None, (found, within, inner)))
        return place, f"{found}{dot}{inner}"

    def _learn_heirs(self, tree: ast.Module, module: str) -> None:
        for node in tree.body:
            if not isinstance(node, ast.ClassDef):
                continue
            place = (module, node.name)
            for base in node.bases:
                self._heirs[_last(base)].append((len(node.body), place, ""))
            for each in node.body:
                if isinstance(each, ast.Assign) and isinstance(each.value, ast.Call):
                    names = [_last(part) for part in each.value.args]
                    attribute = _last(each.targets[0])
                    for name in filter(None, names):
                        self._heirs[name].append((len(node.body), place, attribute))

    def _heir(self, name: str) -> tuple[Place, str] | None:
        """Return the offered class that gets most from a class, and the attribute under which if there is one."""
        found: list[tuple[int, Place, str]] = []
        seen, waiting = {name}, [name]
        while waiting and len(seen) < _MOST_STEPS:
            for size, place, attribute in self._heirs.get(waiting.pop(), ()):
                best = self._best(place)
                if best != place:
                    found.append((size, best, attribute))
                elif place[1] not in seen and not attribute:
                    seen.add(place[1])
                    waiting.append(place[1])
        if not found:
            return None
        _, best, attribute = max(found, key=self._weight)
        return best, attribute

    def _weight(self, heir: tuple[int, Place, str]) -> tuple[int, int, Place]:
        size, place, attribute = heir
        return self._used.get(place[1], 0) if attribute else 0, size, place

    def _best(self, begin: Place) -> Place:
        if begin not in self._known:
            # What a module of code imports it uses; what a package's `__init__` imports it offers.
            found = [each for each in self._all(begin) if each == begin or each[0] in self._packages]
            self._known[begin] = min(found, key=_preference)
        return self._known[begin]

    def _all(self, begin: Place) -> Sequence[Place]:
        seen, waiting = {begin: None}, [begin]
        while waiting and len(seen) < _MOST_STEPS:
            module, name = waiting.pop()
            starred = [] if name.startswith("_") else [(each, name) for each in self._star.get(module, ())]
            for place in [*self._offered.get((module, name), ()), *starred]:
                if place not in seen:
                    seen[place] = None
                    waiting.append(place)
        return list(seen)


def is_public(name: str) -> bool:
    """Answer whether no part of a dotted name is private."""
    return not any(part.startswith("_") for part in name.split("."))


def is_same(meant: str, name: str) -> bool:
    """Answer whether two dotted names are of one thing: packages define a name deep inside and offer it above."""
    if meant == name:
        return True
    one, other = meant.split("."), name.split(".")
    if one[0] != other[0]:
        return False
    return within(one) == within(other)


def within(parts: Sequence[str]) -> Sequence[str]:
    """Return the class and what is in it, or the last part where there is no class."""
    for place, part in enumerate(parts):
        if place and part[:1].isupper():
            return parts[place:]
    return parts[-1:]


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _preference(place: Place) -> tuple[bool, int, int, str]:
    module, name = place
    return not is_public(f"{module}.{name}"), module.count("."), len(module) + len(name), module


def _imports(body: Sequence[ast.stmt]) -> Iterator[ast.ImportFrom]:
    for node in body:
        if isinstance(node, ast.ImportFrom):
            yield node
        elif isinstance(node, ast.Try) or (isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test)):
            yield from _imports([*node.body, *node.orelse])


def _origin(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    # One dot is the package itself: that of an `__init__` is the module's own name.
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])
