"""Answers about one table: pure functions from a frame to a small frame or record. No function changes its input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from victor_nb.tools.builtin.tables import column_of, is_number, numbers_in, numeric_column_of, storable
from victor_nb.tools.errors import ToolArgumentError

if TYPE_CHECKING:
    import pandas as pd

MOST_GROUPS: Final = 200
MOST_COLUMNS_LISTED: Final = 300
MOST_CORRELATED: Final = 60
FENCE: Final = 1.5
"""How many interquartile ranges beyond the quartiles a value must lie to be an outlier (Tukey)."""
SORTABLE: Final = frozenset({"string", "empty", "bytes", "floating", "integer", "boolean", "date", "decimal", "time"})
"""What pandas infers for columns of Python objects that have an order."""
NEEDS_NUMBERS: Final = ("mean", "median", "sum", "std")


def columns(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a column: name, type, missing values, an example."""
    import pandas as pd

    part = frame.iloc[:, :MOST_COLUMNS_LISTED]
    return pd.DataFrame(
        {
            "column": [str(label) for label in part.columns],
            "type": [str(dtype) for dtype in part.dtypes],
            "missing": part.isna().sum().to_numpy(),
            "example": [_example(part.iloc[:, i]) for i in range(part.shape[1])],
        }
    )


def _example(column: pd.Series) -> str:
    place = column.first_valid_index() if column.index.is_unique else None
    if place is None:
        known = column.dropna()
        return str(known.iloc[0])[:60] if len(known) else ""
    return str(column.loc[place])[:60]


