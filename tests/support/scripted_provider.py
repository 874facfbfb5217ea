"""A provider on loopback that answers by script, over real HTTP, and remembers what it was asked.

It speaks OpenAI's chat completions and embeddings and Anthropic's messages, whole and streamed. Each request takes the
next `Turn`; a turn is an answer or a way of failing.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@dataclass(frozen=True)
class Turn:
    """What the provider does with one request.

    Attributes:
        calls: tool calls as (name, arguments).
        status: an HTTP status other than 200 makes it an error.
        cut_after: end the connection after so many pieces of a stream.
        raw: send these bytes instead of an answer.
        hangs: never answer.
    """

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    raw: bytes | None = None
    hangs: bool = False


class ScriptedProvider:
    """The running server: its address, its script, and the requests that it got."""

    def __init__(self, turns: list[Turn]) -> None:
        self.turns, self.requests, self.url = list(turns), [], ""

    async def answer(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.requests.append({"path": request.url.path, "headers": dict(request.headers), "body": body})
        turn = self.turns.pop(0) if self.turns else Turn("the script is over")
        if turn.hangs:
            await asyncio.Event().wait()
        if turn.status != 200:
            error = {"error": {"type": "scripted", "message": "as the script says"}}
            return JSONResponse(error, turn.status, headers=turn.headers)
        if turn.raw is not None:
            return Response(turn.raw, media_type="application/json")
        if request.url.path.endswith("/embeddings"):
            return JSONResponse(_embeddings(body["input"]))
        speak = _anthropic if request.url.path.endswith("/messages") else _openai
        whole, pieces = speak(turn)
        if not body.get("stream"):
            return JSONResponse(whole)
        return StreamingResponse(_cut(pieces, turn.cut_after), media_type="text/event-stream")


async def _cut(pieces: list[str], after: int | None) -> AsyncIterator[str]:
    for place, piece in enumerate(pieces):
        if after is not None and place >= after:
            raise ConnectionResetError("cut, as the script says")
        yield piece


def _small(text: str) -> list[str]:
    """Pieces of four characters, as if tokens."""
    return [text[start : start + 4] for start in range(0, len(text), 4)]


def _openai(turn: Turn) -> tuple[dict[str, Any], list[str]]:
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for n, (name, arguments) in enumerate(turn.calls)
    ]
    reason = "tool_calls" if calls else "stop"
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    common = {"id": "c1", "created": 1, "model": "scripted"}
    message = {"role": "assistant", "content": turn.text or None, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "finish_reason": reason, "message": message}
    whole = {**common, "object": "chat.completion", "choices": [choice], "usage": usage}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in _small(turn.text)]
    for n, call in enumerate(calls):
        head = {"index": n, "id": call["id"], "type": "function", "function": {"name": call["function"]["name"]}}
        deltas.append({"tool_calls": [head]})
        pieces = _small(call["function"]["arguments"])
        deltas += [{"tool_calls": [{"index": n, "function": {"arguments": piece}}]} for piece in pieces]
    chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    chunks.append({"choices": [], "usage": usage})
    lines = [f"data: {json.dumps({**common, 'object': 'chat.completion.chunk', **chunk})}\n\n" for chunk in chunks]
    return whole, [*lines, "data: [DONE]\n\n"]


def _anthropic(turn: Turn) -> tuple[dict[str, Any], list[str]]:
    blocks: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text else []
    blocks += [
        {"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": arguments}
        for n, (name, arguments) in enumerate(turn.calls)
    ]
    reason = "tool_use" if turn.calls else "end_turn"
    head = {"id": "m1", "type": "message", "role": "assistant", "model": "scripted", "stop_sequence": None}
    usage = {"input_tokens": 11, "output_tokens": 7}
    whole = {**head, "content": blocks, "stop_reason": reason, "usage": usage}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**head, "content": [], "stop_reason": None, "usage": usage}}
    ]
    for n, block in enumerate(blocks):
        if block["type"] == "text":
            empty, key, text, kind = {**block, "text": ""}, "text", block["text"], "text_delta"
        else:
            empty, key, text, kind = (
                {**block, "input": {}},
                "partial_json",
                json.dumps(block["input"]),
                "input_json_delta",
            )
        events.append({"type": "content_block_start", "index": n, "content_block": empty})
        events += [
            {"type": "content_block_delta", "index": n, "delta": {"type": kind, key: piece}} for piece in _small(text)
        ]
        events.append({"type": "content_block_stop", "index": n})
    events.append({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage})
    events.append({"type": "message_stop"})
    return whole, [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


def _embeddings(texts: list[str]) -> dict[str, Any]:
    """A vector of three numbers a text: its length, its vowels, one."""
    vectors = [[float(len(text)), float(sum(text.count(vowel) for vowel in "aeiou")), 1.0] for text in texts]
    data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    return {"object": "list", "model": "scripted", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}


@contextmanager
def scripted_provider(*turns: Turn) -> Iterator[ScriptedProvider]:
    """Run a provider on a free port of the loopback interface while the block lasts."""
    provider = ScriptedProvider(list(turns))
    paths = ("/v1/chat/completions", "/v1/messages", "/v1/embeddings")
    app = Starlette(routes=[Route(path, provider.answer, methods=["POST"]) for path in paths])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    provider.url = f"http://127.0.0.1:{port}"
    try:
        yield provider
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
