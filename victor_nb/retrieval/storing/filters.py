"""Filters: which chunks a search may find, said as plain data and answered as one truth value a key.

1. A filter is a mapping; everything in it has to hold:
   `{"kind": "code", "path": "src/**/*.py", "year": {"gte": 2020, "lt": 2024}, "team": ["red", "blue"]}`.
2. A value has to be equal to what is given, or to one of them if a list is given; where a document's own value is a
   list, one of its values has to. `gt`, `gte`, `lt`, `lte`, `ne` compare numbers with numbers and texts with texts.
3. `path` takes patterns as in .gitignore (`*.md`, `docs/`, `src/**/test_*.py`), one or several.
4. `id`, `title`, `path` and `kind` ("code" or "text") are fields of every chunk, all others are metadata. A field that
   no document has is a mistake and is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from victor_nb.errors import nearest
from victor_nb.retrieval.errors import BadFilter
from victor_nb.retrieval.sources.documents import Scalar
from victor_nb.retrieval.storing.store import Documents

Condition: TypeAlias = Scalar | list[Scalar] | tuple[Scalar, ...] | Mapping[str, Scalar]
Filter: TypeAlias = Mapping[str, Condition]
Test: TypeAlias = Callable[[object], bool]

OWN: Final = ("id", "title", "path", "kind")
COMPARISONS: Final = ("gt", "gte", "lt", "lte", "ne")
MOST_KEPT: Final = 32


class Filters:
    """Answers filters over one journal of documents; answers are kept until the journal changes."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._known: dict[str, NDArray[np.bool_]] = {}

    def changed(self) -> None:
        """Forget all answers: documents have come or gone."""
        self._known.clear()

    def allowed(self, wanted: Filter | None) -> NDArray[np.bool_] | None:
        """Return which keys a search may find; None if all. Raises: BadFilter."""
        if not wanted:
            return None
        asked = plain(wanted)
        tests = tests_of(asked)
        name = json.dumps(asked, sort_keys=True)
        if name not in self._known:
            if len(self._known) == MOST_KEPT:
                del self._known[next(iter(self._known))]
            self._known[name] = self._answer(tests)
        return self._known[name]

    def _answer(self, tests: Mapping[str, Test]) -> NDArray[np.bool_]:
        documents = {each: test for each, test in tests.items() if each != "kind"}
        kept, fields = set(), set(OWN)
        rows = self._documents.database.run("SELECT number, id, title, path, metadata FROM documents")
        for number, name, title, path, metadata in rows:
            values = {**json.loads(metadata), "id": name, "title": title, "path": path}
            fields.update(values)
            if all(test(values.get(each)) for each, test in documents.items()):
                kept.add(number)
        self._refuse_unknown(tests, fields)
        allowed = np.zeros(self._documents.next_key(), dtype=np.bool_)
        kind = tests.get("kind")
        chunks = self._documents.database.run("SELECT key, document, kind FROM chunks")
        keys = [key for key, number, each in chunks if number in kept and (kind is None or kind(each))]
        allowed[keys] = True
        return allowed

    def _refuse_unknown(self, tests: Iterable[str], fields: set[str]) -> None:
        if not self._documents.count()[0]:
            return
        for each in tests:
            if each not in fields:
                known = ", ".join(sorted(fields))
                raise BadFilter(
                    f"no document has the field {each!r}.{nearest(each, fields)}", hint=f"there are {known}"[:300]
                )


def plain(wanted: object) -> dict[str, Condition]:
    """Return a filter as JSON values: dates as texts, numbers of NumPy as numbers. Raises: BadFilter."""
    if not isinstance(wanted, Mapping):
        raise BadFilter(f"a filter is a mapping of fields, not {type(wanted).__name__}", hint='{"kind": "code"}')
    return {str(name): _condition(str(name), given) for name, given in wanted.items()}


def _condition(name: str, given: object) -> Condition:
    if isinstance(given, Mapping):
        return {str(word): _value(name, limit) for word, limit in given.items()}
    if isinstance(given, list | tuple | set | frozenset):
        return [_value(name, each) for each in given]
    return _value(name, given)


def _value(name: str, given: object) -> Scalar:
    if given is None or isinstance(given, str | bool | int | float):
        return given
    for method in ("isoformat", "item"):
        if callable(convert := getattr(given, method, None)):
            return _value(name, convert())
    raise BadFilter(
        f"{given!r} is nothing that metadata can be", where=name, hint="a text, a number, or a list of them"
    )


def tests_of(wanted: Mapping[str, Condition]) -> dict[str, Test]:
    """Return a test for every field of a filter. Raises: BadFilter."""
    return {
        str(name): _path_test(given) if name == "path" else _test(str(name), given) for name, given in wanted.items()
    }


def _test(name: str, given: object) -> Test:
    if isinstance(given, Mapping):
        return _comparison(name, given)
    wanted = list(given) if isinstance(given, list | tuple | set | frozenset) else [given]
    return lambda value: any(_same(each, other) for each in _each(value) for other in wanted)


def _path_test(given: object) -> Test:
    from pathspec import GitIgnoreSpec

    if isinstance(given, Mapping):
        return _comparison("path", given)
    patterns = [given] if isinstance(given, str) else given
    if not isinstance(patterns, list | tuple) or not all(isinstance(each, str) for each in patterns):
        raise BadFilter(
            f"the path of a filter is {given!r}", hint='one pattern or a list of them, such as "src/**/*.py"'
        )
    try:
        spec = GitIgnoreSpec.from_lines(patterns)
    except ValueError as problem:
        raise BadFilter(f"{given!r} holds no pattern of paths: {problem}") from problem
    return lambda value: bool(value) and spec.match_file(str(value))


def _comparison(name: str, given: Mapping[object, object]) -> Test:
    for word in given:
        if word not in COMPARISONS:
            raise BadFilter(
                f"{word!r} compares nothing.{nearest(str(word), COMPARISONS)}", where=name, hint=", ".join(COMPARISONS)
            )
    return lambda value: any(
        all(_compares(each, str(word), limit) for word, limit in given.items()) for each in _each(value)
    )


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _same(one: object, other: object) -> bool:
    # In Python 1 equals True; nobody who asks for the number means the truth.
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _compares(value: object, word: str, limit: object) -> bool:
    if word == "ne":
        return not _same(value, limit)
    if isinstance(value, str) and isinstance(limit, str):
        return _ordered(word, (value > limit) - (value < limit))
    if isinstance(value, int | float) and isinstance(limit, int | float):
        return _ordered(word, (value > limit) - (value < limit))
    return False


def _ordered(word: str, order: int) -> bool:
    return {"gt": order > 0, "gte": order >= 0, "lt": order < 0, "lte": order <= 0}[word]