def missing(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a column: how many values are missing, and what percentage; most first."""
    import pandas as pd

    counts = frame.isna().sum().to_numpy()
    table = pd.DataFrame({"column": [str(label) for label in frame.columns], "missing": counts})
    table["percent"] = (100 * table["missing"] / max(len(frame), 1)).round(2)
    return table.sort_values("missing", ascending=False, kind="stable", ignore_index=True)


def counts(column: pd.Series, n: int) -> pd.DataFrame:
    """The `n` most frequent values with count and percentage; equal counts in the order of the values' texts."""
    import pandas as pd

    found = hashable(column).value_counts(dropna=False)
    table = pd.DataFrame({"value": found.index.astype(object), "count": found.to_numpy()})
    table["percent"] = (100 * table["count"] / max(len(column), 1)).round(2)
    table = table.assign(text=table["value"].map(str)).sort_values(
        ["count", "text"], ascending=[False, True], kind="stable", ignore_index=True
    )
    return storable(table.drop(columns="text").head(n).infer_objects())


def hashable(column: pd.Series) -> pd.Series:
    """Return a column that can be grouped by and sorted: lists, dicts and mixed types become their texts."""
    import pandas as pd

    if column.dtype != object or pd.api.types.infer_dtype(column, skipna=True) in SORTABLE:
        return column
    return column.map(str, na_action="ignore")


def grouped(frame: pd.DataFrame, by: str, column: str | None, statistic: str, variable: str) -> pd.DataFrame:
    """One row a group, the largest value first; missing group values are a group of their own.

    Raises:
        ToolArgumentError: the statistic needs a column, or a column of numbers.
    """
    keys = hashable(column_of(frame, by, variable))
    if column is None:
        if statistic != "count":
            raise ToolArgumentError.at("column", f"{statistic!r} needs a column", hint="only 'count' needs none")
        result, name = _groups_of(keys, keys).size(), "rows"
    else:
        read = numeric_column_of if statistic in NEEDS_NUMBERS else column_of
        values, name = read(frame, column, variable), f"{statistic}_{column}"
        try:
            result = getattr(_groups_of(values, keys), statistic)()
        except TypeError as unfit:
            raise ToolArgumentError.at("statistic", f"{statistic!r} does not fit column {column!r}: {unfit}") from unfit
    table = result.rename(name if name != by else f"{name} ").rename_axis(by).reset_index()
    return storable(
        table.sort_values(table.columns[1], ascending=False, kind="stable", ignore_index=True).head(MOST_GROUPS)
    )


def _groups_of(values: Any, keys: pd.Series) -> Any:
    """Group by keys; missing keys are a group, categories that do not occur are none."""
    return values.groupby(keys, dropna=False, observed=True)


def compared(frame: pd.DataFrame, by: str, column: str | None, variable: str) -> pd.DataFrame:
    """Groups side by side: the distribution of one column, or the means of all columns of numbers.

    Raises:
        ToolArgumentError: a column that does not exist or holds no numbers.
    """
    keys = hashable(column_of(frame, by, variable))
    if column is not None:
        values = numeric_column_of(frame, column, variable)
        table = _groups_of(values, keys).agg(["count", "mean", "std", "min", "median", "max"])
        table = table.sort_values("mean", ascending=False, kind="stable")
    else:
        numbers = numbers_in(frame)
        numbers = numbers.loc[:, [label for label in numbers.columns if str(label) != by]]
        table = _groups_of(numbers, keys).mean()
        table.insert(0, "rows", _groups_of(keys, keys).size())
    return storable(table.head(MOST_GROUPS).rename_axis(by).reset_index(names=by))


def correlation(x: pd.Series, y: pd.Series, method: str) -> dict[str, Any]:
    """The correlation of two columns over the rows where both have a value; None if it is not defined."""
    import pandas as pd

    pair = pd.DataFrame({"x": _floats(x), "y": _floats(y)}).dropna()
    value: Any = _correlations(pair, method).iloc[0, 1] if len(pair) > 1 else float("nan")
    coefficient = None if value != value else round(float(value), 6)
    return {"x": str(x.name), "y": str(y.name), "method": method, "coefficient": coefficient, "rows": len(pair)}


def correlations(frame: pd.DataFrame, method: str) -> pd.DataFrame:
    """The correlation of each column of numbers with each other, over the rows where both have a value."""
    import pandas as pd

    numbers = numbers_in(frame).iloc[:, :MOST_CORRELATED]
    if numbers.shape[1] < 2:
        raise ToolArgumentError("a correlation needs two columns of numbers", hint="list_columns shows their types")
    plain = pd.DataFrame({i: _floats(numbers.iloc[:, i]) for i in range(numbers.shape[1])})
    table = _correlations(plain, method).round(6)
    names = [str(label) for label in numbers.columns]
    table.columns, table.index = pd.Index(names), pd.Index(names)
    return storable(table)


def correlated_with(frame: pd.DataFrame, x: pd.Series, method: str) -> pd.DataFrame:
    """The correlation of one column with each other column of numbers, the strongest first."""
    import pandas as pd

    numbers = numbers_in(frame)
    others = [numbers.iloc[:, i] for i in range(numbers.shape[1]) if numbers.columns[i] != x.name]
    table = pd.DataFrame(
        [correlation(x, other, method) for other in others[:MOST_COLUMNS_LISTED]],
        columns=["x", "y", "method", "coefficient", "rows"],
    )
    return table.sort_values("coefficient", key=lambda c: c.abs(), ascending=False, kind="stable", ignore_index=True)


def _correlations(frame: pd.DataFrame, method: str) -> pd.DataFrame:
    """Correlate by Pearson; by Spearman it is the same over ranks, which needs no SciPy."""
    import numpy as np

    with np.errstate(all="ignore"):
        return (frame.rank() if method == "spearman" else frame).corr()


def _floats(column: pd.Series) -> pd.Series:
    return column.astype("Float64").astype("float64") if column.hasnans else column.astype("float64")


def outliers(frame: pd.DataFrame, column: pd.Series, n: int) -> dict[str, Any]:
    """Values beyond the fences, the farthest from the median first; at most `n` rows of them."""
    values = _floats(column)
    low, middle, high = (float(q) for q in values.quantile([0.25, 0.5, 0.75]))
    lower, upper = low - FENCE * (high - low), high + FENCE * (high - low)
    outside = ((values < lower) | (values > upper)).to_numpy()
    distance = (values[outside] - middle).abs()
    order = distance.argsort(kind="stable").to_numpy()[::-1][:n]
    return {
        "column": str(column.name),
        "rule": f"beyond {FENCE} interquartile ranges from the quartiles",
        "lower": _finite(lower),
        "upper": _finite(upper),
        "outliers": int(outside.sum()),
        "rows": len(frame),
        "examples": storable(frame[outside].iloc[order]),
    }


def _finite(value: float) -> float | None:
    return None if value != value else round(value, 6)


def top(frame: pd.DataFrame, column: pd.Series, n: int, order: str) -> pd.DataFrame:
    """The rows with the largest or smallest values, missing ones left out; equal values keep the table's order."""
    known = column.notna().to_numpy()
    try:
        ranks = column[known].reset_index(drop=True).sort_values(ascending=order == "smallest", kind="stable")
    except TypeError as unfit:
        raise ToolArgumentError.at("column", f"column {str(column.name)!r} has no order: {unfit}") from unfit
    return storable(frame[known].iloc[ranks.index[:n]])


def statistics(frame: pd.DataFrame, column: pd.Series | None) -> pd.DataFrame:
    """Count, mean, deviation and quantiles of numbers; count, distinct and most frequent value of the rest.

    One column gives one row; None gives a row for each column of numbers, or for each column if there is none.
    """
    if column is not None:
        chosen = column.to_frame()
    else:
        chosen = numbers_in(frame)
        chosen = chosen if chosen.shape[1] else frame
    if not chosen.shape[1]:
        raise ToolArgumentError("the table has no columns")
    rows = [_summary(chosen.iloc[:, i]) for i in range(min(chosen.shape[1], MOST_COLUMNS_LISTED))]
    import pandas as pd

    return storable(pd.DataFrame(rows))


def _summary(column: pd.Series) -> dict[str, Any]:
    facts: dict[str, Any] = {"column": str(column.name), "count": int(column.count())}
    if is_number(column):
        values = _floats(column)
        quantiles = values.quantile([0, 0.25, 0.5, 0.75, 1]).to_numpy()
        names = ("min", "25%", "50%", "75%", "max")
        return facts | {"mean": values.mean(), "std": values.std()} | dict(zip(names, quantiles, strict=True))
    found = hashable(column).value_counts()
    facts["distinct"] = len(found)
    if len(found):
        facts |= {"most_frequent": str(found.index[0]), "times": int(found.iloc[0])}
    if column.dtype.kind in "mM" and column.notna().any():
        facts |= {"min": str(column.min()), "max": str(column.max())}
    return facts
