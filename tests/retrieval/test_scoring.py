"""Scores of tools for a request: words that say something, what tells tools apart, and nothing for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from victor_nb.retrieval.embedders.embedder import default_embedder
from victor_nb.retrieval.errors import BadVectors
from victor_nb.retrieval.selecting.scoring import LONGEST, Described, Scores, telling, words_of

THINGS = ("invoice", "customer", "contract", "refund")
CRM = [Described(f"crm find {thing}", f"Find a {thing} in the crm by number or name.") for thing in THINGS]
TOOLS = [
    *CRM,
    Described("play music", "Play a song, album or playlist."),
    Described("set volume", "Make the sound louder or quieter."),
    Described("resize picture", "Change the size of a picture.", "width height mode nearest bilinear lanczos"),
]


def best(request: str, tools: list[Described] = TOOLS) -> str:
    """The name of the tool with the highest score."""
    return tools[int(Scores(tools, default_embedder()).of(request).argmax())].name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Could you please turn it up for me?", ["turn", "up"]),
        ("parse_dateTime2", ["parse", "date", "time", "2"]),
        ("to be or not to be", ["to", "be", "or", "not", "to", "be"]),
        ("Größe ändern", ["größe", "ändern"]),
        ("…", []),
    ],
)
def test_words_that_say_nothing_are_left_out(text: str, words: list[str]) -> None:
    """Unless there are no others; names are taken apart."""
    assert telling(text) == words


def test_a_text_without_letters_and_digits_has_no_words() -> None:
    """Whatever it is made of."""
    assert words_of("?! \U0001f600 ___") == []


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ("could you please put on the new record of that band", "play music"),
        ("it is much too loud in here", "set volume"),
        ("so what is there in our contracts then", "crm find contract"),
        ("lanczos", "resize picture"),
    ],
)
def test_what_is_wanted_is_found_whatever_stands_around_it(request_: str, name: str) -> None:
    """By the nearest words, and by what tells a tool from the others; choices of parameters are words too."""
    assert best(request_) == name


def test_a_request_that_shares_nothing_scores_less_than_one_that_fits() -> None:
    """Scores are on a scale of their own: the best of bad ones is no good one."""
    scores = Scores(TOOLS, default_embedder())
    assert scores.of("quantum chromodynamics").max() < 0.7 * scores.of("play an album").max()


@pytest.mark.parametrize("request_", ["", "?!", " \n"])
def test_nothing_is_asked_nothing_scores(request_: str) -> None:
    """A request without words has a score of 0 for every tool."""
    assert not Scores(TOOLS, default_embedder()).of(request_).any()
    assert Scores([], default_embedder()).of("anything").shape == (0,)


def test_of_a_long_request_beginning_and_end_are_read() -> None:
    """What is wanted stands before or after what was pasted."""
    pasted = "customer contract number " * LONGEST
    assert best(f"play this song: {pasted}") == best(f"{pasted} play a song from the album") == "play music"


def test_one_tool_and_tools_that_are_alike_have_scores() -> None:
    """What all have in common is all that they have: finite numbers, and words still count."""
    alone = Scores(TOOLS[:1], default_embedder()).of("find an invoice")
    twins = Scores([CRM[0], CRM[0]], default_embedder()).of("find an invoice")
    assert np.isfinite(alone).all()
    assert twins[0] == twins[1] > 0


def test_an_embedder_that_gives_nonsense_is_named() -> None:
    """Its vectors are not believed."""

    class Broken:
        name, dimension, alpha = "broken", 4, 0.4

        def embed(self, texts: list[str]) -> np.ndarray:
            return np.full((len(texts), 4), np.nan, np.float32)

    with pytest.raises(BadVectors, match="broken"):
        Scores(TOOLS, Broken())
