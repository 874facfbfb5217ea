"""What a variable is, in a few JSON values: for `describe_variable` and for the <variables> block of a prompt.

A description costs little however large the variable is: at most MOST_ROWS_READ rows are read for the distinct
values of a column, and an estimator is described by its parameters and the shapes of what it learnt.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sized
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from victor_nb.tools.builtin.tables import frame_of, is_array, is_frame, is_series, is_tabular, storable, type_name
from victor_nb.tools.values import safe_repr

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS: Final = 100
MOST_VALUES: Final = 12
MOST_ROWS_READ: Final = 2_000_000
MOST_ATTRIBUTES: Final = 60
VALUE_CHARS: Final = 300


def brief(name: str, value: object) -> dict[str, Any]:
    """Return what a model needs to know to choose tools and columns: type, size, columns, few distinct texts."""
    if is_tabular(value) and (is_frame(value) or is_series(value) or not isinstance(value, Mapping) or _wide(value)):
        return {"name": name, "type": type_name(value), **_brief_table(frame_of(value, name))}
    return {"name": name, "type": type_name(value), **_plain(value)}


def _wide(value: Mapping[Any, Any]) -> bool:
    return any(isinstance(item, list | tuple) or hasattr(item, "shape") for item in islice(value.values(), 1))


def _brief_table(frame: pd.DataFrame) -> dict[str, Any]:
    shown = frame.iloc[:, :MOST_COLUMNS]
    facts: dict[str, Any] = {"rows": len(frame), "columns": column_types(shown)}
    if frame.shape[1] > MOST_COLUMNS:
        facts["more_columns"] = frame.shape[1] - MOST_COLUMNS
    values = {str(label): few for i, label in enumerate(shown.columns) if (few := _few_texts(shown.iloc[:, i]))}
    return {**facts, "values": values} if values else facts


def column_types(frame: pd.DataFrame) -> dict[str, str]:
    """Return each column's type as pandas names it, by the column's name as text."""
    return {str(label): str(dtype) for label, dtype in frame.dtypes.items()}


def _few_texts(column: pd.Series) -> list[str]:
    """Return the distinct texts of a column in order, if there are few; else nothing."""
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        values = list(dtype.categories[: MOST_VALUES + 1])
    elif _may_hold_texts(column) and _has_few(column.iloc[:10_000]) and _has_few(column):
        values = list(column.dropna().unique())
    else:
        return []
    texts = sorted(value for value in values if isinstance(value, str))
    return texts if len(texts) == len(values) <= MOST_VALUES and all(len(t) <= 60 for t in texts) else []


def _may_hold_texts(column: pd.Series) -> bool:
    import pandas as pd

    return len(column) <= MOST_ROWS_READ and (column.dtype == object or isinstance(column.dtype, pd.StringDtype))


def _has_few(column: pd.Series) -> bool:
    try:
        return column.nunique() <= MOST_VALUES
    except TypeError:  # cells that cannot be hashed are no texts
        return False


def full(name: str, value: object) -> dict[str, Any]:
    """Return everything worth knowing about one variable, in JSON values and at most one small table."""
    facts: dict[str, Any] = {"name": name, "type": type_name(value)}
    if is_frame(value) or is_series(value):
        return facts | _whole_table(value, name)
    if hasattr(value, "get_params") and not isinstance(value, type):
        return facts | _estimator(value)
    return facts | _plain(value)


def _whole_table(value: Any, name: str) -> dict[str, Any]:
    frame = frame_of(value, name)
    missing = {str(label): int(n) for label, n in frame.isna().sum().items() if n}
    memory = value.memory_usage(deep=False)
    return {
        "rows": len(frame),
        "columns": column_types(frame.iloc[:, :MOST_COLUMNS]),
        "missing": missing,
        "duplicated_labels": not frame.columns.is_unique,
        "memory_mb": round(float(memory.sum() if hasattr(memory, "sum") else memory) / 1e6, 3),
        "first_rows": storable(frame.iloc[:3, :MOST_COLUMNS]),
    }


def _estimator(value: Any) -> dict[str, Any]:
    """Describe a scikit-learn estimator: how it was set up, and the shapes of what it learnt."""
    parameters = value.get_params(deep=False)
    learnt = {
        name: _shape_or_value(attribute)
        for name, attribute in sorted(getattr(value, "__dict__", {}).items())
        if name.endswith("_") and not name.startswith("_")
    }
    facts: dict[str, Any] = {
        "parameters": {key: safe_repr(item, 120) for key, item in islice(parameters.items(), MOST_ATTRIBUTES)},
        "fitted": bool(learnt),
        "learnt": dict(islice(learnt.items(), MOST_ATTRIBUTES)),
    }
    steps = getattr(value, "steps", None)
    if isinstance(steps, list):
        facts["steps"] = [f"{name}: {type_name(step)}" for name, step in steps]
    return facts


def _shape_or_value(value: object) -> object:
    if isinstance(value, str | bool | int | float):
        return value
    shape = getattr(value, "shape", None)
    if shape:
        return f"{type_name(value)}, shape {tuple(shape)}, {getattr(value, 'dtype', '')}".rstrip(", ")
    return f"{type_name(value)} of {len(value)}" if isinstance(value, Sized) else safe_repr(value, 120)


def _plain(value: object) -> dict[str, Any]:
    """Describe anything else by its shape, length and beginning; never by all of it."""
    if is_array(value):
        return _array(value)
    if isinstance(value, Mapping):
        keys = [safe_repr(key, 60) for key in islice(value, MOST_VALUES)]
        kinds = sorted({type_name(item) for item in islice(value.values(), MOST_ROWS_READ // 1000)})
        return {"length": len(value), "keys": keys, "value_types": kinds}
    if isinstance(value, list | tuple | set | frozenset):
        kinds = sorted({type_name(item) for item in islice(value, MOST_ROWS_READ // 1000)})
        return {"length": len(value), "item_types": kinds, "value": safe_repr(value, VALUE_CHARS)}
    if isinstance(value, str | bytes):
        return {"length": len(value), "value": safe_repr(value[:VALUE_CHARS], VALUE_CHARS)}
    if callable(value):
        return {"signature": _signature(value), "doc": (inspect.getdoc(value) or "").partition("\n")[0]}
    if isinstance(shape := getattr(value, "shape", None), tuple):
        return {"shape": [int(side) for side in shape], "value": safe_repr(value, VALUE_CHARS)}
    return {"value": safe_repr(value, VALUE_CHARS)}


def _array(value: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"shape": list(value.shape), "dtype": str(value.dtype)}
    if value.size and value.dtype.kind in "iuf":
        with_numbers = value[value == value] if value.dtype.kind == "f" else value
        if with_numbers.size:
            facts |= {"min": with_numbers.min().item(), "max": with_numbers.max().item()}
            facts["mean"] = float(with_numbers.mean(dtype="float64"))
        facts["missing"] = int(value.size - with_numbers.size)
    return facts


def _signature(function: Any) -> str:
    try:
        return str(inspect.signature(function))
    except (TypeError, ValueError):
        return "(…)"
