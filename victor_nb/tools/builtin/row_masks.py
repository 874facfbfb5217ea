"""Row conditions over a table: which rows a parsed condition picks.

1. Text never reaches an evaluator. numexpr is given expressions made here, of generated names, signs and
   brackets; everything else is a method call on a column.
2. Parts made of plain numbers (64-bit after widening) go to numexpr, in pieces as large as possible; texts,
   dates, missing-value types and single precision go to pandas, whose rules for them numexpr does not share.
3. The answer is pandas' answer: a comparison with a missing value is false, except `!=` where the column
   marks missing by NaN. Types with their own NA keep it through `not`, `and`, `or`; at the end it is false.
4. Where pandas would silently find nothing (a number column compared with a text), it is an error instead.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from victor_nb.tools.builtin.expression_tree import (
    Arithmetic,
    Column,
    Comparison,
    Constant,
    Function,
    Logical,
    Membership,
    Missing,
    Negative,
    Node,
    Not,
    TextTest,
)
from victor_nb.tools.builtin.expressions import parse
from victor_nb.tools.builtin.tables import column_of, is_number
from victor_nb.tools.errors import ExpressionError, UnknownColumn

if TYPE_CHECKING:
    import pandas as pd

MOST_NUMEXPR_INPUTS: Final = 24
"""NumPy iterates over 32 arrays at once at most; numexpr needs some for itself."""

_INT64: Final = range(-(2**63), 2**63)
_OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "**": operator.pow,
    "and": operator.and_,
    "or": operator.or_,
}


def matching_rows(source: str, frame: pd.DataFrame, variable: str) -> Any:
    """Return a NumPy array of truth values, one a row.

    Raises:
        ExpressionError: the condition cannot be read, or does not fit the types of the columns.
        UnknownColumn: with the nearest name.
    """
    import numpy as np

    condition = parse(source)
    with np.errstate(all="ignore"):
        mask = _Evaluation(frame, variable).condition(condition)
    return mask.fillna(False).to_numpy(dtype=bool)


def computed_column(source: str, frame: pd.DataFrame, variable: str) -> pd.Series:
    """Return the numbers that an arithmetic expression gives, one a row.

    Raises:
        ExpressionError: the expression cannot be read, or is no arithmetic over numbers.
        UnknownColumn: with the nearest name.
    """
    import numpy as np

    node = parse(source)
    evaluation = _Evaluation(frame, variable)
    with np.errstate(all="ignore"):
        value = evaluation.number(node)
    return value if hasattr(value, "index") else evaluation.series(np.full(len(frame), value))


class _Uncompilable(Exception):
    """This part of a condition is not for numexpr."""


class _Evaluation:
    """One condition over one table."""

    def __init__(self, frame: pd.DataFrame, variable: str) -> None:
        self.frame, self.variable = frame, variable

    def condition(self, node: Node) -> pd.Series:
        """Evaluate a part that must be true or false for each row: a Series of `bool` or `boolean`."""
        if isinstance(node, Comparison | Logical | Not) and (mask := self.try_numexpr(node)) is not None:
            return mask
        match node:
            case Logical():
                return reduce(_OPERATORS[node.operator], map(self.condition, node.operands))
            case Not():
                return ~self.condition(node.operand)
            case Comparison():
                return self.compared(node)
            case Membership():
                return self.member(node)
            case TextTest():
                return self.text_test(node)
            case Missing():
                return self.missing(node)
            case Constant(value=bool(value)):
                return self.everywhere(value)
            case Column():
                return self.truth(node)
        raise ExpressionError("a condition is expected, not a value", hint="compare it: price * quantity > 100")

    def try_numexpr(self, node: Node) -> pd.Series | None:
        compiled = _Compilation(self)
        try:
            expression = compiled.condition(node)
        except _Uncompilable:
            return None
        if not compiled.columns or len(compiled.inputs) > MOST_NUMEXPR_INPUTS:
            return None
        import numexpr

        return self.series(numexpr.evaluate(expression, local_dict=compiled.inputs, global_dict={}, truediv=True))

    def series(self, values: Any) -> pd.Series:
        import pandas as pd

        return pd.Series(values, index=self.frame.index)

    def everywhere(self, value: bool) -> pd.Series:
        import numpy as np

        return self.series(np.full(len(self.frame), value, dtype=bool))

    def column(self, node: Column) -> pd.Series:
        try:
            return column_of(self.frame, node.name, self.variable)
        except UnknownColumn as unknown:
            hint = f"{unknown.hint}; a text goes in quotes: {node.name!r}"
            raise UnknownColumn(unknown.what, unknown.where, hint) from None

    def value(self, node: Node) -> Any:
        """Evaluate a part that is a value for each row: a Series, or a constant."""
        match node:
            case Constant():
                return node.value
            case Column():
                return _widened(self.column(node))
            case Negative():
                return -self.number(node.operand)
            case Function():
                return self.function(node)
            case Arithmetic():
                return self.arithmetic(node)
        return self.condition(node)

    def number(self, node: Node) -> Any:
        """Evaluate a part that arithmetic is done with."""
        value = self.value(node)
        if isinstance(value, bool | int | float) or (hasattr(value, "dtype") and is_number(value)):
            return value
        what = f"a column of type {value.dtype}" if hasattr(value, "dtype") else repr(value)
        raise ExpressionError(f"arithmetic needs numbers, not {what}")

    def arithmetic(self, node: Arithmetic) -> Any:
        left, right = self.number(node.left), self.number(node.right)
        if node.operator == "**":  # in floating point: integers would grow without limit, or refuse 2 ** -1
            left = float(left) if isinstance(left, int | float) else left.astype("float64")
        with _fitting(f"{node.operator!r}"):
            return _OPERATORS[node.operator](left, right)

    def function(self, node: Function) -> Any:
        import numpy as np

        operand = self.number(node.operand)
        with _fitting(f"{node.name}()"):
            result = getattr(np, node.name)(operand)
        return result if hasattr(result, "index") else result.item()

    def compared(self, node: Comparison) -> pd.Series:
        left, right = self.value(node.left), self.value(node.right)
        right, left = _adapted(right, left), _adapted(left, right)
        with _fitting(f"{node.operator!r}"):
            result = _OPERATORS[node.operator](left, right)
        return self.everywhere(bool(result)) if isinstance(result, bool) else _truth_values(result)

    def member(self, node: Membership) -> pd.Series:
        values = self.value(node.operand)
        if not hasattr(values, "isin"):
            raise ExpressionError("'in' needs a column on its left", hint="city in ['Bern', 'Rome']")
        wanted = [_adapted(constant.value, values) for constant in node.values if constant.value is not None]
        with _fitting("'in'"):
            mask = _truth_values(values.isin(wanted))
        return mask | values.isna() if Constant(None) in node.values else mask

    def text_test(self, node: TextTest) -> pd.Series:
        values = self.value(node.operand)
        with _fitting(f"{node.test!r}"):
            if node.test == "contains":
                return _truth_values(values.str.contains(node.text, regex=False, na=False))
            return _truth_values(getattr(values.str, node.test)(node.text, na=False))

    def missing(self, node: Missing) -> pd.Series:
        values = self.value(node.operand)
        return values.isna() if hasattr(values, "isna") else self.everywhere(values is None)

    def truth(self, node: Column) -> pd.Series:
        import pandas as pd

        column = self.column(node)
        kind = pd.api.types.infer_dtype(column, skipna=True) if column.dtype == object else ""
        if kind == "boolean" or pd.api.types.is_bool_dtype(column.dtype):
            return _truth_values(column)
        raise ExpressionError(
            f"column {node.name!r} holds {column.dtype}, which is neither true nor false",
            where=f"variable {self.variable!r}",
            hint=f"compare it: {node.name} > 0",
        )


class _Compilation:
    """A condition as numexpr text over generated names; `_Uncompilable` at the first part not for it."""

    def __init__(self, evaluation: _Evaluation) -> None:
        self.evaluation = evaluation
        self.inputs: dict[str, Any] = {}
        self.columns: dict[str, str] = {}

    def condition(self, node: Node) -> str:
        match node:
            case Logical():
                sign = " & " if node.operator == "and" else " | "
                return "(" + sign.join(self.condition(operand) for operand in node.operands) + ")"
            case Not():
                return f"(~{self.condition(node.operand)})"
            case Comparison():
                return f"({self.value(node.left)} {node.operator} {self.value(node.right)})"
        raise _Uncompilable

    def value(self, node: Node) -> str:
        match node:
            case Constant():
                return self.constant(node.value)
            case Column():
                return self.column(node)
            case Negative():
                return f"(-{self.value(node.operand)})"
            case Arithmetic(operator="+" | "-" | "*" | "/"):
                return f"({self.value(node.left)} {node.operator} {self.value(node.right)})"
        raise _Uncompilable

    def constant(self, value: object) -> str:
        import numpy as np

        if type(value) is float:
            return self.input(np.float64(value))
        if type(value) is int and value in _INT64:
            return self.input(np.int64(value))
        raise _Uncompilable

    def column(self, node: Column) -> str:
        if node.name not in self.columns:
            column = _widened(self.evaluation.column(node))
            if str(column.dtype) not in ("int64", "float64"):
                raise _Uncompilable
            self.columns[node.name] = self.input(column.to_numpy())
        return self.columns[node.name]

    def input(self, value: Any) -> str:
        name = f"v{len(self.inputs)}"
        self.inputs[name] = value
        return name


def _widened(column: pd.Series) -> pd.Series:
    """Return small integers as 64-bit ones, so that sums do not wrap around at 127."""
    import numpy as np

    small = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu" and column.dtype.itemsize < 8
    return column.astype("int64") if small else column


def _truth_values(mask: pd.Series) -> pd.Series:
    return mask if mask.dtype == bool else mask.astype("boolean")


def _adapted(value: Any, other: Any) -> Any:
    """Return a constant in the type of the column that it is compared with: dates are written as texts.

    Raises:
        ExpressionError: it cannot be, and the comparison would silently find nothing.
    """
    import pandas as pd

    kinds = pd.api.types
    dtype = getattr(other, "dtype", None)
    if dtype is None or hasattr(value, "dtype"):
        return value
    if isinstance(value, str):
        if kinds.is_datetime64_any_dtype(dtype):
            return _moment(value, getattr(dtype, "tz", None))
        if kinds.is_timedelta64_dtype(dtype):
            with _fitting(f"{value!r}"):
                return pd.Timedelta(value)
        if is_number(other) or kinds.is_bool_dtype(dtype):
            raise ExpressionError(
                f"a column of type {dtype} is compared with the text {value!r}",
                hint="write numbers without quotes",
            )
    elif isinstance(dtype, pd.StringDtype):
        raise ExpressionError(
            f"a column of texts is compared with {value!r}", hint=f"texts go in quotes: {str(value)!r}"
        )
    return value


def _moment(text: str, zone: Any) -> Any:
    import pandas as pd

    with _fitting(f"{text!r} as a date"):
        moment = pd.Timestamp(text)
    return moment.tz_localize(zone) if zone is not None and moment.tzinfo is None else moment


@contextmanager
def _fitting(what: str) -> Iterator[None]:
    """Translate what pandas raises about values that do not fit each other."""
    try:
        yield
    except (TypeError, ValueError, AttributeError, ArithmeticError) as unfit:
        raise ExpressionError(
            f"{what} does not fit these values: {str(unfit).splitlines()[0]}",
            hint="list_columns shows the type of each column",
        ) from unfit
