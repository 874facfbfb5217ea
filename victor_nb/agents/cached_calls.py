"""Calls of tools that may be answered from the project's cache: which, and as the settings say at that moment.

1. The journal answers first: a call that is on record is looked up nowhere else, so that a replay stays what it was.
2. Nothing is read, and no file is made, for an agent none of whose tools can be cached.
3. An answer from the cache is a step like any other, whose end says `cached`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from ..journal import Redactor, current_step
from ..tools import Tool
from ..tools.caching.rules import CACHEABLE, CachedTools, Caching, rule_for

if TYPE_CHECKING:
    from ..config import Settings
    from ..tools import ToolCache

_MOST_CACHES: Final = 8


class CachedCalls:
    """Calls tools for one run.

    Args:
        cached: which tools are cached; None for as the settings say.
        redactor: the journal's, which knows what must not be kept.
    """

    def __init__(self, cached: CachedTools | None, redactor: Redactor) -> None:
        self._cached, self._redactor = cached, redactor

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> Any:
        """Return an earlier result of a call, or make it.

        Raises:
            ToolArgumentError: the arguments do not fit.
            Exception: whatever the tool raises.
        """
        rule = self._rule(tool)
        if rule is None:
            return await tool.call(arguments)
        answer = await cache_of(settings_now(), self._redactor).call(tool, arguments, rule)
        if answer.is_cached and (step := current_step()) is not None:
            step.note(cached=True)
        return answer.value

    def _rule(self, tool: Tool) -> Caching | None:
        if self._cached == "off" or tool.cache is False or tool.effect not in CACHEABLE:
            return None
        return rule_for(tool, self._cached or settings_now().cache.tools)


def cache_of(settings: Settings, redactor: Redactor) -> ToolCache:
    """Return the cache of a project; the same object while its settings and what is secret are the same."""
    from ..tools import ToolCache

    key = (str(settings.home), settings.cache, redactor)
    with _lock:
        if (kept := _caches.get(key)) is None:
            while len(_caches) >= _MOST_CACHES:
                del _caches[next(iter(_caches))]
            kept = _caches[key] = ToolCache(
                settings.home,
                redactor=redactor,
                budget_bytes=settings.cache.budget_bytes,
                ttl_s=settings.cache.ttl_s,
                watches=settings.cache.watch,
            )
    return kept


def settings_now() -> Settings:
    """Return the settings, read again only if a file or variable of theirs is another one: reading takes 2 ms.

    Raises: ConfigError if one of them is wrong.
    """
    from ..config import Settings, project_file_above, user_file

    here = Path.cwd()
    variables = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("VICTOR_")))
    key = (here, variables, _marks(user_file()), _marks(project_file_above(here)))
    with _lock:
        if key not in _settings:
            _settings.clear()
            _settings[key] = Settings.load()
        return _settings[key]


def _marks(path: Path | None) -> tuple[object, ...]:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        found = None
    return () if found is None else (str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


_lock: Final = Lock()
_caches: Final[dict[tuple[object, ...], ToolCache]] = {}
_settings: Final[dict[tuple[object, ...], Settings]] = {}
