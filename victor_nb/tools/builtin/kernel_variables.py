"""Toolset: look at variables of the kernel. Each tool reads one variable, changes nothing, and answers shortly.

The namespace is read when a tool is called, so a tool sees what the variable is then. The work is done in
`answers`, `describing`, `row_masks` and `plots`; here stands what a model is told about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from victor_nb.journal import Effect
from victor_nb.tools.builtin import answers, describing, plots
from victor_nb.tools.builtin.parameters import Column, Expression, GroupColumn, NumericColumn, Rows, Statistic, Variable
from victor_nb.tools.builtin.tables import column_of, frame_of, numeric_column_of, storable, variable_named
from victor_nb.tools.declaring import Toolset
from victor_nb.tools.methods import tool_method, tools_of
from victor_nb.tools.values import Artifact

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["pearson", "spearman"]


def kernel_variables(namespace: Mapping[str, object]) -> Toolset:
    """Return the tools that look at the variables of a namespace."""
    return Toolset("kernel_variables", tools_of(KernelVariables(namespace)))


@dataclass(frozen=True, slots=True)
class KernelVariables:
    """The tools, bound to the namespace that they read."""

    namespace: Mapping[str, object]

    def frame(self, variable: str) -> pd.DataFrame:
        return frame_of(variable_named(self.namespace, variable), variable)

    @tool_method(category="data", effect=Effect.READ, keywords=("describe", "type", "shape", "what is", "object"))
    def describe_variable(self, variable: Variable) -> Any:
        """Describe any variable: type, size, columns and first rows of a table, parameters of a model.

        Args:
            variable: name of the variable.
        """
        return describing.full(variable, variable_named(self.namespace, variable))

    @tool_method(
        category="data",
        effect=Effect.READ,
        keywords=("columns", "fields", "names", "types", "dtypes", "schema", "features"),
    )
    def list_columns(self, variable: Variable) -> Any:
        """List the columns of a table: name, type, number of missing values and an example.

        Args:
            variable: name of the table.
        """
        return answers.columns(self.frame(variable))

    @tool_method(category="data", effect=Effect.READ, keywords=("head", "first", "rows", "preview", "sample", "show"))
    def head_rows(self, variable: Variable, n: Rows = 5) -> Any:
        """Show the first rows of a table.

        Args:
            variable: name of the table.
            n: how many rows.
        """
        return storable(self.frame(variable).head(n))

    @tool_method(
        category="data",
        effect=Effect.READ,
        keywords=("values", "counts", "frequency", "frequencies", "distinct", "unique", "categories", "most common"),
    )
    def value_counts(self, variable: Variable, column: Column, n: Rows = 10) -> Any:
        """Count how often each value of a column occurs, the most frequent first, with percentages.

        Args:
            variable: name of the table.
            column: column whose values are counted.
            n: how many values to show.
        """
        return answers.counts(column_of(self.frame(variable), column, variable), n)

    @tool_method(
        category="data",
        effect=Effect.READ,
        keywords=("group", "grouped", "per", "each", "mean", "average", "sum", "total", "median", "aggregate"),
    )
    def group_by(
        self,
        variable: Variable,
        by: GroupColumn,
        column: NumericColumn | None = None,
        statistic: Statistic = "mean",
    ) -> Any:
        """Compute one statistic of a column for each group, for example the mean price by city.

        Args:
            variable: name of the table.
            by: column that makes the groups.
            column: column to compute the statistic of; none is needed to count rows.
            statistic: which statistic; "count" counts, "nunique" counts distinct values.
        """
        return answers.grouped(self.frame(variable), by, column, statistic, variable)

    @tool_method(
        category="data", effect=Effect.READ, keywords=("correlate", "correlation", "relationship", "related", "r")
    )
    def correlate(
        self,
        variable: Variable,
        x: NumericColumn | None = None,
        y: NumericColumn | None = None,
        method: Method = "pearson",
    ) -> Any:
        """Compute the correlation of two columns; of one with all others; or of all columns of numbers.

        Args:
            variable: name of the table.
            x: first column; leave out for all pairs.
            y: second column; leave out to correlate x with each other column.
            method: "pearson" for linear, "spearman" for rank correlation.
        """
        frame = self.frame(variable)
        chosen = [numeric_column_of(frame, name, variable) for name in (x, y) if name is not None]
        if not chosen:
            return answers.correlations(frame, method)
        if len(chosen) == 1:
            return answers.correlated_with(frame, chosen[0], method)
        return answers.correlation(chosen[0], chosen[1], method)

    @tool_method(
        category="data",
        effect=Effect.READ,
        keywords=("missing", "null", "nan", "na", "empty", "incomplete", "gaps"),
    )
    def missing_values(self, variable: Variable) -> Any:
        """Count the missing values of each column of a table, with percentages.

        Args:
            variable: name of the table.
        """
        return answers.missing(self.frame(variable))

    @tool_method(
        category="data",
        effect=Effect.READ,
        keywords=("query", "filter", "where", "select", "rows", "condition", "find", "which"),
    )
    def query_rows(self, variable: Variable, expression: Expression, n: Rows = 20) -> Any:
        """Show the rows of a table that meet a condition, and say how many there are.

        Conditions compare columns with values and combine with and, or, not:
        `age > 30 and city in ['Bern', 'Rome']`, `name contains 'son'`, `isna(email)`,
        `price * quantity >= 100`. Texts go in quotes; column names with spaces go in backticks.

        Args:
            variable: name of the table.
            expression: the condition.
            n: how many rows to show at most.
        """
        frame = self.frame(variable)
        found = frame[self.rows_where(frame, expression, variable)]
        return {"matching": len(found), "of": len(frame), "rows": storable(found.head(n))}

    @tool_method(
        category="data",
        effect=Effect.READ,
        keywords=("top", "largest", "highest", "biggest", "smallest", "lowest", "maximum", "minimum", "best", "sort"),
    )
    def top_rows(
        self,
        variable: Variable,
        column: Column,
        n: Rows = 5,
        order: Literal["largest", "smallest"] = "largest",
    ) -> Any:
        """Show the rows with the largest or the smallest values of a column.

        Args:
            variable: name of the table.
            column: column to sort by.
            n: how many rows.
            order: "largest" or "smallest" first.
        """
        frame = self.frame(variable)
        return answers.top(frame, column_of(frame, column, variable), n, order)

    @tool_method(
        category="data",
        effect=Effect.READ,
        keywords=("outlier", "outliers", "anomalies", "extreme", "unusual", "strange"),
    )
    def outliers(self, variable: Variable, column: NumericColumn, n: Rows = 10) -> Any:
        """Find outliers of a column: values beyond 1.5 interquartile ranges from the quartiles.

        Args:
            variable: name of the table.
            column: column of numbers.
            n: how many of the outlying rows to show.
        """
        frame = self.frame(variable)
        return answers.outliers(frame, numeric_column_of(frame, column, variable), n)

    @tool_method(
        category="data",
        effect=Effect.READ,
        keywords=("compare", "groups", "difference", "between", "versus", "differ"),
    )
    def compare_groups(self, variable: Variable, by: GroupColumn, column: NumericColumn | None = None) -> Any:
        """Compare groups side by side: count, mean, deviation and range of a column, or the means of all columns.

        Args:
            variable: name of the table.
            by: column that makes the groups.
            column: column of numbers to compare; leave out for the means of all.
        """
        return answers.compared(self.frame(variable), by, column, variable)

    @tool_method(
        category="data",
        effect=Effect.READ,
        keywords=("summary", "statistics", "describe", "distribution", "mean", "std", "quantiles", "median", "range"),
    )
    def summary_statistics(self, variable: Variable, column: Column | None = None) -> Any:
        """Summarise a column, or all columns of numbers: count, mean, standard deviation, quantiles.

        Args:
            variable: name of the table.
            column: one column; leave out for all.
        """
        frame = self.frame(variable)
        return answers.statistics(frame, None if column is None else column_of(frame, column, variable))

    @tool_method(
        category="data", effect=Effect.READ, keywords=("count", "how many", "number", "rows", "size", "length")
    )
    def count_rows(self, variable: Variable, expression: Expression | None = None) -> Any:
        """Count the rows of a table, all or those that meet a condition such as `age > 30 and city == 'Bern'`.

        Args:
            variable: name of the table.
            expression: the condition, as for query_rows; leave out to count all rows.
        """
        frame = self.frame(variable)
        if expression is None:
            return {"rows": len(frame), "columns": frame.shape[1]}
        mask = self.rows_where(frame, expression, variable)
        return {"matching": int(mask.sum()), "of": len(frame), "expression": expression}

    @tool_method(
        category="data",
        effect=Effect.READ,
        cost="low",
        keywords=("plot", "chart", "graph", "draw", "histogram", "scatter", "figure", "visualise", "visualize"),
    )
    def plot_columns(
        self,
        variable: Variable,
        x: Column,
        y: Column | None = None,
        kind: plots.Kind = "auto",
    ) -> Artifact:
        """Plot one column, or one against another; the kind of plot follows the types of the columns.

        Args:
            variable: name of the table.
            x: column on the horizontal axis.
            y: column on the vertical axis; leave out to see how the values of x are distributed.
            kind: "auto", or which kind of plot.
        """
        frame = self.frame(variable)
        first = column_of(frame, x, variable)
        return plots.plot(variable, first, None if y is None else column_of(frame, y, variable), kind)

    @staticmethod
    def rows_where(frame: pd.DataFrame, expression: str, variable: str) -> Any:
        from victor_nb.tools.builtin.row_masks import matching_rows

        return matching_rows(expression, frame, variable)
