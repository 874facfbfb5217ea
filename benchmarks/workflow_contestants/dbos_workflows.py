"""DBOS on SQLite: a durable workflow of steps, as it comes.

`python dbos_workflows.py CASE NUMBER [SIZE]` prints one JSON object.
"""

import asyncio
import sys

from dbos import DBOS
from timing import disk, emit, timed

DBOS(
    config={
        "name": "bench",
        "system_database_url": "sqlite:///bench.db",
        "log_level": "ERROR",
        "run_admin_server": False,
    }
)


@DBOS.step()
def node(n: int) -> int:
    return n + 1


@DBOS.workflow()
def chain(number: int) -> int:
    n = 0
    while n < number:
        n = node(n)
    return n


@DBOS.step()
async def part(n: int) -> int:
    return n


@DBOS.workflow()
async def fan_out(width: int) -> int:
    return sum(await asyncio.gather(*(part(n) for n in range(width))))


def main(case: str, number: int, size: int = 1000) -> None:
    DBOS.launch()
    if case == "chain_disk":
        emit(disk(lambda: timed(lambda: chain(number), number), number))
    elif case == "fan_out_disk":
        emit(disk(lambda: timed(lambda: asyncio.run(fan_out(number)), number), number))
    DBOS.destroy()


main(sys.argv[1], *map(int, sys.argv[2:]))
