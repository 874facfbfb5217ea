"""Variables as tables: the one way in which tools read a kernel variable and find its columns.

1. Nothing here changes a user's object. A frame handed out may share memory with it, so callers only read.
2. A column is named by text. A label that is no text (a number, a tuple) is found by how it is written.
3. pandas is imported inside functions, and only when there is a table.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from victor_nb.tools.errors import NotTabular, ToolArgumentError, UnknownColumn, UnknownVariable
from victor_nb.tools.values import safe_repr

if TYPE_CHECKING:
    import pandas as pd

MOST_ITEMS_LOOKED_AT: Final = 1000
"""How many items of a list are looked at to decide whether it is a table."""


def variable_named(namespace: Mapping[str, object], name: str) -> object:
    """Return a variable of the kernel.

    Raises:
        UnknownVariable: with the nearest name.
    """
    if name in namespace:
        return namespace[name]
    raise UnknownVariable.named(name, list(namespace))


def type_name(value: object) -> str:
    """Return "pandas.DataFrame", "sklearn.LogisticRegression" or "dict": package and class only."""
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    return kind.__qualname__ if package == "builtins" else f"{package}.{kind.__qualname__}"


def is_frame(value: object) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def is_series(value: object) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Series)


def is_array(value: object) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def is_tabular(value: object) -> bool:
    """Answer whether `frame_of` can read a value; looks at the first items of a list, not at all."""
    if is_frame(value) or is_series(value) or hasattr(value, "to_pandas"):
        return True
    if is_array(value):
        return getattr(value, "ndim", 0) in (1, 2)
    if isinstance(value, Mapping):
        return bool(value) and (_is_columns(value) or all(_is_scalar(v) for v in islice(value.values(), 100)))
    return isinstance(value, list | tuple) and bool(value) and _are_rows(value[:MOST_ITEMS_LOOKED_AT])


def frame_of(value: Any, variable: str) -> pd.DataFrame:
    """Read a value as rows and columns, without changing it.

    An index with a meaning (a name, dates, texts) becomes columns in front. A Series or a list is one column,
    named "value" if it has no name; a dict is its columns, or, if it holds single values, "key" and "value".

    Raises:
        NotTabular: the value has no rows and columns.
    """
    if not is_tabular(value):
        raise NotTabular(
            f"{variable!r} is a {type_name(value)}, which has no rows and columns",
            hint="describe_variable shows what it is",
        )
    if hasattr(value, "to_pandas"):
        return frame_of(value.to_pandas(), variable)
    try:
        return _dense(_with_index(_read(value)))
    except (TypeError, ValueError) as uneven:
        raise NotTabular(f"{variable!r} cannot be read as a table: {uneven}") from uneven


def _read(value: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return value
    if isinstance(value, pd.Series):
        return value.to_frame("value" if value.name is None else value.name)
    if is_array(value):
        single = value.ndim == 1 and value.dtype.names is None
        return pd.DataFrame(value, columns=["value"] if single else None)
    if isinstance(value, Mapping):
        if _is_columns(value):
            return pd.DataFrame(dict(value))
        return pd.DataFrame({"key": [str(key) for key in value], "value": list(value.values())})
    if isinstance(value[0], Mapping):
        return pd.DataFrame([dict(item) for item in value])
    if isinstance(value[0], list | tuple):
        return pd.DataFrame([list(row) for row in value])
    return pd.DataFrame({"value": list(value)})


def _is_columns(value: Mapping[Any, Any]) -> bool:
    columns = list(islice(value.values(), MOST_ITEMS_LOOKED_AT))
    if not all(isinstance(c, list | tuple) or is_series(c) or (is_array(c) and c.ndim == 1) for c in columns):
        return False
    return len({len(column) for column in columns}) == 1


def _are_rows(items: Any) -> bool:
    if all(isinstance(item, Mapping) or _is_scalar(item) for item in items):
        return len({isinstance(item, Mapping) for item in items}) == 1
    rows = all(isinstance(item, list | tuple) and all(_is_scalar(cell) for cell in item) for item in items)
    return rows and len({len(item) for item in items}) == 1


def _is_scalar(value: object) -> bool:
    if value is None or isinstance(value, str | bool | int | float):
        return True
    return hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose meaningful index levels are columns; the same frame where there are none."""
    import pandas as pd

    levels = [frame.index.get_level_values(i) for i in range(frame.index.nlevels)]
    meant = [level for level in levels if level.name is not None or level.dtype.kind not in "iu"]
    if not meant or frame.columns.nlevels > 1:
        return frame
    widened = frame.copy(deep=False)
    widened.index = pd.RangeIndex(len(frame))
    for level in reversed(meant):
        name = "index" if level.name is None else level.name
        if name not in widened.columns:
            widened.insert(0, name, level.array)
    return widened


