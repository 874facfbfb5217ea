"""The outputs of one cell as they come: streams joined, and bounded, so that no cell makes a notebook unreadable.

1. What goes over a bound is not lost: it goes to a file beside the notebook, which says so and shows its end.
2. A cell is put together in one way only, by `apply`: while it runs, and again from the log after a kill.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from victor_nb.pipelines.executing.output_log import Entry

SPILL_LIMIT: Final = 4_000_000_000
"""No more than this goes into the file beside the notebook; a cell that prints for ever must not fill the disk."""

TAIL: Final = 16_000
"""So much of the end of what was left out is shown, in characters."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a cell's outputs its notebook keeps.

    Attributes:
        text: of streams, in characters.
        rich: of displays, results and tracebacks, in characters of their JSON.
        count: of outputs; neighbouring pieces of one stream are one.
    """

    text: int = 4_000_000
    rich: int = 64_000_000
    count: int = 5_000


UNBOUNDED: Final = Bounds(sys.maxsize, sys.maxsize, sys.maxsize)
"""For what was kept before: a log holds nothing that its notebook would leave out."""


class CellOutputs:
    """Collects the outputs of a cell.

    Args:
        outputs: the list in the notebook's cell; whole after `settle`. If a stream is its last, it goes on with it.
        spill: the file for what goes over the bounds; its folder is made when it is needed.
    """

    def __init__(self, outputs: list[Any], bounds: Bounds, spill: Path) -> None:
        self.outputs = outputs
        self.left_out = 0
        self.unsaved = ""
        self._bounds, self._spill = bounds, spill
        last = outputs[-1] if outputs else None
        # Of the last stream; joined late, since joining each piece is quadratic.
        self._pieces: list[str] = [last["text"]] if last is not None and last["output_type"] == "stream" else []
        self._text = self._rich = 0
        self._tail: deque[str] = deque()
        self._tail_length = self._spilled = 0

    def stream(self, name: str, text: str) -> str:
        """Take a piece of a stream; return what of it the notebook keeps."""
        room = 0 if self.left_out else max(0, self._bounds.text - self._text)
        is_next = self._pieces and self.outputs[-1]["name"] == name
        if not is_next and len(self.outputs) >= self._bounds.count:
            room = 0
        kept, rest = text[:room], text[room:]
        if kept:
            if not is_next:
                self._begin(name)
            self._pieces.append(kept)
            self._text += len(kept)
        if rest:
            self._leave_out(rest)
        return kept

    def add(self, output: Mapping[str, Any]) -> int | None:
        """Take a whole output; return its place among the cell's, None if it was left out."""
        if output["output_type"] == "stream":
            self.stream(output["name"], output["text"])
            return None
        self.settle()
        size = _size(output)
        is_kept = output["output_type"] == "error" or (
            size <= self._bounds.rich - self._rich and len(self.outputs) < self._bounds.count
        )
        if not is_kept:
            self._leave_out(f"\n[{', '.join(output.get('data', ()))}]\n{_as_text(output)}\n")
            return None
        self._rich += size
        self._pieces = []
        self.outputs.append(output)
        return len(self.outputs) - 1

    def put(self, place: int, output: Mapping[str, Any]) -> None:
        """Replace an output."""
        self.settle()
        if place < len(self.outputs):
            self.outputs[place].update(output)

    def clear(self) -> None:
        """Drop the outputs so far."""
        self.settle()
        self.outputs.clear()
        self._pieces = []
        self._text = self._rich = 0

    def settle(self) -> None:
        """Make the list whole."""
        if len(self._pieces) > 1:
            self.outputs[-1]["text"] = "".join(self._pieces)
            self._pieces = [self.outputs[-1]["text"]]
        elif self._pieces:
            self.outputs[-1]["text"] = self._pieces[0]

    def close(self) -> list[dict[str, Any]]:
        """Make the list whole; return what was put at its end to say what was left out."""
        self.settle()
        self._pieces = []
        if not self.left_out:
            return []
        notices = [_stream("stderr", self._notice())]
        if tail := "".join(self._tail)[-TAIL:]:
            notices.append(_stream("stdout", tail))
        self.outputs += notices
        return notices

    def _begin(self, name: str) -> None:
        self.settle()
        self.outputs.append(_stream(name, ""))
        self._pieces = []

    def _leave_out(self, text: str) -> None:
        if not self.left_out:
            self.settle()
            kept = "".join(output["text"] for output in self.outputs if output["output_type"] == "stream")
            self._write(kept)
        self.left_out += len(text)
        self._write(text)
        self._tail.append(text[-TAIL:])
        self._tail_length += len(self._tail[-1])
        while self._tail_length - len(self._tail[0]) >= TAIL:
            self._tail_length -= len(self._tail.popleft())

    def _write(self, text: str) -> None:
        if self.unsaved or not text:
            return
        if self._spilled > SPILL_LIMIT:
            self.unsaved = f"it stops after {SPILL_LIMIT / 1e9:g} GB"
            return
        try:
            if not self._spilled:
                self._spill.parent.mkdir(parents=True, exist_ok=True)
                self._spill.unlink(missing_ok=True)
            with self._spill.open("ab") as file:
                self._spilled += file.write(text.encode("utf-8", "backslashreplace"))
        except OSError as problem:
            self.unsaved = f"it is not whole: {problem.strerror or problem}"

    def _notice(self) -> str:
        but = f"; {self.unsaved}" if self.unsaved else ""
        return (
            f"\n[{self.left_out:,} characters of this cell's output are left out here. All of it is in {self._spill}"
            f"{but}. It ends so:]\n"
        )


def apply(entry: Entry, outputs: CellOutputs) -> None:
    """Do to a cell's outputs what an entry of the log says."""
    match entry:
        case ["stream", _, str(name), str(text)]:
            outputs.stream(name, text)
        case ["output", _, dict(output)]:
            outputs.add(output)
        case ["put", _, int(place), dict(output)]:
            outputs.put(place, output)
        case ["clear", _]:
            outputs.clear()


def _stream(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def _size(output: Mapping[str, Any]) -> int:
    data = output.get("data", {})
    return sum(len(each) if isinstance(each, str) else len(_packed(each)) for each in data.values())


def _as_text(output: Mapping[str, Any]) -> str:
    data = output.get("data", {})
    return "\n".join(each if isinstance(each, str) else _packed(each).decode() for each in data.values())


def _packed(value: object) -> bytes:
    with suppress(TypeError, UnicodeEncodeError):
        return msgspec.json.encode(value)
    return repr(value).encode("utf-8", "backslashreplace")
