"""Durable steps a second: a chain of steps that carries 1 KB of state, on disk, ours against the field.

`python benchmarks/durable_steps.py [--steps 10000] [--rounds 5]`. Peers as they come (LangGraph with SqliteSaver) and
as well as they can be set by hand (Burr with WAL and synchronous=NORMAL). Nodes are trivial: all of it is the cost of
the engine.
"""

from __future__ import annotations

import argparse
import sys

from measuring import can_count_syncs, medians, peer, report, run

END = """
import json, os, time
wall, cpu = time.perf_counter(), time.process_time()
work()
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
close()
size = sum(os.path.getsize(name) for name in os.listdir(".") if name.startswith("bench.db"))
print(json.dumps({"steps_per_s": STEPS / wall, "cpu_us_per_step": cpu / STEPS * 1e6, "bytes_per_step": size / STEPS}))
"""
OURS = """
import sys
from victor_nb.journal import open_journal
STEPS = int(sys.argv[1])
journal = open_journal("sqlite:///bench.db")
state = {"payload": "x" * 1000, "n": 0}
def work():
    with journal.start("chain", "bench") as run:
        for number in range(STEPS):
            def node():
                return {"n": state["n"] + 1}
            state.update(run.step_sync("node", node))
def close():
    journal.close()
"""
LANGGRAPH = """
import sys
from typing import TypedDict
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
STEPS = int(sys.argv[1])
class State(TypedDict):
    payload: str
    n: int
graph = StateGraph(State)
graph.add_node("node", lambda state: {"n": state["n"] + 1})
graph.add_edge(START, "node")
graph.add_conditional_edges("node", lambda state: "node" if state["n"] < STEPS else END)
saver = SqliteSaver.from_conn_string("bench.db")
compiled = graph.compile(checkpointer=saver.__enter__())
def work():
    config = {"configurable": {"thread_id": "1"}, "recursion_limit": STEPS + 10}
    compiled.invoke({"payload": "x" * 1000, "n": 0}, config, durability="sync")
def close():
    saver.__exit__(None, None, None)
"""
BURR = """
import sys
from burr.core import ApplicationBuilder, State, action
from burr.core.persistence import SQLitePersister
STEPS = int(sys.argv[1])
@action(reads=["n"], writes=["n"])
def node(state: State) -> State:
    return state.update(n=state["n"] + 1)
persister = SQLitePersister("bench.db", connect_kwargs={"check_same_thread": False})
persister.connection.execute("PRAGMA journal_mode=WAL")
persister.connection.execute("PRAGMA synchronous=NORMAL")
persister.initialize()
application = (
    ApplicationBuilder().with_actions(node).with_transitions(("node", "node")).with_entrypoint("node")
    .with_state(payload="x" * 1000, n=0).with_state_persister(persister).with_identifiers(app_id="a", partition_key="p")
    .build()
)
def work():
    for _ in range(STEPS):
        application.step()
def close():
    persister.connection.close()
"""
DBOS = """
import sys
from dbos import DBOS, DBOSConfig
STEPS = int(sys.argv[1])
settings = DBOSConfig(name="bench", system_database_url="sqlite:///bench.db", log_level="ERROR")
DBOS(config={**settings, "run_admin_server": False})
@DBOS.step()
def node(n):
    return n + 1
@DBOS.workflow()
def chain(steps):
    n = 0
    for _ in range(steps):
        n = node(n)
    return n
DBOS.launch()
def work():
    chain(STEPS)
def close():
    DBOS.destroy()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    contestants = {
        "victor_nb": (sys.executable, OURS),
        "langgraph, SqliteSaver, default": (peer("langgraph", "langgraph", "langgraph-checkpoint-sqlite"), LANGGRAPH),
        "burr, WAL and NORMAL by hand": (peer("burr", "apache-burr"), BURR),
        "dbos, SQLite": (peer("dbos", "dbos"), DBOS),
    }
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
    for _ in range(asked.rounds):
        for name, (python, program) in contestants.items():
            if python and (figures := run(python, program + END, str(asked.steps))):
                taken[name].append(figures)
    result = {name: medians(rounds) if rounds else "did not start" for name, rounds in taken.items()}
    if can_count_syncs():
        for name, (python, program) in contestants.items():
            counted = run(python, program + END, "1000", count_syncs=True) if python and taken[name] else None
            if counted:
                result[name]["syncs_per_step"] = counted["syncs"] / 1000
    ours = result["victor_nb"]
    ratios = {
        name: round(ours["steps_per_s"] / figures["steps_per_s"], 1)
        for name, figures in result.items()
        if isinstance(figures, dict) and name != "victor_nb"
    }
    report(
        "durable_steps", {"steps": asked.steps, "rounds": asked.rounds, "medians": result, "ours_over_theirs": ratios}
    )


if __name__ == "__main__":
    main()