def _dense(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame without sparse columns, which much of pandas cannot group, test or fill."""
    import pandas as pd

    sparse = [i for i, dtype in enumerate(frame.dtypes) if isinstance(dtype, pd.SparseDtype)]
    if not sparse:
        return frame
    columns: list[Any] = [frame.iloc[:, i] for i in range(frame.shape[1])]
    for i in sparse:
        columns[i] = columns[i].sparse.to_dense()
    dense: pd.DataFrame = pd.concat(columns, axis=1)
    return dense


def column_of(frame: pd.DataFrame, name: str, variable: str) -> pd.Series:
    """Return the column of that name.

    Raises:
        UnknownColumn: there is none, with the nearest name.
        ToolArgumentError: there are two.
    """
    places = [i for i, label in enumerate(frame.columns) if label == name and isinstance(label, str)]
    places = places or [i for i, label in enumerate(frame.columns) if str(label) == name]
    if not places:
        raise UnknownColumn.named(name, [str(label) for label in frame.columns], variable=variable)
    if len(places) > 1:
        raise ToolArgumentError.at(
            "column",
            f"there are {len(places)} columns named {name!r}",
            f"variable {variable!r}",
            "rename one of them",
        )
    return frame.iloc[:, places[0]]


def numeric_column_of(frame: pd.DataFrame, name: str, variable: str) -> pd.Series:
    """Return a column of numbers.

    Raises:
        UnknownColumn: there is none of that name.
        ToolArgumentError: it holds something else, with the columns that would do.
    """
    column = column_of(frame, name, variable)
    if is_number(column):
        return column
    raise ToolArgumentError.at(
        "column",
        f"column {name!r} holds {column.dtype}, not numbers",
        f"variable {variable!r}",
        f"columns of numbers: {', '.join(map(str, numbers_in(frame).columns)) or 'none'}",
    )


def is_number(column: pd.Series) -> bool:
    import pandas as pd

    kinds, dtype = pd.api.types, column.dtype
    return bool(kinds.is_numeric_dtype(dtype) and not kinds.is_bool_dtype(dtype) and not kinds.is_complex_dtype(dtype))


def numbers_in(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that hold numbers (truth values are none)."""
    return frame.iloc[:, [i for i in range(frame.shape[1]) if is_number(frame.iloc[:, i])]]


def storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table that any journal can keep: names are texts, each once, and so are mixed cells."""
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    for place, label in enumerate(frame.columns):
        name = str(label)
        while name in columns:
            name += f" ({place})"
        columns[name] = _storable_column(frame.iloc[:, place])
    index = frame.index.map(str) if frame.index.nlevels > 1 else frame.index
    kept = pd.DataFrame(columns, index=frame.index)
    kept.index = pd.Index(_storable_column(index.to_series()).array, name=None)
    return kept


def _storable_column(column: pd.Series) -> pd.Series:
    import pyarrow as pa

    try:
        pa.Array.from_pandas(column)
    except (pa.ArrowException, TypeError, ValueError):
        return column.astype(object).map(_cell_text)
    return column


def _cell_text(cell: object) -> str | None:
    if isinstance(cell, str):
        return cell
    return None if cell is None or cell != cell else safe_repr(cell, 200)
