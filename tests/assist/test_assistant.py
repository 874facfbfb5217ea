"""Asking, being aware of the work, and learning, through the public door."""

from __future__ import annotations

from pathlib import Path

import pytest

from victor_nb.assist import Assistant, NoQuestion, NoSuchSuggestion, Suggestions, Surroundings, docs
from victor_nb.assist.places import Places
from victor_nb.assist.surroundings import of_namespace, seen_error
from victor_nb.errors import UsageError
from victor_nb.retrieval.errors import NothingThere

ASKED = "count the giraffes of a herd"


def names(answer: Suggestions) -> list[str]:
    return [passage.name for passage in answer]


def scores(answer: Suggestions) -> dict[str, float]:
    return {passage.id: passage.score for passage in answer}


def ask(assistant: Assistant, question: str = ASKED, **options: object) -> Suggestions:
    return assistant.ask(question, packages=["herds"], k=20, **options)  # type: ignore[arg-type]


def test_an_answer_has_code_a_source_and_a_reason(assistant: Assistant) -> None:
    """The best passage is the function, its example can be run, and it says where it is from."""
    best = ask(assistant)[1]

    assert best.name == "herds.count_giraffes"
    assert best.source == "herds · herds/_counting.py:4-27"
    assert best.summary == "Count the giraffes of a herd."
    assert "its name fits" in best.why
    seen: dict[str, object] = {}
    exec(best.code, seen)
    assert seen["herd"] == ["giraffe", "okapi"]


def test_a_package_is_read_once_and_says_so_then(assistant: Assistant) -> None:
    """Progress is told for the first question and for no other."""
    told: list[tuple[str, int, int]] = []

    ask(assistant, progress=lambda *said: told.append(said))
    first = list(told)
    ask(assistant, progress=lambda *said: told.append(said))

    assert first[0] == ("herds", 0, 4)
    assert first[-1] == ("herds", 4, 4)
    assert told == first


def test_a_package_that_is_worked_on_is_read_again_when_it_changed(assistant: Assistant, herds: Path) -> None:
    """Its version stays the same; its files do not."""
    ask(assistant)
    (herds / "milking.py").write_text('def milk_yaks(yaks):\n    """Milk the yaks of a herd by hand."""\n')

    assert "herds.milking.milk_yaks" in names(ask(assistant, "milk yaks by hand"))
    assert names(ask(assistant)).count("herds.count_giraffes") == 1


def test_an_accepted_passage_rises_in_questions_like_that(assistant: Assistant) -> None:
    """Another one than the best is accepted: it is the best then, also in other words, and says why."""
    assistant.ask(ASKED, packages=["herds"], k=20)
    answer = ask(assistant)
    place = names(answer).index("herds.Feeder") + 1
    assert place > 1

    answer.accept(place)

    assert names(ask(assistant))[0] == "herds.Feeder"
    assert names(ask(assistant, "how can I count giraffes in a herd")).index("herds.Feeder") < place - 1
    assert "accepted before" in ask(assistant)[1].why


def test_a_rejected_passage_falls_in_questions_like_that(assistant: Assistant) -> None:
    """The best is rejected: it stands behind others."""
    ask(assistant).reject(1)

    assert names(ask(assistant))[0] != "herds.count_giraffes"
    assert "herds.count_giraffes" in names(ask(assistant))


def test_other_questions_are_as_they_were(assistant: Assistant) -> None:
    """What is taught about one thing changes no score of another, not by the last bit."""
    other = "feed acacia leaves in the morning"
    before = scores(ask(assistant, other))

    ask(assistant).accept(2)
    ask(assistant).reject(1)

    assert scores(ask(assistant, other)) == before


def test_a_verdict_can_be_taken_back(assistant: Assistant) -> None:
    """Then everything is as it was."""
    before = scores(ask(assistant))
    answer = ask(assistant)

    answer.reject(1)
    answer.take_back(1)

    assert scores(ask(assistant)) == before
    assert answer.verdicts == {}


def test_another_process_learns_from_it(assistant: Assistant, places: Places) -> None:
    """Lessons are kept in a file, not in an object."""
    ask(assistant).reject(1)

    assert names(ask(Assistant(places)))[0] != "herds.count_giraffes"


def test_the_last_answer_is_judged_by_number(assistant: Assistant, places: Places) -> None:
    """In a terminal the next command is another process; it gets the passage with its code."""
    ask(assistant)

    passage = Assistant(places).judge_last(1, "accepted")

    assert passage.name == "herds.count_giraffes"
    assert "count_giraffes(herd)" in passage.code
    assert [lesson.verdict for lesson in assistant.feedback.lessons()] == ["accepted"]
    with pytest.raises(NoSuchSuggestion, match="no suggestion 99"):
        assistant.judge_last(99, "accepted")


def test_nothing_to_judge_is_told(assistant: Assistant) -> None:
    """Before the first question there is no last answer."""
    with pytest.raises(NoSuchSuggestion, match="ask first"):
        assistant.judge_last(1, "accepted")
    with pytest.raises(NoSuchSuggestion, match="counted from 1"):
        ask(assistant).accept(0)


