"""`victor cache`: what is kept of tools' results, and why a call was answered from it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from victor_nb.commands.group import VerbGroup
from victor_nb.commands.session import Session
from victor_nb.commands.showing import age, table
from victor_nb.errors import UsageError, nearest
from victor_nb.views import TableView, TextView

if TYPE_CHECKING:
    from victor_nb.tools import ToolCache

_NOTHING = "nothing is kept; @tool(effect=…, cache=True) declares a tool whose results are"


@click.group("cache", cls=VerbGroup)
def command() -> None:
    """Show, explain and clear what is kept of tools' results.

    Example: victor cache stats
    """


@command.command("stats")
@click.argument("tools", nargs=-1, metavar="[TOOL …]")
@click.pass_obj
def stats(session: Session, tools: tuple[str, ...]) -> TableView:
    """Show what is kept, and how often it answered, by tool; stale is what no longer holds.

    Example: victor cache stats
    """
    cache = _cache(session, tools)
    stale = cache.stale(tools)
    rows = [
        {
            "tool": one.tool,
            "entries": one.entries,
            "stale": stale.get(one.tool, 0),
            "bytes": one.bytes,
            "hits": one.hits,
            "misses": one.misses,
            "hit rate": round(one.hits / (one.hits + one.misses), 3) if one.hits + one.misses else None,
            "saved s": round(one.saved_s, 3),
        }
        for one in cache.stats(tools)
    ]
    used = sum(one.bytes for one in cache.stats())
    columns = ("tool", "entries", "stale", "bytes", "hits", "misses", "hit rate", "saved s")
    note = f"{used:,} of {cache.store.budget_bytes:,} bytes are used"
    return table("Kept results of tools", rows, columns, note=note, empty=_NOTHING)


@command.command("why")
@click.argument("tools", nargs=-1, metavar="[TOOL …]")
@click.pass_obj
def why(session: Session, tools: tuple[str, ...]) -> TableView:
    """Say of each tool's last call why it was answered from the cache, or why not.

    Example: victor cache why count_words
    """
    rows = [
        {
            "tool": last.tool,
            "arguments": last.arguments,
            "called": age(last.at),
            "cached": "yes" if last.was_cached else "no",
            "why": last.why,
            "not kept because": last.kept,
        }
        for last in _cache(session, tools).why(tools)
    ]
    columns = ("tool", "arguments", "called", "cached", "why", "not kept because")
    return table("Last calls of cached tools", rows, columns, empty="no tool was called that is cached")


@command.command("clear")
@click.argument("tools", nargs=-1, metavar="[TOOL …]")
@click.pass_obj
def clear(session: Session, tools: tuple[str, ...]) -> TextView:
    """Forget what is kept, of some tools or of all.

    Example: victor cache clear count_words
    """
    gone = _cache(session, tools).clear(tools)
    return TextView(f"forgot {gone.entries} {'result' if gone.entries == 1 else 'results'}, {gone.bytes:,} bytes")


def _cache(session: Session, tools: tuple[str, ...]) -> ToolCache:
    """The project's cache, which knows all these tools."""
    from victor_nb.journal import Redactor
    from victor_nb.tools.caching.project import cache_of

    settings = session.settings()
    cache = cache_of(settings, Redactor(settings.values_to_hide()))
    known = [one.tool for one in cache.stats()]
    for name in tools:
        if name not in known:
            hint = "victor cache stats lists those that were; a tool says @tool(effect=…, cache=True)"
            raise UsageError(f"nothing is known of a cached tool {name!r}.{nearest(name, known)}", hint=hint)
    return cache
