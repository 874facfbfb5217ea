"""Models in turn: where the first cannot answer, the next does, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Call
from tests.support.scripted_provider import Turn, scripted_provider
from victor_nb.agents import ModelFailed
from victor_nb.commands import Session

pytest.importorskip("openai")

CANNOT = {
    "the key is refused": Turn(status=401),
    "no room, and a long wait is asked for": Turn(status=429, headers={"retry-after": "3600"}),
    "the model is not known": Turn(status=404),
}


@pytest.mark.parametrize("turn", CANNOT.values(), ids=CANNOT)
def test_the_next_model_answers_when_the_first_cannot(tmp_path: Path, call: Call, turn: Turn) -> None:
    """`fallback_models` of the settings; each model is asked once, and the record names the answer that counted."""
    with scripted_provider(turn) as first, scripted_provider(Turn("from the second")) as second:
        (tmp_path / "victor.toml").write_text(
            f'model = "{first.url}/v1#first"\nfallback_models = ["{second.url}/v1#second"]'
        )

        answer = call("ask", "What is it?")

    assert answer.text == "from the second"
    assert [request["body"]["model"] for request in first.requests + second.requests] == ["first", "second"]
    assert call("ask", "What is it?", "--replay", "strict").text == "from the second"


def test_names_of_a_flag_come_before_those_of_the_settings(tmp_path: Path, call: Call) -> None:
    """The models of `--model "a | b"` are asked first, then the project's own."""
    refuses = Turn(status=401)
    with scripted_provider(refuses, refuses, Turn("from the third")) as server:
        (tmp_path / "victor.toml").write_text(f'fallback_models = ["{server.url}/v1#third"]')

        answer = call("ask", "What is it?", "--model", f"{server.url}/v1#first | {server.url}/v1#second")

    assert answer.text == "from the third"
    assert [request["body"]["model"] for request in server.requests] == ["first", "second", "third"]


def test_where_no_model_can_answer_the_run_says_so_and_can_be_resumed(
    tmp_path: Path, session: Session, call: Call
) -> None:
    """The error names what each of them said, and the run goes on when one of them answers again."""
    refuses = Turn(status=401)
    with scripted_provider(refuses, refuses, Turn("at last")) as server:
        (tmp_path / "victor.toml").write_text(
            f'model = "{server.url}/v1#first"\nfallback_models = ["{server.url}/v1#second"]'
        )

        with pytest.raises(ModelFailed, match="none of the 2 models") as raised:
            call("ask", "What is it?")

        assert "for 'first'" in raised.value.what
        assert "for 'second'" in raised.value.what
        assert session.journal().find("last").status == "stopped"
        assert call("resume", "last").text == "at last"
