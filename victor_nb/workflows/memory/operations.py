"""What a memory can be asked to do, as plain data, and what it answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, Final

Namespace = tuple[str, ...]
ANY_LABEL: Final = "*"
"""In the prefix or suffix of `ListNamespaces`: stands for any one label."""


@dataclass(frozen=True, slots=True)
class Item:
    """A value in a memory.

    Attributes:
        created, updated: seconds since the epoch.
        score: how well it fits the query of a search, higher is better; None without a query. Scores of one search
            can be compared with one another; cosines (with an embedder) also with those of others.
    """

    namespace: Namespace
    key: str
    value: Any
    created: float
    updated: float
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """Keep `value` under `key`, in place of what was there.

    Attributes:
        value: anything that a journal can store; a dict can be searched with filters.
        index: what it is found by: None for all texts in it, False for nothing, or paths such as "title",
            "author.name", "notes[*].text", "notes[-1]".
        ttl_s: seconds after which it is gone; None for the memory's own setting, infinity for never.
    """

    namespace: Namespace
    key: str
    value: object
    index: Sequence[str] | bool | None = None
    ttl_s: float | None = None


@dataclass(frozen=True, slots=True)
class Get:
    """Return the item under `key`, or None; with `refresh`, its time begins anew."""

    namespace: Namespace
    key: str
    refresh: bool | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove what is under `key`, if anything is."""

    namespace: Namespace
    key: str


@dataclass(frozen=True, slots=True)
class Search:
    """Return items of a namespace and of those below it: the best first, without a query the newest first.

    Attributes:
        query: words, or with an embedder a meaning, that items should have.
        filter: fields and the values they must have, or conditions on them such as {"age": {"$gte": 18}}; known are
            $eq, $ne, $gt, $gte, $lt, $lte and $in.
    """

    namespace: Namespace = ()
    query: str | None = None
    filter: Mapping[str, object] | None = None
    limit: int = 10
    offset: int = 0
    refresh: bool | None = None


@dataclass(frozen=True, slots=True)
class ListNamespaces:
    """Return the namespaces that hold items, sorted; "*" in a prefix or suffix stands for any one label.

    Attributes:
        max_depth: longer ones are cut to so many labels.
    """

    prefix: Namespace = ()
    suffix: Namespace = ()
    max_depth: int | None = None
    limit: int = 100
    offset: int = 0


Operation = Put | Get | Delete | Search | ListNamespaces

VERBS: Final = {
    Put: "put",
    Get: "get",
    Delete: "delete",
    Search: "search",
    ListNamespaces: "list_namespaces",
}


def as_inputs(operation: Operation) -> dict[str, Any]:
    """The operation as the journal records it: what differs from the defaults, namespaces as lists."""
    given = {one.name: getattr(operation, one.name) for one in fields(operation) if not _is_default(operation, one)}
    return {name: list(value) if name in _NAMESPACES else value for name, value in given.items()}


_NAMESPACES: Final = frozenset({"namespace", "prefix", "suffix"})


def _is_default(operation: Operation, field: Field[Any]) -> bool:
    return field.default is not MISSING and getattr(operation, field.name) is field.default
