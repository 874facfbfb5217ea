"""Choosing tools: by name, by words, by meaning, by what earlier runs taught; and what may never change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.errors import UsageError
from victor_nb.journal import open_journal
from victor_nb.retrieval.selecting.learning import Lesson, Outcome, ToolLearner
from victor_nb.retrieval.selecting.outcomes import MOST, ToolOutcomes
from victor_nb.retrieval.selecting.selection import ToolSelector, context_of
from victor_nb.retrieval.selecting.synonyms import meanings
from victor_nb.tools import tool

DESCRIBED = {
    "read_csv": "Load a table from a CSV file.",
    "plot_line": "Draw a line chart.",
    "send_email": "Send an e-mail.",
    "delete_file": "Delete a file or folder.",
    "run_sql": "Run a SQL query against a database.",
    "translate_text": "Translate text into another language.",
    "weather": "Forecast for a place.",
    "git_log": "Show the history of a repository.",
}


def declared(name, description, **options):
    """A tool of that name."""

    def call(target: str) -> str:
        return target

    call.__doc__ = description
    return tool(name=name, effect="read", **options)(call)


TOOLS = [declared(*one) for one in DESCRIBED.items()]


@pytest.fixture(scope="module")
def selector():
    """A selector without pins and learner."""
    return ToolSelector(TOOLS)


@pytest.mark.parametrize(
    ("request_", "needed"),
    [
        ("load sales.csv", "read_csv"),
        ("get rid of old.log", "delete_file"),
        ("visualise revenue over the years", "plot_line"),
        ("put this into French", "translate_text"),
        ("mail it to Anna", "send_email"),
        ("which invoices are in the postgres database", "run_sql"),
    ],
)
def test_a_request_finds_its_tool(selector, request_, needed):
    """By its words, by words that mean the same, and by meaning."""
    assert needed in selector.select(request_, k=2).names


def test_a_name_or_a_keyword_is_not_searched_for():
    """However it is written; a keyword brings every tool that has it."""
    tools = [*TOOLS, declared("moon", "Phase of the moon.", keywords=["night sky"])]
    selector = ToolSelector([*tools, declared("stars", "Stars that can be seen.", keywords=["night sky"])])
    assert selector.select("Read-CSV", k=3).names == ("read_csv",)
    found = selector.select(" night  SKY", k=3)
    assert (found.names, found.path) == (("moon", "stars"), "exact")
    assert selector.stats().misses == 0


def test_few_tools_are_all_shown(selector):
    """There is nothing to choose from then."""
    assert selector.select("anything", k=len(TOOLS)).path == "all"
    assert ToolSelector([]).select("anything").names == ()


@given(st.text(max_size=60), st.integers(1, 6), st.sets(st.sampled_from(sorted(DESCRIBED)), max_size=3))
def test_pinned_tools_stay_and_the_order_is_that_of_the_tools(request_, k, pinned):
    """Whatever is asked, and however often: at most k beside the pinned ones."""
    selector = ToolSelector(TOOLS, pinned=pinned)
    found = selector.select(request_, k)
    assert pinned <= set(found.names)
    assert list(found.names) == [name for name in DESCRIBED if name in found.names]
    assert len(set(found.names) - pinned) <= k or found.path == "all"
    assert selector.select(request_, k) == found == ToolSelector(TOOLS, pinned=pinned).select(request_, k)


def test_the_same_request_is_answered_from_the_cache():
    """Also if it is written with other spaces and capitals; the rate is told."""
    selector = ToolSelector(TOOLS)
    assert selector.stats().hit_rate == 0
    for request_ in ("draw a chart", "Draw  a chart", "draw a chart"):
        selector.select(request_, k=2)
    assert selector.stats().hit_rate == pytest.approx(2 / 3)


def test_slips_are_told():
    """A pinned name that no tool has; two tools of one name."""
    with pytest.raises(UsageError, match="Did you mean 'read_csv'"):
        ToolSelector(TOOLS, pinned=["read_cvs"])
    with pytest.raises(UsageError, match="two tools named 'weather'"):
        ToolSelector([*TOOLS, declared("weather", "Another one.")])


def test_both_cores_choose_alike(compiled, monkeypatch):
    """The same tools in the same order of worth."""
    requests = ["load the data", "what is the weather", "history of changes", ""]
    ours = [ToolSelector(TOOLS).select(one, 3) for one in requests]
    from victor_nb.retrieval.core import twin
    from victor_nb.retrieval.embedders import static
    from victor_nb.retrieval.selecting import scoring, selection, synonyms

    for module in (scoring, selection, static, synonyms):
        monkeypatch.setattr(module, "core", lambda: twin)
    static.opened.cache_clear()
    synonyms._meanings.cache_clear()
    assert [ToolSelector(TOOLS).select(one, 3).names for one in requests] == [one.names for one in ours]
    static.opened.cache_clear()
    synonyms._meanings.cache_clear()


def test_words_that_mean_the_same_share_a_meaning():
    """Also where they are several words, and in any form."""
    assert set(meanings("getting rid of it")) & set(meanings("deleted"))
    assert not set(meanings("umbrella")) & set(meanings("spreadsheets"))
    assert meanings("") == []


def outcome(number, request_="tidy the desk", used=("weather",), failed=()):
    """What became of a run in which three tools were shown."""
    return Outcome(f"run-{number}", request_, ("git_log", "run_sql", "weather"), used, failed)


def test_what_served_before_comes_first():
    """In requests like those in which it served, and not in others."""
    learner = ToolLearner.of([outcome(number) for number in range(3)], context_of)
    taught, plain = ToolSelector(TOOLS, learner=learner), ToolSelector(TOOLS)
    assert taught.ranked("tidy up my desk")[0][0] == "weather" != plain.ranked("tidy up my desk")[0][0]
    assert taught.ranked("load sales.csv")[0][0] == plain.ranked("load sales.csv")[0][0] == "read_csv"
    assert learner.inspect()[0] == Lesson("weather", offered=3, used=3, failed=0)


def test_what_failed_is_lowered_and_what_was_not_used_is_not_lifted():
    """Neither is lifted above what was never offered."""
    learner = ToolLearner.of([outcome(1, used=("run_sql",), failed=("weather",))], context_of)
    worth = dict(zip(DESCRIBED, learner.worth(context_of("tidy the desk"), list(DESCRIBED)), strict=True))
    assert worth["weather"] < 0 == worth["git_log"] == worth["read_csv"] < worth["run_sql"] <= 1


def test_a_choice_is_made_anew_after_something_was_learned():
    """The cache knows what it was made with."""
    learner = ToolLearner(context_of)
    selector = ToolSelector(TOOLS, learner=learner)
    before = selector.select("tidy the desk", 1)
    for number in range(3):
        learner.learn(outcome(number))
    assert selector.select("tidy the desk", 1).names == ("weather",) != before.names
    learner.reset()
    assert selector.select("tidy the desk", 1) == before


def test_the_same_outcomes_give_the_same_choices():
    """What is known is a fold: nothing else goes in."""
    outcomes = [
        outcome(number, f"request {number % 3}", used=("run_sql", "weather")[number % 2 :]) for number in range(9)
    ]
    one, other = (ToolLearner.of(outcomes, context_of) for _ in range(2))
    context = context_of("request 2")
    assert one.worth(context, list(DESCRIBED)) == other.worth(context, list(DESCRIBED))


def test_outcomes_are_kept_in_the_journal_exported_and_forgotten(tmp_path):
    """In their order, for whoever opens it next, without the secrets that the journal knows."""
    from victor_nb.journal import Redactor

    url = f"sqlite:///{tmp_path}/victor.db"
    with open_journal(url, Redactor({"KEY": "sesame-opens"})) as journal:
        for number in range(3):
            ToolOutcomes(journal).add(outcome(number, "say sesame-opens"))
    with open_journal(url) as journal:
        kept = ToolOutcomes(journal)
        told = kept.all()
        assert [one.run_id for one in told] == ["run-0", "run-1", "run-2"]
        assert "sesame-opens" not in told[0].request
        kept.add(outcome(1, "again"))
        assert [one.run_id for one in kept.all()] == ["run-0", "run-2", "run-1"]
        assert kept.reset() == 3
        kept.restore(told)
        assert kept.all() == told


def test_only_the_latest_outcomes_count():
    """A journal does not grow with them for ever."""
    with open_journal("memory:") as journal:
        kept = ToolOutcomes(journal)
        kept.restore([outcome(number) for number in range(MOST + 5)])
        assert len(kept.all()) == MOST
        kept.add(outcome("last"))
        assert kept.all()[-1].run_id == "run-last"
        assert kept.reset() == MOST
