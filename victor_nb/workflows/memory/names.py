"""Names in a memory: checked where they come in, with an error that says what a name is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final

from victor_nb.errors import UsageError
from victor_nb.journal.items import FOREVER, LABEL_END, ROOM
from victor_nb.journal.redaction import Redactor
from victor_nb.workflows.memory.operations import ANY_LABEL, ListNamespaces, Namespace, Search

_NOT_IN_NAMES: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_HINT: Final = 'a namespace is a tuple of texts, such as ("users", "ada", "facts"); a key is a text'


def place_of(namespace: Namespace, redactor: Redactor, *, may_be_empty: bool = False) -> str:
    """Return where the items of a namespace are; a secret in a label is taken out.

    Raises:
        UsageError: it is no namespace.
    """
    if isinstance(namespace, str) or not isinstance(namespace, Sequence):
        raise UsageError(f"{namespace!r} is no namespace", hint=_HINT)
    if not namespace and not may_be_empty:
        raise UsageError("an item needs a namespace with at least one label", hint=_HINT)
    labels = [name_of(label, redactor, f"a label of the namespace {namespace!r}") for label in namespace]
    return "".join(f"{label}{LABEL_END}" for label in labels)


def namespace_at(place: str) -> Namespace:
    """Return the namespace that is kept at a place."""
    return tuple(place.split(LABEL_END)[:-1])


def room_of(name: str) -> str:
    """Return where the items of a room are."""
    return f"{ROOM}{name}{LABEL_END}"


def namespaces_in(room: str, places: Iterable[str]) -> list[Namespace]:
    """Return the namespaces at some places that are in a room; the room without a name has all that name none."""
    return [
        namespace_at(place.removeprefix(room))
        for place in places
        if (place.startswith(room) if room else not place.startswith(ROOM))
    ]


def name_of(text: str, redactor: Redactor, what: str = "the key of an item") -> str:
    """Return a label or key as it is kept.

    Raises:
        UsageError: it is no text, empty, or has characters that cannot be shown.
    """
    if not isinstance(text, str) or not text:
        raise UsageError(f"{what} must be a text, not {text!r}", hint=_HINT)
    if _NOT_IN_NAMES.search(text):
        raise UsageError(f"{what} has characters that no name may have: {text!r}", hint=_HINT)
    return redactor.clean_text(text)


def length_of(ttl_s: float | None, otherwise_s: float | None) -> float:
    """Return for how long an item is kept, in seconds, or FOREVER.

    Raises:
        UsageError: it is no length of time.
    """
    length_s = ttl_s if ttl_s is not None else otherwise_s
    if length_s is None or length_s == math.inf:
        return FOREVER
    if not isinstance(length_s, int | float) or not length_s > 0:
        raise UsageError(f"ttl_s must be seconds, more than 0, not {length_s!r}", hint="for ever: ttl_s=math.inf")
    return float(length_s)


def check_window(asked: Search | ListNamespaces) -> None:
    """Check which part of a list is asked for.

    Raises:
        UsageError: there is no such part.
    """
    for name in ("limit", "offset"):
        number = getattr(asked, name)
        if not isinstance(number, int) or number < 0:
            raise UsageError(f"{name} must be 0 or more, not {number!r}")
    if isinstance(asked, ListNamespaces) and asked.max_depth is not None and asked.max_depth < 1:
        raise UsageError(f"max_depth must be 1 or more, not {asked.max_depth!r}")


def listed(known: Iterable[Namespace], asked: ListNamespaces) -> list[Namespace]:
    """Return those of the namespaces that are asked for."""
    fitting = (one for one in known if _begins(one, asked.prefix) and _begins(one[::-1], asked.suffix[::-1]))
    cut = sorted({one[: asked.max_depth] for one in fitting})
    return cut[asked.offset : asked.offset + asked.limit]


def _begins(namespace: Namespace, pattern: Namespace) -> bool:
    if len(namespace) < len(pattern):
        return False
    return all(wanted in (ANY_LABEL, label) for label, wanted in zip(namespace, pattern, strict=False))
