"""Calls of tools that may be answered from the project's cache: which, and as the settings say at that moment.

1. The journal answers first: a call that is on record is looked up nowhere else, so that a replay stays what it was.
2. Nothing is read, and no file is made, for an agent none of whose tools can be cached.
3. An answer from the cache is a step like any other, whose end says `cached`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from victor_nb.journal import Redactor, current_step
from victor_nb.tools import Tool
from victor_nb.tools.caching.rules import CACHEABLE, CachedTools, Caching, rule_for


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
        from victor_nb.tools.caching.project import cache_of, settings_now

        answer = await cache_of(settings_now(), self._redactor).call(tool, arguments, rule)
        if answer.is_cached and (step := current_step()) is not None:
            step.note(cached=True)
        return answer.value

    def _rule(self, tool: Tool) -> Caching | None:
        if self._cached == "off" or tool.cache is False or tool.effect not in CACHEABLE:
            return None
        if self._cached is not None:
            return rule_for(tool, self._cached)
        from victor_nb.tools.caching.project import settings_now

        return rule_for(tool, settings_now().cache.tools)
