"""What durability adds to a model or tool call: our agent over bare pydantic-ai with the same scripted model.

`python benchmarks/agent_overhead.py [--rounds 7]`: ten turns of one tool call each and an answer, in fresh processes,
in turn; CPU microseconds a call (21 calls a conversation), medians, and the difference.
"""

from __future__ import annotations

import argparse
import sys

from measuring import medians, report, run

COMMON = """
import json, time
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
TURNS, REPEATS = 10, 12
def answer(messages, info):
    done = sum(isinstance(message, ModelResponse) for message in messages)
    return ModelResponse(parts=[ToolCallPart("add", {"a": done, "b": 1}) if done < TURNS else TextPart("done")])
def measured(ask):
    ask()
    cpu = time.process_time()
    for _ in range(REPEATS):
        ask()
    print(json.dumps({"cpu_us_per_call": (time.process_time() - cpu) / REPEATS / (2 * TURNS + 1) * 1e6}))
"""
BARE = """
from pydantic_ai import Agent
agent = Agent(FunctionModel(answer))
@agent.tool_plain
async def add(a: int, b: int) -> int:
    return a + b
measured(lambda: agent.run_sync("go"))
"""
OURS = """
from victor_nb import Agent, open_journal, tool
@tool(effect="pure")
async def add(a: int, b: int) -> int:
    return a + b
journal = open_journal(URL)
agent = Agent(name="bench", model=FunctionModel(answer), tools=[add])
measured(lambda: agent.run_sync("go", journal=journal))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    contestants = {
        "bare pydantic-ai": COMMON + BARE,
        "victor_nb, memory": COMMON + OURS.replace("URL", "'memory:'"),
        "victor_nb, SQLite": COMMON + OURS.replace("URL", "'sqlite:///bench.db'"),
    }
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, program in contestants.items():
            if figures := run(sys.executable, program):
                taken[name].append(figures)
    result = {name: medians(figures)["cpu_us_per_call"] for name, figures in taken.items()}
    bare = result["bare pydantic-ai"]
    added = {name: round(cost - bare, 1) for name, cost in result.items() if name != "bare pydantic-ai"}
    report("agent_overhead", {"rounds": rounds, "cpu_us_per_call": result, "added_us_per_call": added})


if __name__ == "__main__":
    main()
