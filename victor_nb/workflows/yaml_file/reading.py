"""YAML text to plain values that remember where they were written.

1. The syntax is libyaml's, through PyYAML; the meaning of words is YAML 1.2's (`scalars.py`).
2. Values are built here from the parser's events, because PyYAML's own building follows YAML 1.1, keeps the last of
   two equal keys, and nests as deep as a file likes: no object can be made by a tag, no alias can grow beyond
   MOST_VALUES, no key can be given twice, nothing nests deeper than DEEPEST.
3. What libyaml cannot read is told as one mistake at its place; everything found here is collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from victor_nb.workflows.yaml_file.documents import Document, Written
from victor_nb.workflows.yaml_file.errors import FileKind, FileUnreadable
from victor_nb.workflows.yaml_file.mistakes import Mistake
from victor_nb.workflows.yaml_file.places import Place, Spot
from victor_nb.workflows.yaml_file.scalars import meaning
from victor_nb.workflows.yaml_file.syntax import explained

if TYPE_CHECKING:
    from yaml.events import Event

LONGEST_BYTES: Final = 16 * 1024 * 1024
MOST_VALUES: Final = 500_000
DEEPEST: Final = 50
_TAG: Final = "tag:yaml.org,2002:"


def read_file(path: Path, kind: FileKind = "workflow") -> tuple[Document | None, list[Mistake]]:
    """Read a file; see `read`.

    Raises: FileUnreadable: there is no such file, or it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LONGEST_BYTES + 1)
    except OSError as error:
        raise FileUnreadable.because(path, error, kind) from error
    if len(raw) > LONGEST_BYTES:
        return None, [_too_long(str(path))]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [_not_utf8(raw, error.start, str(path))]
    return read(text, str(path), kind)


def read(text: str, file: str, kind: FileKind = "workflow") -> tuple[Document | None, list[Mistake]]:
    """Read YAML; `kind` is what the file is called in messages.

    Returns: the document, None if it cannot be read at all; and what is wrong.
    """
    import yaml

    if len(text) > LONGEST_BYTES:
        return None, [_too_long(file)]
    composer = _Composer(file, kind)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = composer.document(yaml.parse(text, Loader=loader))
    except yaml.YAMLError as broken:
        return None, [*composer.mistakes, Mistake(*explained(broken, text, file))]
    except UnicodeEncodeError as broken:  # half of a surrogate pair
        return None, [Mistake(*explained(yaml.YAMLError(str(broken)), text, file))]
    except _GivenUp:
        return None, composer.mistakes
    return (Document(file, text, root) if root is not None else None), composer.mistakes


def _too_long(file: str) -> Mistake:
    what = f"the file is longer than {LONGEST_BYTES // 1024 // 1024} MB"
    return Mistake(what, Place(file, 1, 1), "keep data in files of their own and name them here")


def _not_utf8(raw: bytes, position: int, file: str) -> Mistake:
    before = raw[:position].decode("utf-8-sig")
    line = before.count("\n")
    place = Place(file, line + 1, len(before) - (before.rfind("\n") + 1) + 1)
    return Mistake(f"the byte 0x{raw[position]:02x} is not UTF-8", place, "save the file as UTF-8")


class _GivenUp(Exception):
    """Reading on would cost too much; the mistake that says so is already noted."""


