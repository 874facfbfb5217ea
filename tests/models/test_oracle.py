"""The same providers against a mock server that we did not write: our own script could share our misunderstandings."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_ai import Agent

from tests.support.require import absent, require
from victor_nb.models import ModelBusy, resolve
from victor_nb.models.retrying import RetryingModel

PACKAGE = "@copilotkit/aimock@1.43.0"
SERVER = """
import { LLMock } from "@copilotkit/aimock";
const mock = new LLMock({ port: 0 });
mock.onMessage("hello", { content: "Hi there!" });
mock.onToolResult("call_w", { content: "It is sunny." });
mock.onMessage("weather", { toolCalls: [{ id: "call_w", name: "weather", arguments: '{"city":"Bern"}' }] });
mock.onMessage("busy", { error: { message: "slow down", type: "rate_limit_error" }, status: 429 });
await mock.start();
console.log(mock.url);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
"""


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running mock server's address."""
    node, npm = require("node"), require("npm")
    folder = tmp_path_factory.mktemp("oracle")
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
    if subprocess.run(install, capture_output=True).returncode:
        absent(f"{PACKAGE} cannot be installed")
    script: Path = folder / "server.mjs"
    script.write_text(SERVER)
    with subprocess.Popen(
        [node, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder, env=dict(os.environ)
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        yield child.stdout.readline().strip()
        child.stdin.close()


@pytest.fixture(params=["openai", "anthropic"])
def model(request: pytest.FixtureRequest, oracle: str, monkeypatch: pytest.MonkeyPatch) -> RetryingModel:
    """A model of each provider that talks to the oracle."""
    name = request.param
    monkeypatch.setenv(f"{name.upper()}_API_KEY", "a-key-for-tests")
    monkeypatch.setenv(f"{name.upper()}_BASE_URL", f"{oracle}/v1" if name == "openai" else oracle)
    found = resolve(f"{name}:oracle")
    assert isinstance(found, RetryingModel)
    found.retries.first_wait_s = 0.001
    return found


def test_it_answers(model: RetryingModel) -> None:
    """A plain question gets its answer."""
    assert Agent(model).run_sync("hello").output == "Hi there!"


def test_it_streams(model: RetryingModel) -> None:
    """The same answer in pieces."""

    async def streamed() -> list[str]:
        async with Agent(model).run_stream("hello") as result:
            return [piece async for piece in result.stream_text(delta=True, debounce_by=None)]

    assert "".join(asyncio.run(streamed())) == "Hi there!"


def test_its_tool_calls_are_made(model: RetryingModel) -> None:
    """A call comes, its result goes back, the answer follows."""
    asked = []

    def weather(city: str) -> str:
        asked.append(city)
        return "sunny"

    assert Agent(model, tools=[weather]).run_sync("weather in Bern?").output == "It is sunny."
    assert asked == ["Bern"]


def test_a_rate_limit_becomes_our_error(model: RetryingModel) -> None:
    """After the last attempt the person is told to wait."""
    with pytest.raises(ModelBusy, match="no room"):
        Agent(model).run_sync("busy")
