"""Rules: which tools' results are kept, for how long, and what a tool's author vouches for.

1. Only `pure` and `read` tools can be answered from the cache: the others are called for their effect.
2. A tool is cached if it says so. An agent or the settings may widen that to all `pure`, or all `read` ones, or end it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from victor_nb.journal import Effect
from victor_nb.tools.errors import ToolDeclarationError

if TYPE_CHECKING:
    from victor_nb.tools.declaring import Tool

Unseen: TypeAlias = Literal["processes", "network", "native", "memory", "system", "writes"]
UNSEEN: Final[tuple[str, ...]] = get_args(Unseen)

CachedTools: TypeAlias = Literal["off", "declared", "pure", "read"]
CACHED_TOOLS: Final[tuple[str, ...]] = get_args(CachedTools)

CACHEABLE: Final = frozenset({Effect.PURE, Effect.READ})


@dataclass(frozen=True)
class Caching:
    """How a tool's results are kept.

    Attributes:
        ttl_s: seconds after which a result is old whatever happened; None for as the settings say.
        trust: what the author vouches for, though it cannot be seen: that the "processes" it starts, the "network",
            "native" readers, objects in "memory", the "system" (/proc, /dev) or its own "writes" do not matter.
        files: paths and patterns of more files that the result depends on, from the working folder.

    Raises:
        ToolDeclarationError: a word for `trust` that there is not, or a time that is none.
    """

    ttl_s: float | None = None
    trust: tuple[Unseen, ...] = ()
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("trust", "files"):
            given = getattr(self, name)
            if isinstance(given, str):
                raise ToolDeclarationError(f"{name} must be a list, not the text {given!r}", hint=f"{name}=[{given!r}]")
            object.__setattr__(self, name, tuple(given))
        if unknown := [word for word in self.trust if word not in UNSEEN]:
            raise ToolDeclarationError(f"nothing is called {unknown[0]!r} in trust", hint=f"words: {', '.join(UNSEEN)}")
        if self.ttl_s is not None and not self.ttl_s > 0:
            raise ToolDeclarationError(f"a result cannot be kept for {self.ttl_s!r} s", hint="ttl_s=3600, or None")


def check_rule(rule: object, effect: Effect, where: str) -> None:
    """Raise ToolDeclarationError unless `rule` can be a tool's `cache`."""
    if rule is not None and not isinstance(rule, bool | Caching):
        raise ToolDeclarationError(
            f"cache={rule!r} says nothing", where, "cache=True, cache=False or cache=Caching(ttl_s=…)"
        )
    if rule and effect not in CACHEABLE:
        raise ToolDeclarationError(
            f"a tool of effect class {str(effect)!r} cannot be cached",
            where,
            'say effect="read" (or "pure") if a call changes nothing; else leave cache= out',
        )


def rule_for(tool: Tool, cached: CachedTools) -> Caching | None:
    """Return how a tool's results are kept, or None if they are not."""
    if cached == "off" or tool.cache is False or tool.effect not in CACHEABLE:
        return None
    if tool.cache:
        return tool.cache if isinstance(tool.cache, Caching) else Caching()
    widened = {"pure": (Effect.PURE,), "read": (Effect.PURE, Effect.READ)}.get(cached, ())
    return Caching() if tool.effect in widened else None


def why_no_rule(tool: Tool, cached: CachedTools) -> str:
    """Say in words why a tool is not cached."""
    if tool.effect not in CACHEABLE:
        return f"a tool of effect class {str(tool.effect)!r} is never cached"
    if cached == "off":
        return "the cache is switched off (cache.tools)"
    return "the tool says cache=False" if tool.cache is False else "the tool does not say cache=True"


def rules_for(tools: Iterable[Tool], cached: CachedTools) -> dict[str, Caching]:
    """Return the rules of those tools that have one, by name."""
    return {tool.name: rule for tool in tools if (rule := rule_for(tool, cached)) is not None}
