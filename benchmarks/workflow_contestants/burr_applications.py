"""Burr: an application with one action, in memory or with its SQLite persister, WAL and synchronous=NORMAL by hand.

`python burr_applications.py CASE NUMBER [SIZE]` prints one JSON object.
"""

import sys
from collections.abc import Callable

from burr.core import Application, ApplicationBuilder, State, action
from burr.core.persistence import SQLitePersister
from timing import disk, emit, timed


@action(reads=["n"], writes=["n"])
def node(state: State) -> State:
    return state.update(n=state["n"] + 1)


@action(reads=["messages"], writes=["messages"])
def talk(state: State) -> State:
    return state.append(messages="x" * 500)


def persister() -> SQLitePersister:
    made = SQLitePersister("bench.db", connect_kwargs={"check_same_thread": False})
    made.connection.execute("PRAGMA journal_mode=WAL")
    made.connection.execute("PRAGMA synchronous=NORMAL")
    made.initialize()
    return made


def application(the_action: Callable[[State], State], *, on_disk: bool, **state: object) -> Application:
    builder = ApplicationBuilder().with_actions(node=the_action).with_transitions(("node", "node"))
    builder = builder.with_entrypoint("node").with_state(**state)
    if on_disk:
        builder = builder.with_state_persister(persister()).with_identifiers(app_id="a", partition_key="p")
    return builder.build()


def steps(app: Application, number: int) -> Callable[[], None]:
    def work() -> None:
        for _ in range(number):
            app.step()

    return work


def main(case: str, number: int, size: int = 1000) -> None:
    on_disk = case != "chain_memory"
    if case == "messages":
        app = application(talk, on_disk=True, messages=[])
    else:
        app = application(node, on_disk=on_disk, payload="x" * size, n=0)
    emit(disk(lambda: timed(steps(app, number), number), number) if on_disk else timed(steps(app, number), number))


main(sys.argv[1], *map(int, sys.argv[2:]))
