"""Nodes begin when what they need is done, the longest way first, and never wait for anything else."""

from __future__ import annotations

import asyncio

import pytest

from victor_nb.pipelines.running.scheduling import Workers, in_order_of_need, ways_to_the_end


def test_a_node_begins_when_its_own_needs_are_done_and_waits_for_no_other_branch():
    """There is no barrier: `after_quick` is done although `slow`, which began beside `quick`, is not."""
    slow_may_end, order = asyncio.Event(), []

    async def perform(node: str) -> None:
        if node == "slow":
            await slow_may_end.wait()
        order.append(node)
        if node == "after_quick":
            slow_may_end.set()

    asyncio.run(in_order_of_need({"slow": (), "quick": (), "after_quick": ["quick"], "last": ["slow"]}, perform))

    assert order == ["quick", "after_quick", "slow", "last"]


def test_what_ends_the_run_cancels_everything_else():
    """An error that is no node's own leaves nothing behind that still works."""
    ended = []

    async def perform(node: str) -> None:
        if node == "broken":
            raise OSError("no journal")
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(node)

    with pytest.raises(OSError, match="no journal"):
        asyncio.run(in_order_of_need({"waits": (), "broken": ()}, perform))
    assert ended == ["waits"]


def test_the_way_to_the_end_is_the_longest_chain_after_a_node():
    """What holds up most others goes first; unknown nodes count one second."""
    needs = {"prepare": (), "train": ["prepare"], "plot": ["prepare"], "compare": ["train", "plot"]}

    assert ways_to_the_end(needs, {"train": 60.0, "plot": 2.0}) == {
        "prepare": 62.0,
        "train": 61.0,
        "plot": 3.0,
        "compare": 1.0,
    }


def test_workers_are_never_more_than_said_and_the_most_urgent_is_next():
    """Of those that wait, the one with the highest priority gets the place that becomes free."""
    order: list[str] = []

    async def work(workers: Workers, name: str, priority: float) -> None:
        async with workers.one(priority):
            order.append(name)
            await asyncio.sleep(0)

    async def main() -> None:
        workers = Workers(1)
        waiting = [("first", 0.0), ("short", 1.0), ("long", 9.0), ("short too", 1.0)]
        await asyncio.gather(*(work(workers, name, priority) for name, priority in waiting))

    asyncio.run(main())
    assert order == ["first", "long", "short", "short too"]


def test_a_place_is_not_lost_with_somebody_who_stops_waiting():
    """Cancelled while waiting, or just as the turn came: the next one gets it."""

    async def main() -> None:
        workers = Workers(1)
        held = asyncio.Event()

        async def hold() -> None:
            async with workers.one():
                await held.wait()

        async def use() -> str:
            async with workers.one():
                return "worked"

        holder = asyncio.create_task(hold())
        await asyncio.sleep(0)
        gone, patient = asyncio.create_task(use()), asyncio.create_task(use())
        await asyncio.sleep(0)
        held.set()
        await holder
        gone.cancel()
        assert await patient == "worked"

    asyncio.run(main())
