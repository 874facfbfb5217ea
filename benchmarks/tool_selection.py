"""Tool selection: are the right tools among those that the model is shown, and what does choosing cost.

`python benchmarks/tool_selection.py [--rounds 5]`

312 requests, three for each of 104 tools, are in `tool_requests.txt`; they were written down before the selector was
tuned. 104 more, two for each of 52 other tools, are in `tool_requests_unseen.txt`; nothing was tuned on them. The
selector's weights were chosen on 150 requests for 50 tools of other trades, `tool_requests_weights.txt`, and on
questions of CoSQA. The rest of a catalogue is an office's tools, made of systems, things and actions.

"Taught" is the third of the requests for each tool that the learner has not seen, after it has seen the other two, in
turn. Latencies are wall time of single calls that no cache answers, the best of the rounds for each request. Tokens
are counted as characters / 4 of the definitions.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
from pathlib import Path

from measuring import report

from victor_nb.retrieval.selecting.learning import Outcome, ToolLearner
from victor_nb.retrieval.selecting.selection import ToolSelector, context_of
from victor_nb.tools import Tool, tool

TUNED = Path(__file__).parent / "tool_requests.txt"
UNSEEN = Path(__file__).parent / "tool_requests_unseen.txt"
WEIGHTS = Path(__file__).parent / "tool_requests_weights.txt"
SIZES = (104, 500, 2_000)
SYSTEMS = ("crm", "erp", "helpdesk", "warehouse", "payroll", "shop", "newsroom", "clinic", "fleet", "campus")
THINGS = (
    *("customer", "contract", "invoice", "supplier", "shipment", "refund", "voucher", "campaign", "subscription"),
    *("employee", "timesheet", "vacation", "candidate", "asset", "licence", "inspection", "complaint", "warranty"),
    *("delivery", "budget"),
)
ACTIONS = {
    "create": "Create a new {thing} in the {system}.",
    "update": "Change fields of a {thing} in the {system}.",
    "approve": "Approve a pending {thing} of the {system}.",
    "cancel": "Cancel a {thing} in the {system}.",
    "export": "Export every {thing} of the {system} for a period.",
    "assign": "Assign a {thing} of the {system} to somebody.",
    "archive": "Move a {thing} that is over to the archive of the {system}.",
    "find": "Find a {thing} in the {system} by number or name.",
    "comment": "Add a comment to a {thing} of the {system}.",
    "audit": "Show who changed a {thing} in the {system}, and when.",
}


def wanted(file: Path = TUNED) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the tools with their descriptions, and the requests with the tool that each needs."""
    tools: dict[str, str] = {}
    requests = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            requests.append((line.strip(), next(reversed(tools))))
        elif line and not line.startswith("#"):
            name, _, description = line.partition(" | ")
            tools[name] = description
    return tools, requests


def catalogue(size: int, file: Path = TUNED) -> list[Tool]:
    """Return so many tools, those that are needed among them, in an order that chance chose once."""
    described = wanted(file)[0]
    others = list(itertools.product(SYSTEMS, ACTIONS, THINGS))
    random.Random(7).shuffle(others)
    for system, action, thing in others[: size - len(described)]:
        described[f"{system}_{action}_{thing}"] = ACTIONS[action].format(system=system, thing=thing)
    names = sorted(described)
    random.Random(8).shuffle(names)
    return [declared(name, described[name]) for name in names]


def declared(name: str, description: str) -> Tool:
    """Return a tool of that name that does nothing."""

    def call(target: str) -> str:
        return target

    call.__doc__ = description
    return tool(name=name, effect="read")(call)


def measured(size: int, rounds: int) -> dict[str, float]:
    """Recall, latency and tokens saved for one size of catalogue."""
    tools, requests = catalogue(size), wanted()[1]
    start = time.perf_counter()
    selector = ToolSelector(tools)
    built = time.perf_counter() - start
    fastest = [1e9] * len(requests)
    for _ in range(rounds):
        for place, (request, _) in enumerate(requests):
            start = time.perf_counter()
            selector.ranked(request)
            fastest[place] = min(fastest[place], time.perf_counter() - start)
    fastest.sort()
    whole, part = sum(map(tokens, tools)), sum(sorted(map(tokens, tools))[-10:])
    return {
        **recalls("", selector, requests),
        **recalls("unseen_", ToolSelector(catalogue(size, UNSEEN)), wanted(UNSEEN)[1]),
        **recalls("weights_", ToolSelector(catalogue(size, WEIGHTS)), wanted(WEIGHTS)[1]),
        **taught(tools, requests),
        "p50_us": round(fastest[len(fastest) // 2] * 1e6, 1),
        "p99_us": round(fastest[int(len(fastest) * 0.99)] * 1e6, 1),
        "exact_us": round(exact(selector, tools, rounds) * 1e6, 2),
        "build_ms": round(built * 1e3, 1),
        "tokens_saved": round(1 - part / whole, 4),
    }


def recalls(name: str, selector: ToolSelector, requests: list[tuple[str, str]]) -> dict[str, float]:
    """The part of the requests whose tool is among the first five and ten."""
    places = [[name for name, _ in selector.ranked(request)] for request, _ in requests]
    found = {k: sum(need in among[:k] for among, (_, need) in zip(places, requests, strict=True)) for k in (5, 10)}
    return {f"{name}recall_at_{k}": round(hits / len(requests), 4) for k, hits in found.items()}


def taught(tools: list[Tool], requests: list[tuple[str, str]]) -> dict[str, float]:
    """Recall for requests that the learner has not seen, after two others for each tool."""
    parts = []
    for left_out in range(3):
        learner = ToolLearner(context_of)
        selector = ToolSelector(tools, learner=learner)
        for place, (request, need) in enumerate(requests):
            if place % 3 != left_out:
                offered = {name for name, _ in selector.ranked(request)[:10]} | {need}
                learner.learn(Outcome(f"run-{place}", request, tuple(sorted(offered)), (need,)))
        parts.append(recalls("taught_", selector, requests[left_out::3]))
    return {name: round(sum(part[name] for part in parts) / 3, 4) for name in parts[0]}


def exact(selector: ToolSelector, tools: list[Tool], rounds: int) -> float:
    """Seconds in which a tool is found by its name, the median over the tools."""
    taken = []
    for one in tools * rounds:
        start = time.perf_counter()
        selector.select(one.name)
        taken.append(time.perf_counter() - start)
    return sorted(taken)[len(taken) // 2]


def tokens(one: Tool) -> int:
    """About how many tokens a definition takes."""
    return len(json.dumps([one.name, one.description, one.parameters])) // 4


def cached(size: int) -> dict[str, float]:
    """The hit rate over 1,000 turns: sessions of one to six turns on a request, requests as often as Zipf says."""
    selector, requests, chance = ToolSelector(catalogue(size)), wanted()[1], random.Random(9)
    weights = [1 / (place + 1) for place in range(len(requests))]
    turns: list[str] = []
    while len(turns) < 1_000:
        turns += [chance.choices(requests, weights)[0][0]] * chance.randint(1, 6)
    for turn in turns[:1_000]:
        selector.select(turn)
    return {"hit_rate": round(selector.stats().hit_rate, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    report("tool_selection", {str(size): measured(size, rounds) for size in SIZES} | {"cache": cached(500)})


if __name__ == "__main__":
    main()
