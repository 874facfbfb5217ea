"""Asking the person at the terminal: yes, no, edit, always; anything unclear is asked again.

1. No answer means no: the end of the input denies.
2. Waiting for a line blocks nothing: another process can decide meanwhile, and Ctrl-C stops the run.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from victor_nb.agents import ApprovalRequest, Decision

_HELP = """\
  y        let the call happen
  n        deny it; words after the n are told to the model: n use the other table
  e        change the arguments first
  a        let this call happen, and all further calls of this tool
  ?        this help"""
_NODE: Final = re.compile(r"(?:^|:)\d+/([^:#]+)[^:]*$")
"""A node of a workflow, as its step is called: "2/judge", or inside of another "1/review:2/judge#0"."""
_STEP: Final = re.compile(r"[0-9a-f]{16}")
"""Any other step; only nodes of pipelines have names."""
ReadLine = Callable[[], Awaitable[str]]


class TerminalApprover:
    """Asks on standard error and reads the answer from standard input.

    Args:
        aside: puts a live display away while entered.
        read_line: waits for one line; the empty string means the end of the input.
    """

    def __init__(self, aside: Callable[[], AbstractContextManager[None]], read_line: ReadLine | None = None) -> None:
        self._aside, self._read_line = aside, read_line or read_line_from_stdin
        self._always: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    async def decide(self, request: ApprovalRequest) -> Decision:
        """Ask until there is an answer."""
        from victor_nb.agents import Decision

        async with self._one_at_a_time:
            if request.tool in self._always and not request.doubt:
                return Decision(True, by="person")
            with self._aside():
                return await self._asked(request)

    async def _asked(self, request: ApprovalRequest) -> Decision:
        from victor_nb.agents import Decision

        _say(_question(request))
        while True:
            _say("allow? [y/n/e/a/?] ", end="")
            line = await self._read_line()
            letter, _, rest = line.strip().partition(" ")
            if not line or letter == "n":
                return Decision(False, by="person", message=rest)
            if letter in ("y", "a"):
                if letter == "a":
                    self._always.add(request.tool)
                return Decision(True, by="person")
            if letter == "e" and (arguments := await self._edited(request)) is not None:
                return Decision(True, by="person", arguments=arguments)
            if letter == "?":
                _say(_HELP)

    async def _edited(self, request: ApprovalRequest) -> dict[str, Any] | None:
        """Read new arguments; None if the line is empty or no JSON object."""
        _say(f"now: {_as_json(dict(request.arguments))}\nnew arguments as JSON: ", end="")
        line = (await self._read_line()).strip()
        try:
            value = json.loads(line) if line else None
        except json.JSONDecodeError as error:
            _say(f"that is not JSON: {error}")
            return None
        if value is not None and not isinstance(value, dict):
            _say('arguments are a JSON object, such as {"path": "notes.txt"}')
            return None
        return value


def _question(request: ApprovalRequest) -> str:
    what = (
        "had started when its process died. Do it again?" if request.doubt else f"may have effects ({request.effect})"
    )
    lines = [f"\n{_asker()}{request.tool} {what}"]
    if request.description:
        lines.append(f"  {' '.join(request.description.split())[:200]}")
    for name, value in request.arguments.items():
        text = value if isinstance(value, str) else _as_json(value)
        lines.append(f"  {name}: " + text.replace("\n", "\n    "))
    return "\n".join(lines)


def _asker() -> str:
    """The node of a workflow or a pipeline whose agent asks, as people know it; empty outside of any."""
    from victor_nb.journal import current_step

    step = current_step()
    place = step.parent_id if step is not None else ""
    if in_graph := _NODE.search(place):
        return f"{in_graph[1]}: "
    return f"{place}: " if place and not _STEP.fullmatch(place) else ""


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _say(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)


async def read_line_from_stdin() -> str:
    """Wait for one line of standard input without blocking the event loop."""
    return await line_of(sys.stdin.fileno(), sys.stdin.encoding or "utf-8")


async def line_of(descriptor: int, encoding: str) -> str:
    """Wait for one line of a descriptor that gives whole lines, as terminals do; empty at the end of the input.

    The descriptor itself and not `sys.stdin`: a reader left waiting in its buffer would hold up the exit.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[bytes] = loop.create_future()

    def take(content: bytes) -> None:
        if not arrived.done():
            arrived.set_result(content)

    try:
        loop.add_reader(descriptor, lambda: take(os.read(descriptor, 65536)))
    except NotImplementedError:  # Windows: its event loop waits for sockets only
        reading = threading.Thread(
            target=lambda: loop.call_soon_threadsafe(take, os.read(descriptor, 65536)), daemon=True
        )
        reading.start()
        return (await arrived).decode(encoding, "replace")
    try:
        return (await arrived).decode(encoding, "replace")
    finally:
        loop.remove_reader(descriptor)
