"""A question's words beside those of documentation, and the list that says which go together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from victor_nb.assist import wording as module
from victor_nb.assist.wording import LIST, LONGEST, wording
from victor_nb.retrieval.core import core
from victor_nb.retrieval.core.twin.lexical import STOP

SMALL = """# giraffes = ignored
feed = nourish

feed by hand, spoon = hand_feed
feed by = schedule
spoon = cutlery
tall animals = giraffe
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A list of a few phrases in the place of the one that is shipped."""
    file = tmp_path / "vocabulary.txt"
    file.write_text(SMALL, encoding="utf-8")
    monkeypatch.setattr(module, "LIST", file)
    module._known.cache_clear()
    yield
    module._known.cache_clear()


def lines() -> list[str]:
    return [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def phrases() -> list[str]:
    return [phrase for line in lines() for phrase in line.partition("=")[0].split(",")]


@pytest.mark.usefixtures("small")
class TestAQuestion:
    def test_is_widened_by_what_documentation_says(self) -> None:
        """A known phrase brings its words."""
        assert wording("where are the tall animals").added == ("giraffe",)

    def test_the_longest_phrase_wins(self) -> None:
        """What is part of a longer phrase brings nothing of its own."""
        assert wording("feed by hand").added == ("hand_feed",)
        assert wording("feed by noon").added == ("schedule",)
        assert wording("feed them").added == ("nourish",)

    def test_each_phrase_brings_its_words_in_the_order_of_the_question(self) -> None:
        """Several things can be said in one question."""
        assert wording("feed the tall animals").added == ("nourish", "giraffe")
        assert wording("tall animals that feed").added == ("giraffe", "nourish")

    def test_a_phrase_in_several_lines_brings_the_words_of_all(self) -> None:
        """Lines add up."""
        assert wording("spoon").added == ("hand_feed", "cutlery")

    def test_said_twice_counts_once(self) -> None:
        """Who repeats themselves means one thing."""
        once, twice = wording("feed"), wording("feed, feed")

        assert once == twice

    @pytest.mark.parametrize("question", ["tall animal", "Tall Animals", "the tall, animals!"])
    def test_forms_of_words_match(self, question: str) -> None:
        """One or many, large or small letters and signs between make no difference."""
        assert wording(question).added == ("giraffe",)

    def test_words_between_break_a_phrase(self) -> None:
        """A phrase is what stands together."""
        assert wording("tall old animals").added == ()

    def test_own_words_stay_beside_those_that_are_added(self) -> None:
        """A text that says it as the question does is about it as well."""
        (meant,) = wording("tall animals").meant

        assert meant == {"tall", *core().terms("animals"), *core().terms("giraffe")}

    def test_without_a_known_phrase_is_as_before(self) -> None:
        """Nothing is added, and each of its words is a thing of its own."""
        found = wording("which zebra sleeps")

        assert found.added == ()
        assert found.meant == (frozenset(core().terms("zebra")), frozenset(core().terms("sleeps")))

    def test_without_words_means_nothing(self) -> None:
        """Signs are no words."""
        assert wording("?!") == wording("") == module.Wording((), ())

    def test_a_comment_in_the_list_is_no_phrase(self) -> None:
        """Also with a sign in it."""
        assert wording("giraffes").added == ()


class TestTheList:
    @pytest.mark.parametrize(
        ("question", "word"),
        [
            ("put two tables below each other", "concat"),
            ("throw a coin a hundred times", "binomial"),
            ("which customers are most alike", "NearestNeighbors"),
            ("explain the lines in a corner of the picture", "legend"),
            ("did treated and untreated mice differ", "ttest_ind"),
        ],
    )
    def test_understands_people_who_do_not_know_the_name(self, question: str, word: str) -> None:
        """Tables, arrays, learning, pictures and science."""
        assert word in wording(question).added

    def test_every_line_has_one_sign_and_words_on_both_sides(self) -> None:
        """How people say it = how documentation says it."""
        assert [line for line in lines() if line.count("=") != 1] == []
        assert [line for line in lines() if not all(side.strip() for side in line.split("="))] == []

    def test_every_phrase_has_words_and_no_more_than_are_looked_for(self) -> None:
        """A longer one would never be found, an empty one (a comma too many) says nothing."""
        assert [phrase for phrase in phrases() if not 1 <= len(core().terms(phrase)) <= LONGEST] == []

    def test_no_phrase_is_made_of_words_that_say_nothing(self) -> None:
        """It would widen nearly every question."""
        assert [phrase for phrase in phrases() if STOP.issuperset(core().terms(phrase))] == []

    def test_words_of_documentation_are_separated_by_spaces(self) -> None:
        """A comma after the sign would become part of a word."""
        assert [line for line in lines() if not set(line.partition("=")[2]).isdisjoint(",;.")] == []

    def test_no_phrase_stands_twice_in_a_line(self) -> None:
        """Forms of a word need not be listed."""
        twice = []
        for line in lines():
            said = [tuple(core().terms(phrase)) for phrase in line.partition("=")[0].split(",")]
            twice += [line] if len(set(said)) < len(said) else []
        assert twice == []

    def test_lines_can_be_read_without_scrolling(self) -> None:
        """People edit it."""
        assert [line for line in lines() if len(line) >= 160] == []