def test_names_that_are_mentioned_come_first(assistant: Assistant) -> None:
    """An alias in the question stands for its package, a variable for its type."""
    around = Surroundings({"h": "herds"}, {"cook": "herds.feeding.Feeder"})

    assert names(ask(assistant, "what does h.count_okapis do", around=around))[0] == "herds.count_okapis"
    assert names(ask(assistant, "what does cook.feed do", around=around))[0] == "herds.Feeder.feed"


def test_the_last_error_is_looked_up_without_a_question(assistant: Assistant) -> None:
    """Type, message and the call that failed; the function that raised comes first."""
    import herds

    around = of_namespace({"herds": herds})
    try:
        herds.count_giraffes(None)
    except TypeError as error:
        seen = seen_error(error, "herds.count_giraffes(None)", around)
    answer = ask(assistant, "", around=Surroundings(around.imports, around.types, seen))

    assert answer.told == "TypeError: a herd is a list (in herds.count_giraffes(None))"
    assert answer[1].name == "herds.count_giraffes"
    assert "in the call that failed" in answer[1].why


@pytest.mark.parametrize("question", ["", "  \n"])
def test_an_empty_question_without_an_error_is_refused(assistant: Assistant, question: str) -> None:
    """There is nothing to look for."""
    with pytest.raises(NoQuestion, match="nothing was asked"):
        ask(assistant, question)


@pytest.mark.parametrize("question", ["?!", "\x00", "漢字", "a" * 100_000, "🦒" * 50, "\udcff"])
def test_any_text_is_a_question(assistant: Assistant, question: str) -> None:
    """Whatever its length or its signs."""
    assert isinstance(ask(assistant, question), Suggestions)


def test_a_package_that_is_not_there_is_an_error_with_the_nearest_name(assistant: Assistant) -> None:
    """Named explicitly it has to be there; that the work imports something unknown is no error."""
    with pytest.raises(NothingThere, match=r"there is no package 'pnadas'\. Did you mean 'pandas'"):
        assistant.ask(ASKED, packages=["pnadas"])

    around = Surroundings({"x": "nowhere_to_be_found"})
    assert names(assistant.ask(ASKED, around=around))[0] == "herds.count_giraffes"


def test_no_number_of_suggestions_is_a_mistake(assistant: Assistant) -> None:
    """At least one."""
    with pytest.raises(UsageError, match="0 is no number of suggestions"):
        assistant.ask(ASKED, k=0)


def test_secrets_are_not_kept(places: Places, herds: Path) -> None:
    """A question goes through the same hands as everything that is written."""
    assistant = Assistant(places, packages=("herds",), cleaned=lambda text: text.replace("hunter2", "[redacted]"))
    assistant.ask("log in with hunter2", packages=["herds"])

    last = assistant.feedback.last("")
    assert last is not None
    assert last.question == "log in with [redacted]"


def test_an_answer_shows_itself_everywhere(assistant: Assistant) -> None:
    """As text, Markdown, HTML and JSON; what files say is escaped."""
    answer = ask(assistant)
    answer.accept(1)

    assert answer.to_text(60).startswith("1. herds.count_giraffes(herd, *, grown=True)  ✓ accepted")
    assert max(map(len, answer.to_text(60).splitlines())) <= 60
    assert "```python\nfrom herds import count_giraffes" in answer.to_markdown()
    assert "<script" not in answer.to_html()
    assert "count_giraffes(herd)" in answer.to_html()
    assert answer.to_json()["suggestions"][0]["verdict"] == "accepted"  # type: ignore[index]
    assert set(answer._repr_mimebundle_()) == {"text/plain", "text/markdown", "text/html"}


def test_nothing_found_says_what_to_do(places: Places) -> None:
    """An empty answer has words too."""
    answer = Assistant(places, packages=("nowhere_to_be_found",)).ask("anything", packages=["this"])

    assert "Nothing fits" in Suggestions("q", (), answer.asked, 1.0, lambda *said: None).to_text()


def test_the_function_answers_in_python(herds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`docs` takes the settings of the folder and the names that it is given."""
    monkeypatch.chdir(tmp_path)

    answer = docs(ASKED, packages=["herds"], namespace={})

    assert answer[1].name == "herds.count_giraffes"


def test_an_accepted_passage_that_a_search_puts_far_behind_comes_first(assistant: Assistant, herds: Path) -> None:
    """A hundred passages fit the shorter question alike; one of them was accepted for a longer one."""
    made = [f'def move_{number:02}():\n    """Move a herd of yaks to meadow {number:02}."""\n' for number in range(100)]
    (herds / "moving.py").write_text("\n".join(made))
    answer = assistant.ask("move a herd of yaks to meadow 87", packages=["herds"])
    assert answer[1].name == "herds.moving.move_87"

    answer.accept(1)

    assert ask(assistant, "move a herd of yaks to a meadow")[1].name == "herds.moving.move_87"
