"""Documents as they are given, and the pieces that they are cut into.

1. A document is plain data, checked where it comes in; nothing behind this module looks at a mapping of a user's.
2. Text that no file could hold (half a surrogate pair) is mended here, so that nothing behind stumbles over it.
3. A piece is whole lines of one document; where it lies is said in lines of its file, or of one cell of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from typing import Final, Literal, NamedTuple, TypeAlias

from victor_nb.retrieval.core import core
from victor_nb.retrieval.core.types import CutChunk
from victor_nb.retrieval.errors import BadDocument

Scalar: TypeAlias = str | int | float | bool | None
Metadata: TypeAlias = Mapping[str, Scalar | Sequence[Scalar]]
Kind: TypeAlias = Literal["code", "text"]

_CODE: Final = (
    "py pyi ipynb js jsx mjs cjs ts tsx rs go java sql c h cc cpp hpp cs rb php kt scala swift r jl lua sh bash ps1 "
    "pl ex hs ml css vue python javascript typescript rust"
)
CODE: Final = frozenset(_CODE.split())
"""Languages, by name or ending, whose text is code."""

CUTTING: Final = 1
"""Counts how texts have been cut so far: another number, and a document that is added again is written anew."""


@dataclass(frozen=True, slots=True)
class Document:
    """Something that can be found.

    Attributes:
        id: names it; a document that is added under the same id replaces it.
        text: what it says; it is cut into chunks.
        title: what it is called; its words weigh three times.
        path: where it lies; shown in citations, and its words raise it.
        language: how its text is cut and whether it is code: a name or an ending of a file. That of `path` if empty.
        metadata: values by name, for filters: texts, numbers, truth values, or lists of such.
    """

    id: str
    text: str
    title: str = ""
    path: str = ""
    language: str = ""
    metadata: Metadata = field(default_factory=dict)


class Piece(NamedTuple):
    """A chunk of a document.

    Attributes:
        first, last: its lines, from 1; 0 where there are none.
        names: what it defines.
        cell: the cell of the notebook that the lines count in, from 1; None outside of notebooks.
    """

    text: str
    first: int
    last: int
    names: tuple[str, ...] = ()
    kind: Kind = "text"
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document cut into pieces: what the store writes.

    Attributes:
        digest: a hash of all that its pieces follow from; empty if they are to be hashed themselves, because much of
            that changes none of them.
    """

    id: str
    title: str
    path: str
    metadata: str
    pieces: tuple[Piece, ...]
    digest: bytes = b""

    @property
    def hash(self) -> bytes:
        """Changes whenever anything does that can be found or shown."""
        whole = blake2b(f"{self.title}\0{self.path}\0{self.metadata}".encode(), digest_size=16)
        whole.update(self.digest)
        for piece in () if self.digest else self.pieces:
            place = f"\0{piece.first} {piece.last} {piece.kind} {piece.cell} {piece.names} {len(piece.text)}\0"
            whole.update(f"{place}{piece.text}".encode())
        return whole.digest()


NAMES: Final = frozenset(each.name for each in fields(Document))


def documents_of(given: Iterable[Mapping[str, object] | Document]) -> Iterator[Document]:
    """Check documents one by one, in order.

    Raises: BadDocument, with the place of the document, also for an id that came before.
    """
    seen: dict[str, int] = {}
    for place, each in enumerate(given, start=1):
        document = checked(each, place)
        if document.id in seen:
            raise BadDocument.at(place, f"the id {document.id!r} is that of document {seen[document.id]} too")
        seen[document.id] = place
        yield document


def checked(given: Mapping[str, object] | Document, place: int) -> Document:
    """Return a document whose every part is what it should be. Raises: BadDocument."""
    if isinstance(given, Document):
        values: Mapping[str, object] = {each: getattr(given, each) for each in NAMES}
    elif isinstance(given, Mapping):
        values = given
    else:
        raise BadDocument.at(place, f"{type(given).__name__} is no document")
    if unknown := sorted(str(name) for name in values if name not in NAMES):
        raise BadDocument.at(place, f"{unknown[0]!r} is no part of a document; put it into metadata")
    if "id" not in values or "text" not in values:
        raise BadDocument.at(place, f"it has no {'id' if 'id' not in values else 'text'}")
    name = values["id"]
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not name:
        raise BadDocument.at(place, "its id is empty")
    texts = {"id": name} | {each: values.get(each, "") for each in ("text", "title", "path", "language")}
    for part, value in texts.items():
        if not isinstance(value, str):
            raise BadDocument.at(place, f"its {part} is {type(value).__name__}, not a text")
    metadata = values.get("metadata") or {}
    return Document(**{part: mended(str(value)) for part, value in texts.items()}, metadata=_filters(metadata, place))


def _filters(given: object, place: int) -> Metadata:
    if not isinstance(given, Mapping):
        raise BadDocument.at(place, f"its metadata is {type(given).__name__}, not values by name")
    values: dict[str, Scalar | Sequence[Scalar]] = {}
    for name, value in given.items():
        parts = value if isinstance(value, list | tuple) else [value]
        if not isinstance(name, str) or not all(_is_scalar(part) for part in parts):
            raise BadDocument.at(place, f"its metadata {name!r} is {value!r}, not a text, a number or a list of such")
        values[mended(name)] = mended(value) if isinstance(value, str) else value
    return values


def _is_scalar(value: object) -> bool:
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")
    return value is None or isinstance(value, str | bool) or (isinstance(value, int) and abs(value) < 2**63)


def mended(text: str) -> str:
    """Return the text with every half of a surrogate pair replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def prepared(document: Document) -> Prepared:
    """Cut a document into pieces along its syntax; one with a title only is a piece too."""
    return prepared_all([document])[0]


def prepared_all(documents: Sequence[Document], digests: Sequence[bytes] = ()) -> list[Prepared]:
    """Do as `prepared` for many at once.

    Args:
        digests: a hash of each text, if one is known.
    """
    languages = [document.language or ending(document.path) for document in documents]
    cut = core().cut([document.text for document in documents], languages)
    known = digests or [_digest(document.text.encode()) for document in documents]
    return [
        _prepared(document, language, chunks, _digest(f"{CUTTING} {language}\0".encode() + digest))
        for document, language, chunks, digest in zip(documents, languages, cut, known, strict=True)
    ]


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def _prepared(document: Document, language: str, chunks: Sequence[CutChunk], digest: bytes) -> Prepared:
    kind: Kind = "code" if language in CODE else "text"
    pieces = _pieces(chunks, kind, None)
    if not pieces and document.title.strip():
        pieces = (Piece("", 0, 0, (), kind),)
    return Prepared(document.id, document.title, document.path, dumped(document.metadata), pieces, digest)


def pieces_of(text: str, language: str, kind: Kind, *, cell: int | None = None) -> tuple[Piece, ...]:
    """Cut a text along the syntax of its language; a piece of blanks says nothing and is left out."""
    return _pieces(core().cut([text], [language])[0], kind, cell)


def _pieces(chunks: Sequence[CutChunk], kind: Kind, cell: int | None) -> tuple[Piece, ...]:
    return tuple([Piece(*chunk, kind, cell) for chunk in chunks if not chunk[0].isspace()])


def ending(path: str) -> str:
    """Return what follows the last dot of a file's name, in lower case."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def dumped(metadata: Metadata) -> str:
    """Return metadata as JSON with its names in order, so that equal metadata are equal texts."""
    return json.dumps(dict(metadata), ensure_ascii=False, sort_keys=True, allow_nan=False)