class _Composer:
    """From the parser's events to `Written` values."""

    def __init__(self, file: str, kind: FileKind) -> None:
        from yaml import events as kinds

        self.mistakes: list[Mistake] = []
        self._file, self._kind = file, kind
        self._anchors: dict[str, Written | None] = {}
        self._size = 0
        self._kinds = kinds

    def document(self, events: Iterator[Event]) -> Written | None:
        kinds = self._kinds
        root: Written | None = None
        for event in events:
            if isinstance(event, kinds.StreamStartEvent | kinds.StreamEndEvent | kinds.DocumentEndEvent):
                continue
            if isinstance(event, kinds.DocumentStartEvent):
                if root is not None:
                    self._note(event, "the file holds a second document", f"one {self._kind} a file; remove the `---`")
                    return root
                continue
            root = self._node(event, events, 0)
        if root is None:
            hint = "a workflow has nodes" if self._kind == "workflow" else "a pipeline has notebooks"
            self.mistakes.append(Mistake("the file is empty", Place(self._file, 1, 1), hint))
        return root

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Written:
        kinds = self._kinds
        if depth > DEEPEST:
            self._note(event, f"values nest deeper than {DEEPEST} levels")
            raise _GivenUp
        if isinstance(event, kinds.AliasEvent):
            return self._alias(event)
        anchor = getattr(event, "anchor", None)
        if anchor:
            self._anchors[anchor] = None  # not whole yet: an alias to it from inside would have no end
        if isinstance(event, kinds.ScalarEvent):
            written = Written(self._scalar(event), Spot.of(event))
            self._count(event, 1)
        elif isinstance(event, kinds.SequenceStartEvent):
            written = self._sequence(event, events, depth)
        else:
            written = self._mapping(event, events, depth)
        if anchor:
            self._anchors[anchor] = written
        return written

    def _alias(self, event: Event) -> Written:
        name = getattr(event, "anchor", "")
        if name not in self._anchors:
            self._note(event, f"the alias *{name} has no anchor &{name} above it")
            return Written(None, Spot.of(event))
        written = self._anchors[name]
        if written is None:
            self._note(event, f"the alias *{name} stands inside what it stands for")
            raise _GivenUp
        self._count(event, written.size)
        return written

    def _sequence(self, start: Event, events: Iterator[Event], depth: int) -> Written:
        self._check_collection_tag(start, "seq")
        self._count(start, 1)
        items: list[Written] = []
        for event in events:
            if isinstance(event, self._kinds.SequenceEndEvent):
                break
            items.append(self._node(event, events, depth + 1))
        size = 1 + sum(item.size for item in items)
        return Written([item.value for item in items], Spot.of(start), size, below=dict(enumerate(items)))

    def _mapping(self, start: Event, events: Iterator[Event], depth: int) -> Written:
        self._check_collection_tag(start, "map")
        self._count(start, 1)
        mapping, merged = Written({}, Spot.of(start)), list[Written]()
        for event in events:
            if isinstance(event, self._kinds.MappingEndEvent):
                break
            key, value = self._node(event, events, depth + 1), self._node(next(events), events, depth + 1)
            mapping.size += key.size + value.size
            if key.value == "<<" and getattr(event, "implicit", (False,))[0]:
                merged += self._merged(value)
            elif self._is_good_key(key, mapping):
                _put(mapping, key.value, key.spot, value)
        for other in merged:
            for name, value in other.below.items():
                if name not in mapping.below:
                    _put(mapping, str(name), other.keys[name], value)
        return mapping

    def _merged(self, value: Written) -> list[Written]:
        candidates = list(value.below.values()) if isinstance(value.value, list) else [value]
        for candidate in candidates:
            if not isinstance(candidate.value, dict):
                self._note_at(candidate.spot, "`<<` merges mappings, and this is none", "<<: *name_of_a_mapping")
                return []
        return candidates

    def _is_good_key(self, key: Written, mapping: Written) -> bool:
        if not isinstance(key.value, str):
            is_template = isinstance(key.value, dict)  # {{ name }} without quotes is a mapping in a mapping
            hint = 'a text that begins with {{ stands in quotes: "{{ … }}"' if is_template else f'"{key.value}" is text'
            self._note_at(key.spot, f"the key {key.value!r} is not text", hint)
            return False
        if key.value in mapping.keys:
            first = mapping.keys[key.value].place(self._file)
            self._note_at(key.spot, f"the key {key.value!r} is given twice, first in line {first.line}", "keep one")
            return False
        return True

    def _check_collection_tag(self, event: Event, allowed: str) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!", _TAG + allowed):
            self._refuse_tag(event, tag)

    def _scalar(self, event: Any) -> Any:
        text, tag = event.value, event.tag
        if tag in (None, "!"):
            return self._plain(event, text) if event.implicit[0] else text
        kind = tag.removeprefix(_TAG)
        if kind == "str":
            return text
        if kind not in ("int", "float", "bool", "null"):
            self._refuse_tag(event, tag)
            return text
        value = self._plain(event, text)
        fits = {"int": type(value) is int, "float": type(value) in (int, float), "bool": isinstance(value, bool)}
        if not fits.get(kind, value is None):
            self._note(event, f"{text!r} is no {kind}")
        return float(value) if kind == "float" and fits["float"] else value

    def _plain(self, event: Event, text: str) -> Any:
        try:
            return meaning(text)
        except ValueError as too_long:
            self._note(event, str(too_long))
            return 0

    def _refuse_tag(self, event: Event, tag: str) -> None:
        shown = "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
        self._note(event, f"the tag {shown} is not allowed", "values are text, numbers, true, false, null, lists, maps")

    def _count(self, event: Event, more: int) -> None:
        self._size += more
        if self._size > MOST_VALUES:
            self._note(event, f"the file stands for more than {MOST_VALUES:,} values, aliases counted each time")
            raise _GivenUp

    def _note(self, event: Event, what: str, hint: str = "") -> None:
        self._note_at(Spot.of(event), what, hint)

    def _note_at(self, spot: Spot, what: str, hint: str = "") -> None:
        self.mistakes.append(Mistake(what, spot.place(self._file), hint))


def _put(mapping: Written, name: str, spot: Spot, value: Written) -> None:
    mapping.keys[name] = spot
    mapping.below[name] = value
    mapping.value[name] = value.value
