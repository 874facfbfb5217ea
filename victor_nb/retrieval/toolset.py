"""Toolset: search an index and read on, with citations that a person can look up.

Every passage has a `source` (`path:first-last`); the descriptions ask the model to name it for what it takes from
there, and `read_chunk` takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from annotated_types import Ge, Le

from victor_nb.journal import Effect
from victor_nb.retrieval.hits import Hit
from victor_nb.retrieval.storing.filters import Filter
from victor_nb.tools import Toolset
from victor_nb.tools.methods import tool_method, tools_of

if TYPE_CHECKING:
    from victor_nb.retrieval.index import Index

MOST_HITS: Final = 20
LONGEST_PASSAGE: Final = 4_000
LONGEST_READ: Final = 40_000


def retrieval_tools(index: Index, name: str = "retrieval") -> Toolset:
    """Return the tools that search one index."""
    return Toolset(name, tools_of(Retrieval(index)))


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The tools, bound to an index."""

    index: Index

    @tool_method(
        category="search",
        effect=Effect.READ,
        keywords=("search", "docs", "documentation", "text", "notes", "find", "how", "question", "cite"),
    )
    def search_docs(self, query: str, k: Annotated[int, Ge(1), Le(MOST_HITS)] = 5, path: str = "") -> Any:
        """Search texts: documentation, notes, Markdown, docstrings, rows of tables. Cite the `source` of what you use.

        Args:
            query: words or a whole question.
            k: how many passages.
            path: only files that fit this pattern, for example "docs/**" or "*.md".
        """
        return self._found(query, k, "text", path)

    @tool_method(
        category="search",
        effect=Effect.READ,
        keywords=("search", "code", "function", "class", "definition", "find", "where", "symbol", "cite"),
    )
    def search_code(self, query: str, k: Annotated[int, Ge(1), Le(MOST_HITS)] = 5, path: str = "") -> Any:
        """Search source code and cells of notebooks. Cite the `source` of what you use.

        Args:
            query: an identifier, or words for what the code does.
            k: how many passages.
            path: only files that fit this pattern, for example "src/**/*.py".
        """
        return self._found(query, k, "code", path)

    @tool_method(
        category="search",
        effect=Effect.READ,
        keywords=("read", "passage", "source", "lines", "context", "more", "citation"),
    )
    def read_chunk(self, source: str, around: Annotated[int, Ge(0), Le(500)] = 20) -> Any:
        """Read a passage that a search found, with some lines before and after it.

        Args:
            source: as a search gave it, for example "docs/a.md:10-20".
            around: how many lines before and after.
        """
        return _told(self.index.read(source, around=around), LONGEST_READ)

    def _found(self, query: str, k: int, kind: str, path: str) -> Any:
        wanted: Filter = {"kind": kind, "path": path} if path else {"kind": kind}
        hits = self.index.search(query, k, filter=wanted)
        passages = [_told(hit, LONGEST_PASSAGE) | {"why": hit.why} for hit in hits]
        return {"passages": passages} if passages else {"passages": [], "note": "nothing was found; try other words"}


def _told(hit: Hit, longest: int) -> dict[str, object]:
    told: dict[str, object] = {"source": hit.source, "text": hit.text[:longest]}
    if hit.title:
        told["title"] = hit.title
    if len(hit.text) > longest:
        told["cut"] = f"{len(hit.text) - longest:,} characters more; read_chunk shows them"
    return told
