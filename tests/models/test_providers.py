"""Providers over real HTTP, through their own client libraries, against a scripted server on loopback."""

from __future__ import annotations

import asyncio

import pytest
from pydantic_ai import Agent

from tests.support.scripted_provider import Turn, scripted_provider
from victor_nb.models import ModelBusy, ModelRefused, ModelUnreachable, resolve
from victor_nb.models.retrying import RetryingModel

PROVIDERS = ("openai", "anthropic")
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


@pytest.fixture(params=PROVIDERS)
def model_at(request, monkeypatch):
    """Builds a model of each provider that talks to a given server."""
    name = request.param

    def build(url, **options):
        monkeypatch.setenv(KEYS[name], "a-key-for-tests")
        monkeypatch.setenv(f"{name.upper()}_BASE_URL", f"{url}/v1" if name == "openai" else url)
        model = resolve(f"{name}:scripted", **options)
        assert isinstance(model, RetryingModel)
        model.retries.first_wait_s = 0.001
        return model

    return build


def ask(model, *, tools=(), streamed=False):
    """The answer of an agent with this model, and the pieces of text in which it came."""

    async def streaming():
        async with Agent(model, tools=tools).run_stream("hello") as result:
            pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
            return await result.get_output(), pieces

    if streamed:
        return asyncio.run(streaming())
    return Agent(model, tools=tools, retries=0).run_sync("hello").output, []


def test_a_whole_answer(model_at):
    """The text arrives, the key is sent, and the request names the model."""
    with scripted_provider(Turn("Hello from the script.")) as provider:
        assert ask(model_at(provider.url))[0] == "Hello from the script."

    sent = provider.requests[0]
    assert sent["body"]["model"] == "scripted"
    assert "a-key-for-tests" in (sent["headers"].get("authorization", "") + sent["headers"].get("x-api-key", ""))


def test_a_streamed_answer_comes_in_pieces(model_at):
    """Text is shown while it is written."""
    with scripted_provider(Turn("Hello from the script.")) as provider:
        text, pieces = ask(model_at(provider.url), streamed=True)

    assert text == "".join(pieces) == "Hello from the script."
    assert len(pieces) > 3


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_calls_with_arguments_in_small_pieces(model_at, streamed):
    """Arguments are put together before the tool is called, and its result goes back."""
    seen = []

    def weather(city: str, days: int) -> str:
        seen.append((city, days))
        return "sunny"

    script = [Turn(calls=(("weather", {"city": "Zürich", "days": 3}),)), Turn("It will be sunny.")]
    with scripted_provider(*script) as provider:
        assert ask(model_at(provider.url), tools=[weather], streamed=streamed)[0] == "It will be sunny."

    assert seen == [("Zürich", 3)]
    assert "sunny" in str(provider.requests[1]["body"])


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_what_may_pass_is_tried_again(model_at, status):
    """An overloaded provider gets another chance, and the person never hears of it."""
    with scripted_provider(Turn(status=status), Turn(status=status), Turn("at last")) as provider:
        assert ask(model_at(provider.url))[0] == "at last"

    assert len(provider.requests) == 3


def test_the_provider_says_how_long_to_wait(model_at):
    """Retry-After is obeyed; a wait that is longer than anybody waits is an error at once."""
    with scripted_provider(Turn(status=429, headers={"retry-after": "0"}), Turn("ok")) as provider:
        assert ask(model_at(provider.url))[0] == "ok"
    late = Turn(status=429, headers={"retry-after": "3600"})
    with scripted_provider(late, Turn("late")) as provider, pytest.raises(ModelBusy, match="no room"):
        ask(model_at(provider.url))
    assert len(provider.requests) == 1


def test_attempts_are_bounded(model_at):
    """A provider that stays broken is an error that says where and what to do, and the run can go on later."""
    told = r"HTTP 500[\s\S]*127\.0\.0\.1[\s\S]*resume"
    with scripted_provider(*[Turn(status=500)] * 10) as provider, pytest.raises(ModelUnreachable, match=told):
        ask(model_at(provider.url))

    assert len(provider.requests) == 4


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refused the key"), (404, "knows no model"), (400, "with an error")]
)
def test_what_will_not_pass_is_not_tried_again(model_at, status, words):
    """A wrong key or name stays wrong."""
    with scripted_provider(*[Turn(status=status)] * 3) as provider, pytest.raises(ModelRefused, match=words):
        ask(model_at(provider.url))

    assert len(provider.requests) == 1


def test_a_cut_connection_is_an_error_of_ours(model_at):
    """A stream that breaks in the middle does not pass for an answer."""
    with (
        scripted_provider(Turn("a long answer that is cut", cut_after=4)) as provider,
        pytest.raises(ModelUnreachable),
    ):
        ask(model_at(provider.url), streamed=True)


def test_a_provider_that_hangs_times_out(model_at):
    """Nobody waits for ever."""
    with (
        scripted_provider(*[Turn(hangs=True)] * 5) as provider,
        pytest.raises(ModelUnreachable, match="no answer from the model"),
    ):
        ask(model_at(provider.url, timeout_s=0.05))


def test_an_answer_that_is_no_json_is_an_error_of_ours(model_at):
    """What cannot be read is said, and resuming tries again."""
    with (
        scripted_provider(*[Turn(raw=b"{not json")] * 5) as provider,
        pytest.raises(ModelUnreachable, match=r"cannot be read|no answer"),
    ):
        ask(model_at(provider.url))


def test_a_server_that_is_not_there(model_at):
    """The address is named, because it is the first thing to check."""
    with pytest.raises(ModelUnreachable, match=r"127\.0\.0\.1:9"):
        ask(model_at("http://127.0.0.1:9"))


def test_any_openai_compatible_url_is_a_model():
    """A server of one's own needs no key and no configuration."""
    with scripted_provider(Turn("from my own server")) as provider:
        assert ask(resolve(f"{provider.url}/v1#mine"))[0] == "from my own server"

    assert provider.requests[0]["body"]["model"] == "mine"


def test_ollama_is_found_by_its_host(monkeypatch):
    """OLLAMA_HOST is read the way Ollama's own tools read it."""
    with scripted_provider(Turn("from ollama")) as provider:
        monkeypatch.setenv("OLLAMA_HOST", provider.url.removeprefix("http://"))
        assert ask(resolve("ollama:llama3.2"))[0] == "from ollama"

    assert provider.requests[0]["body"]["model"] == "llama3.2"


def test_a_fallback_answers_when_the_first_cannot():
    """The next model is asked when the one before gave up."""
    with scripted_provider(Turn(status=401)) as broken, scripted_provider(Turn("the second")) as works:
        model = resolve(f"{broken.url}/v1#a | {works.url}/v1#b")
        assert ask(model)[0] == "the second"
