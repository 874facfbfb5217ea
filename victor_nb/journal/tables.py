"""Tables and arrays as blobs: Arrow IPC for pandas, npy for NumPy; never object arrays, never pickle.

The libraries are looked up, not imported: a value of theirs can only exist where they are loaded, and reading
imports them because the caller asked for such a value.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import Unstorable
from .redaction import Redactor

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table on its way into a blob: which kind it was, its bytes, and what the bytes do not say."""

    kind: str
    content: bytes
    extra: dict[str, Any] = field(default_factory=dict)


def dump(value: Any, redactor: Redactor) -> Table | None:
    """Return a DataFrame, Series, Index or array as a table; None for anything else.

    Raises:
        Unstorable: the columns hold Python objects that Arrow or npy cannot represent.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            return Table("frame", _arrow(value, redactor))
        if isinstance(value, pandas.Series):
            name = value.name if value.name is None or isinstance(value.name, str) else str(value.name)
            return Table("series", _arrow(value.to_frame("values"), redactor), {"name": name})
        if isinstance(value, pandas.Index):
            return Table("index", _arrow(value.to_frame(index=False, name="values"), redactor), {"name": value.name})
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return Table("array", _npy(value, redactor))
    return None


def load(kind: str, content: bytes, extra: dict[str, Any]) -> Any:
    """Return the value that `dump` was given."""
    if kind == "array":
        import numpy as np

        return np.load(io.BytesIO(content), allow_pickle=False)
    frame = _frame(content)
    if kind == "frame":
        return frame
    if kind == "series":
        return frame["values"].rename(extra["name"])
    import pandas as pd

    return pd.Index(frame["values"], name=extra["name"])


def scalar(dtype: str, value: Any) -> Any:
    """Return a NumPy scalar of `dtype`."""
    import numpy as np

    return np.dtype(dtype).type(value)


def _arrow(frame: pd.DataFrame, redactor: Redactor) -> bytes:
    import pyarrow as pa

    try:
        table = pa.Table.from_pandas(frame)
    except (pa.ArrowException, TypeError, ValueError) as failure:
        raise Unstorable(
            f"the table holds something that Arrow cannot represent: {failure}",
            hint="give each column one type (text, numbers, dates), for example with df.astype(str)",
        ) from failure
    content = _ipc(table)
    if redactor.clean(content) is content:
        return content
    return _ipc(pa.Table.from_pandas(_without_secrets(frame, redactor)))


def _ipc(table: Any) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _frame(content: bytes) -> pd.DataFrame:
    import pyarrow as pa

    frame: pd.DataFrame = pa.ipc.open_stream(content).read_all().to_pandas()
    return frame


def _without_secrets(frame: pd.DataFrame, redactor: Redactor) -> pd.DataFrame:
    """A copy in which every text, in cells, labels and the index, was cleaned."""

    def clean(cell: Any) -> Any:
        return redactor.clean_text(cell) if isinstance(cell, str) else cell

    cleaned = frame.rename(columns=clean, index=clean)
    for column in cleaned.columns:
        if not _is_number_like(cleaned[column].dtype):
            cleaned[column] = cleaned[column].map(clean)
    return cleaned


def _is_number_like(dtype: Any) -> bool:
    return getattr(dtype, "kind", "O") in "biufcmM"


def _npy(array: Any, redactor: Redactor) -> bytes:
    import numpy as np

    if array.dtype.hasobject:
        raise Unstorable(
            f"an array of dtype {array.dtype} holds Python objects",
            hint="convert it to numbers or text, for example with array.astype(str), or return a list",
        )
    if array.dtype.kind == "U":
        array = np.array([redactor.clean_text(str(item)) for item in array.ravel()]).reshape(array.shape)
    elif array.dtype.kind == "S":
        array = np.array([redactor.clean(bytes(item)) for item in array.ravel()]).reshape(array.shape)
    sink = io.BytesIO()
    np.save(sink, array, allow_pickle=False)
    return sink.getvalue()
