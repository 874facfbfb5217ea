"""The cache: answers a tool's call from an earlier one, if everything that its result was made from is the same.

1. An old result is never given: in doubt the tool is called. What the call looks at is seen, not declared.
2. Kept is what returned; what raised, wrote files, or did something that cannot be seen through is done again.
3. It is never the reason for a failure: without room, permission or a whole file it answers nothing.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

from victor_nb.journal.errors import Unstorable
from victor_nb.journal.redaction import NOTHING_SECRET, Redactor
from victor_nb.tools.caching.entry import (
    DAMAGED,
    Entry,
    SecretInside,
    argument_difference,
    difference,
    packed,
    staleness,
    unpacked,
    value_of,
    written,
)
from victor_nb.tools.caching.observation import Observation, Report
from victor_nb.tools.caching.observing import OBSERVED, observing, unobserved
from victor_nb.tools.caching.rules import Caching
from victor_nb.tools.caching.storing import Counts, Kept, LastCall, ToolStore, as_json, from_shown
from victor_nb.tools.caching.version import digest_of, version_of
from victor_nb.tools.caching.watching import CacheWatch, OnForgotten
from victor_nb.tools.declaring import Tool

BUDGET_BYTES: Final = 256_000_000
_LONGEST_PATH: Final = 1024
_NOTHING: Final = "nothing is kept of a call with these arguments"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave.

    Attributes:
        is_cached: whether it is an earlier call's result.
        why: for a cached one, since when nothing changed; else the first difference to what is kept.
        kept: why the result of this call is not kept; empty if it is.
    """

    value: Any
    is_cached: bool
    why: str
    kept: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call, before it is made."""

    tool: Tool
    rule: Caching
    key: str
    shown: str
    parts: Mapping[str, str]
    refused: str

    @property
    def name(self) -> str:
        return self.tool.name


@dataclass(frozen=True, slots=True)
class _Found:
    """The outcome of a look-up: a result, or why there is none."""

    why: str
    entry: Entry | None = None
    value: Any = None
    id: int = 0


@dataclass(slots=True)
class _Outcome:
    """What a call came to."""

    value: Any = None
    failure: str = ""
    seconds: float = 0.0


class ToolCache:
    """The results of tools that one project keeps.

    Args:
        home: the folder to keep them in, a project's `.victor`.
        redactor: knows secrets; a result that holds one is not kept.
        budget_bytes: what all results may take together.
        ttl_s: seconds for which a result is good, where the tool does not say; None for no end.
        watches: forget results as soon as their files change, from the first one on that this process keeps.

    Example:
        >>> import asyncio, tempfile
        >>> from pathlib import Path
        >>> from victor_nb.tools import ToolCache, tool
        >>> @tool(effect="read", cache=True)
        ... def words(path: str) -> int:
        ...     '''Count the words of a file.'''
        ...     return len(Path(path).read_text().split())
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     notes, cache = Path(folder, "notes.txt"), ToolCache(Path(folder, ".victor"))
        ...     answers = []
        ...     for text in ("one two", "one two", "one two three"):
        ...         _ = notes.write_text(text)
        ...         answers.append(asyncio.run(cache.call(words, {"path": str(notes)})))
        >>> [(answer.value, answer.is_cached) for answer in answers]
        [(2, False), (2, True), (3, False)]
    """

    def __init__(
        self,
        home: Path,
        *,
        redactor: Redactor = NOTHING_SECRET,
        budget_bytes: int = BUDGET_BYTES,
        ttl_s: float | None = None,
        watches: bool = False,
    ) -> None:
        self.home = home.absolute()
        self._redactor, self._ttl_s = redactor, ttl_s
        self.store = ToolStore(self.home, budget_bytes)
        self._watches = watches
        self._watching: tuple[int, CacheWatch] | None = None
        self._beginning = threading.Lock()

    # -- calls ---------------------------------------------------------------------------------------------------------

    async def call(self, tool: Tool, arguments: Mapping[str, object], rule: Caching | None = None) -> Answer:
        """Answer a call from an earlier one, or make it.

        Args:
            rule: how the result is kept; by default as the tool says.

        Raises:
            ToolArgumentError: the arguments do not fit.
            Exception: whatever the tool raises.
        """
        asked, found, observation = await asyncio.to_thread(self._begin, tool, arguments, rule)
        passing = tool.name if self._lasting(asked.rule) is not None else ""
        if found.entry is not None:
            _tell_outer(Report(found.entry.seen, {}), passing)
            return Answer(found.value, True, found.why)
        began, outcome = time.perf_counter(), _Outcome()
        try:
            with observing(observation):
                outcome.value = await tool.call(arguments)
        except BaseException as failure:
            outcome.failure = type(failure).__name__
            raise
        finally:
            outcome.seconds = time.perf_counter() - began
            report, kept = await asyncio.shield(asyncio.to_thread(self._end, asked, found.why, observation, outcome))
            _tell_outer(report, passing)
        return Answer(outcome.value, False, found.why, kept)

    def _begin(
        self, tool: Tool, arguments: Mapping[str, Any], rule: Caching | None
    ) -> tuple[_Asked, _Found, Observation]:
        with unobserved():
            _ = tool.schema  # what is imported to make it is not the call's doing
            asked = self._asked(tool, arguments, rule)
            found, observation = self._find(asked), Observation(self.home)
            if found.entry is None:
                self.store.make()
                _look_at_arguments(observation, asked.rule, arguments)
            return asked, found, observation

    def _end(self, asked: _Asked, why: str, observation: Observation, outcome: _Outcome) -> tuple[Report, str]:
        with unobserved():
            report = observation.finish()
            kept = f"it raised {outcome.failure}" if outcome.failure else self._keep(asked, outcome, report)
            told = self._redactor.clean_text(self._short(kept))
            self.store.note(LastCall(asked.name, time.time(), asked.shown, False, why, told))
            return report, told

    def _asked(self, tool: Tool, arguments: Mapping[str, Any], rule: Caching | None) -> _Asked:
        rule = rule or (tool.cache if isinstance(tool.cache, Caching) else Caching())
        version = version_of(tool.function)
        refused = next((told for what, told in version.blind.items() if what not in rule.trust), "")
        try:
            key = digest_of([dict(arguments), os.getcwd(), list(rule.files)])
        except Unstorable:
            key, refused = "", "its arguments cannot be written down"
        shown = as_json(dict(arguments))
        if (cleaned := self._redactor.clean_text(shown)) != shown:
            refused = "its arguments hold a secret"
        return _Asked(tool, rule, key, cleaned, version.parts, refused)

    def _find(self, asked: _Asked) -> _Found:
        why = ""
        for kept in [] if asked.refused else self.store.entries(asked.name, asked.key):
            found = self._checked(kept, asked.parts)
            if found.entry is not None:
                last = LastCall(asked.name, time.time(), asked.shown, True, found.why, "")
                self.store.note(last, used=kept.id, saved_s=found.entry.seconds)
                return found
            why = why or self._redactor.clean_text(self._short(found.why))
        return _Found(why or self._nearest(asked))

    def _checked(self, kept: Kept, parts: Mapping[str, str]) -> _Found:
        if kept.gone:
            return _Found(kept.gone)
        entry = unpacked(kept.body)
        if entry is None:
            self.store.drop({kept.id: DAMAGED})
            return _Found(DAMAGED)
        told, now = difference(entry, parts, time.time())
        if told:
            return _Found(told)
        if now != entry:
            self.store.renew(kept.id, packed(now))
        try:
            return _Found(f"nothing changed since {_clock(entry.made)}", now, value_of(entry), kept.id)
        except Unstorable as failure:
            return _Found(failure.what)

    def _nearest(self, asked: _Asked) -> str:
        shown = self.store.newest_arguments(asked.name)
        if not shown:
            return "nothing is kept of this tool"
        then, now = from_shown(shown), from_shown(asked.shown)
        return f"{_NOTHING}; the latest that is kept: {argument_difference(then, now)}" if then != now else _NOTHING

    def _keep(self, asked: _Asked, outcome: _Outcome, report: Report) -> str:
        """Keep a result; return why it was not, empty if it was."""
        reasons = [told for what, told in report.reasons.items() if what not in asked.rule.trust]
        if asked.refused or reasons:
            return asked.refused or reasons[0]
        if not version_of(asked.tool.function).is_still(asked.parts):
            return "the tool, or a value that it uses, changed while it ran"
        try:
            body, blobs = written(outcome.value, self._redactor)
        except SecretInside:
            return "its result holds a secret"
        except Unstorable as failure:
            return f"its result cannot be kept: {failure.what}"
        names = [text for seen in report.seen for text in (seen.path, seen.state.encode())]
        if any(self._redactor.clean(name) is not name for name in names):
            return "the name of a file that it read holds a secret"
        ttl_s = self._lasting(asked.rule)
        entry = Entry(dict(asked.parts), report.seen, body, blobs, time.time(), outcome.seconds, ttl_s)
        paths = [seen.path for seen in report.seen]
        is_kept = self.store.put(asked.name, asked.key, asked.shown, packed(entry), paths)
        if is_kept and self._watches and report.seen:
            self.watch()
        return "" if is_kept else "there is no room for it"

    def _lasting(self, rule: Caching) -> float | None:
        return rule.ttl_s if rule.ttl_s is not None else self._ttl_s

    def _short(self, told: str) -> str:
        """Words with the project's own paths from the project's folder on."""
        root = str(self.home.parent)
        return told.replace(f"{root}{os.sep}", "").replace(root, "the project's folder") if len(root) > 1 else told

    def watch(self, on_forgotten: OnForgotten | None = None) -> CacheWatch:
        """Forget results as soon as their files change; one thread a process, which ends when nothing is kept."""
        with self._beginning:
            if self._watching is None or self._watching[0] != os.getpid() or not self._watching[1].is_running:
                self._watching = os.getpid(), CacheWatch(self.store, on_forgotten)
            return self._watching[1]

    # -- what it holds -------------------------------------------------------------------------------------------------

    def stats(self, tools: Sequence[str] = ()) -> list[Counts]:
        """Return what is held of these tools, or of all, and how often it answered."""
        return [one for one in self.store.counts() if not tools or one.tool in tools]

    def stale(self, tools: Sequence[str] = ()) -> dict[str, int]:
        """Return how many results of each tool no longer hold, because a file changed or their time is over."""
        found: dict[str, int] = {}
        with unobserved():
            for tool, kept in self.store.each(tools):
                if staleness(kept):
                    found[tool] = found.get(tool, 0) + 1
        return found

    def clear(self, tools: Sequence[str] = ()) -> Counts:
        """Forget what is held of these tools, or of all; return what that was, together."""
        return self.store.clear(tools)

    def why(self, tools: Sequence[str] = ()) -> list[LastCall]:
        """Return the last call of each of these tools, or of all, newest first."""
        return [one for one in self.store.last_calls() if not tools or one.tool in tools]


def _tell_outer(report: Report, passing: str) -> None:
    """A call inside another one: what it depended on, the other does too.

    Args:
        passing: the tool's name, if its results are good for a time only.
    """
    outer = OBSERVED.get()
    if outer is None or outer.is_over:
        return
    outer.include(report)
    if passing:
        outer.cannot_see("memory", f"it used {passing}, whose results are kept for a time only")


def _look_at_arguments(observation: Observation, rule: Caching, arguments: Mapping[str, Any]) -> None:
    """Count files for read that arguments or the rule name: native code may open them unseen."""
    here = os.getcwdb()
    for text in filter(_could_be_a_path, _texts([*arguments.values()])):
        path = os.path.join(here, text.encode("utf-8", "surrogateescape"))
        if os.path.isfile(path):
            observation.read(path)
        elif "." in text or "/" in text:
            observation.asked("there", path)
    for pattern in rule.files:
        path = os.path.join(here, os.fsencode(pattern))
        observation.asked("found", path)
        for found in _matching(path):
            observation.read(found)


def _could_be_a_path(text: str) -> bool:
    is_short = 0 < len(text) <= _LONGEST_PATH and "\n" not in text and "\0" not in text
    return is_short and not text.isspace() and not any("\ud800" <= letter <= "\udbff" for letter in text)


def _matching(pattern: bytes) -> list[bytes]:
    import glob

    return sorted(path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))


def _texts(values: Sequence[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str | PurePath):
            yield str(value)
        elif isinstance(value, list | tuple | set | frozenset):
            yield from _texts(list(value))
        elif isinstance(value, Mapping):
            yield from _texts(list(value.values()))


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
