"""Answers of nodes that other runs may use: what a node said to the same input before.

An answer is found by the node's source, its policy's version and its input. It lives in the journal's long-term
store, in a room of its own, and is no part of the run that looks for it: the run's record has it anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, Final

from victor_nb.journal import Journal
from victor_nb.journal.codec import Writer
from victor_nb.workflows.answers import from_json, to_json
from victor_nb.workflows.memory import Delete, Memory
from victor_nb.workflows.policies import CachePolicy
from victor_nb.workflows.position import Answer
from victor_nb.workflows.runtime import RUNTIME

ROOM: Final = "answers of nodes"


class NodeCache:
    """What the nodes of one workflow said, in a journal's long-term store."""

    def __init__(self, journal: Journal, workflow: str) -> None:
        self._memory, self._redactor = Memory(journal, room=ROOM), journal.redactor
        self._workflow = workflow

    def get(self, node: str, key: str) -> Answer | None:
        """Return an answer that still holds, if there is one."""
        with _outside_of_nodes():
            found = self._memory.get((self._workflow, node), key)
        return from_json(found.value) if found is not None else None

    def put(self, node: str, key: str, answer: Answer, ttl_s: float | None) -> None:
        """Keep an answer, for `ttl_s` seconds or for ever."""
        with _outside_of_nodes():
            self._memory.put((self._workflow, node), key, to_json(answer), index=False, ttl_s=ttl_s)

    def clear(self, node: str | None = None) -> int:
        """Forget the answers of a node, or of all nodes; return how many there were."""
        place = (self._workflow,) if node is None else (self._workflow, node)
        found = self._memory.search(place, limit=1_000_000)
        self._memory.batch([Delete(item.namespace, item.key) for item in found])
        return len(found)

    def key(self, policy: CachePolicy, source: str, given: Any) -> str:
        """What an answer to `given` is found by.

        Raises:
            Unstorable: the input, or what the policy takes of it, cannot be written down.
        """
        what = given if policy.key is None else policy.key(given)
        raw = Writer(self._redactor).canonical({"input": what})
        return blake2b(f"{source}\0{policy.version}\0".encode() + raw, digest_size=16).hexdigest()


@contextmanager
def _outside_of_nodes() -> Iterator[None]:
    """Keep the long-term store from noting in the run what is only a look-up."""
    known = RUNTIME.set(None)
    try:
        yield
    finally:
        RUNTIME.reset(known)
