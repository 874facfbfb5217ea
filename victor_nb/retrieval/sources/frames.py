"""DataFrames as documents: a row each, its other columns as metadata to filter by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from victor_nb.errors import nearest
from victor_nb.retrieval.errors import BadDocument, NothingThere
from victor_nb.retrieval.sources.documents import Document, Scalar

if TYPE_CHECKING:
    import pandas as pd


def documents_of_frame(
    frame: pd.DataFrame,
    *,
    text: Sequence[str],
    id: str | None,
    title: str | None,
    metadata: Sequence[str] | None,
    name: str,
) -> Iterator[Document]:
    """Return a document for each row; see `Index.add_frame`. Raises: NothingThere, BadDocument."""
    if not text:
        raise BadDocument("no column was named whose text is to be searched", hint='text=["column"]')
    columns = {str(label): label for label in frame.columns}
    used = [*text, *(each for each in (id, title) if each is not None)]
    for column in [*used, *(metadata or ())]:
        if column not in columns:
            raise NothingThere(
                f"the table has no column {column!r}.{nearest(column, columns)}",
                hint=f"it has {', '.join(columns)}"[:300],
            )
    shown = list(metadata) if metadata is not None else [each for each in columns if each not in used]
    values = {each: frame[columns[each]].tolist() for each in dict.fromkeys([*used, *shown])}
    labels = values[id] if id is not None else frame.index.tolist()
    for row, label in enumerate(labels):
        said = [str(values[each][row]) for each in text if not _is_missing(values[each][row])]
        yield Document(
            id=f"{name}/{_label(label)}" if name else _label(label),
            text="\n".join(said),
            title="" if title is None or _is_missing(values[title][row]) else str(values[title][row]),
            metadata={each: _scalar(values[each][row]) for each in shown},
        )


def _label(label: object) -> str:
    return "/".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _is_missing(value: object) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))  # type: ignore[call-overload]


def _scalar(value: object) -> Scalar:
    if _is_missing(value) or value is None:
        return None
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, float):
        return value if abs(value) != float("inf") else None
    moment = getattr(value, "isoformat", None)
    return str(moment()) if callable(moment) else str(value)
