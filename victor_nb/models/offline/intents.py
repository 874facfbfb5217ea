"""What people ask of a table, as data: how it is said, which tool words answer it, what it is about.

A new kind of question is a new row. No tool is named here: `seeks` are words that a fitting tool has among its name,
keywords and description, and the tool is chosen by them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Need = Literal["column", "number", "group", "condition"]


@dataclass(frozen=True)
class Intent:
    """A kind of question.

    Attributes:
        said: a pattern over the folded question.
        seeks: words of a tool that answers it, the telling ones first.
        needs: what the question must name, or another intent has to answer it.
        title: how the answer's part is headed; braces name arguments of the call.
        also: further intents that belong to a full answer.
    """

    name: str
    said: str
    seeks: str
    title: str
    needs: tuple[Need, ...] = ()
    also: tuple[str, ...] = ()

    def is_said_in(self, question: str) -> bool:
        """Whether the question, folded, is of this kind."""
        return re.search(self.said, question) is not None


_STATISTIC: Final = r"\b(mean|averages?|avg|median|sum|totals?|min(imum)?|max(imum)?|std|standard deviation|spread)\b"

INTENTS: Final = (
    Intent(
        "plot",
        r"\b(plot|chart|graph|draw|histogram|scatter|visuali[sz]e|box ?plot|bar ?chart)\b",
        "plot chart draw figure",
        "Plot",
        ("column",),
    ),
    Intent("correlation", r"\bcorrelat|\brelationship|\brelated\b", "correlate correlation", "Correlation"),
    Intent("missing", r"\b(missing|nulls?|nan|nas|incomplete|gaps)\b(?! or)", "missing null", "Missing values"),
    Intent(
        "outliers",
        r"\b(outliers?|anomal\w+|extremes?|unusual)\b",
        "outlier outliers extreme",
        "Outliers in {column}",
        ("number",),
    ),
    Intent(
        "compare",
        r"\b(compare|comparison|differ(s|ence|ences)?|versus|vs)\b",
        "compare groups difference",
        "Groups by {by} compared",
        ("group",),
    ),
    Intent(
        "statistic by group",
        rf"({_STATISTIC}|\bcounts?\b|\bhow many\b|\bnumber of\b)"
        r".*\b(by|per|for each|for every|in each|across|grouped by|within)\b",
        "group by statistic aggregate",
        "{statistic} of {column} by {by}",
        ("group",),
    ),
    Intent(
        "count where",
        r"\b(how many|count|number of)\b",
        "count rows number",
        "Rows where {expression}",
        ("condition",),
    ),
    Intent(
        "rows where",
        r"\b(where|rows? with|whose|filter|find|which|select|only)\b",
        "query filter where condition",
        "Rows where {expression}",
        ("condition",),
    ),
    Intent(
        "top",
        r"\b(top|largest|highest|biggest|greatest|most expensive|best|bottom|smallest|lowest|worst|least)\b",
        "top largest highest rows sort",
        "The {order} {n} by {column}",
        ("column",),
    ),
    Intent(
        "value counts",
        r"\b(frequen\w+|most common|distinct|unique|categories|how often|value counts?|distribution)\b",
        "value counts frequency distinct",
        "How often each {column} comes",
        ("column",),
    ),
    Intent(
        "statistics of a column",
        rf"{_STATISTIC}|\bdescribe\b|\bsummar\w+|\bstatistics\b|\bdistribution\b|\bprofile\b|\brange of\b",
        "summary statistics describe",
        "Statistics of {column}",
        ("column",),
    ),
    Intent(
        "columns",
        r"\b(columns?|fields?|features?|dtypes?|schema|data types?)\b",
        "columns fields list schema",
        "Columns",
    ),
    Intent(
        "profile",
        r"\b(describe|summar\w+|statistics|profile|overview|explore|what is in|tell me about|analy[sz]e|look at)\b",
        "summary statistics describe",
        "Statistics",
        also=("size", "missing"),
    ),
    Intent(
        "head",
        r"\b(head|first|preview|sample|example rows|show (me )?(the )?(data|rows|table))\b",
        "head first rows preview",
        "First rows",
    ),
    Intent(
        "size",
        r"\b(how many|number of|how (big|large|long)|size|shape|rows|length|dimensions)\b",
        "count rows number size",
        "Size",
    ),
)
BY_NAME: Final = {intent.name: intent for intent in INTENTS}

STATISTICS: Final = {
    "mean": r"\b(mean|averages?|avg)\b",
    "median": r"\bmedian\b",
    "sum": r"\b(sum|totals?)\b",
    "min": r"\b(min|minimum|lowest|smallest)\b",
    "max": r"\b(max|maximum|highest|largest)\b",
    "std": r"\b(std|standard deviation|spread|deviation)\b",
    "nunique": r"\b(distinct|unique)\b",
    "count": r"\b(counts?|how many|number of)\b",
}
SMALLEST_FIRST: Final = r"\b(bottom|smallest|lowest|worst|least|minimum)\b"
GROUPED_BY: Final = r"\b(?:by|per|for each|for every|in each|across|grouped by|within|between|among)\b"


def statistic_in(question: str) -> str | None:
    """Return the statistic that a folded question asks for; None if it names none."""
    places = [
        (found.start(), name) for name, said in STATISTICS.items() if (found := re.search(said, question)) is not None
    ]
    return min(places)[1] if places else None
