"""The workflow engine against the field: chains, fan-out, states of 1 KB to 1 MB, long lists, resume and history.

`python benchmarks/workflow_engine.py [--rounds 5] [--only CASE …]`. The programs are in `workflow_contestants/`; their
nodes are trivial, so all of it is the engines' own cost. Peers run as they come, Burr with WAL and synchronous=NORMAL
set by hand, as well as it can be. Contestants take turns; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from measuring import medians, peer, report, run

PROGRAMS = Path(__file__).parent / "workflow_contestants"
TIMING = (PROGRAMS / "timing.py").read_text()


@dataclass(frozen=True)
class Contestant:
    """A program of `workflow_contestants/` and where it runs."""

    name: str
    program: str
    python: str | None

    def measure(self, *arguments: str) -> dict[str, float] | None:
        """Run one case in a new process; None if it fails."""
        if self.python is None:
            return None
        source = (PROGRAMS / f"{self.program}.py").read_text()
        return run(self.python, source, *arguments, beside={"timing.py": TIMING})


OURS = "victor_nb"
CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # the case: its arguments, and who takes part
    "chain in memory": (("chain_memory", "10000"), (OURS, "LangGraph", "Burr", "pydantic-graph", "agent-framework")),
    "chain on disk": (("chain_disk", "10000"), (OURS, "LangGraph", "Burr")),
    "chain on disk, 1,000": (("chain_disk", "1000"), (OURS, "LangGraph", "Burr", "DBOS", "agent-framework")),
    "state of 1 KB": (("chain_disk", "500", "1000"), (OURS, "LangGraph", "Burr")),
    "state of 100 KB": (("chain_disk", "500", "100000"), (OURS, "LangGraph", "Burr")),
    "state of 1 MB": (("chain_disk", "500", "1000000"), (OURS, "LangGraph", "Burr")),
    "2,000 messages": (("messages", "2000"), (OURS, "LangGraph")),
    "2,000 messages, DeltaChannel": (("messages_delta", "2000"), ("LangGraph",)),
    "1,000 messages": (("messages", "1000"), (OURS, "Burr")),
    "fan-out of 1,000 in memory": (("fan_out_memory", "1000"), (OURS, "LangGraph", "pydantic-graph")),
    "fan-out of 1,000 on disk": (("fan_out_disk", "1000"), (OURS, "LangGraph", "DBOS")),
    "killed at 9,000 of 10,000": (("resume", "10000"), (OURS, "LangGraph")),
}


def field() -> dict[str, Contestant]:
    """Everybody, with the interpreters in which they are installed."""
    langgraph = peer("langgraph", "langgraph", "langgraph-checkpoint-sqlite")
    return {
        one.name: one
        for one in (
            Contestant(OURS, "ours", sys.executable),
            Contestant("LangGraph", "langgraph_graphs", langgraph),
            Contestant("Burr", "burr_applications", peer("burr", "apache-burr")),
            Contestant("DBOS", "dbos_workflows", peer("dbos", "dbos")),
            Contestant("pydantic-graph", "pydantic_graphs", peer("pydantic-graph", "pydantic-graph")),
            Contestant("agent-framework", "agent_framework_workflows", peer("agent-framework", "agent-framework-core")),
        )
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="cases whose names hold one of these words")
    options = parser.parse_args()
    everybody = field()
    chosen = {name: case for name, case in CASES.items() if not options.only or any(o in name for o in options.only)}
    result = {}
    for case, (arguments, names) in chosen.items():
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for _ in range(options.rounds):
            for name in names:
                if figures := everybody[name].measure(*arguments):
                    taken[name].append(figures)
        result[case] = {name: medians(rounds) for name, rounds in taken.items() if rounds}
        print(case, result[case], file=sys.stderr)
    report("workflow_engine", {"rounds": options.rounds, "cases": result})


if __name__ == "__main__":
    main()
