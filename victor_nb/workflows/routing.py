"""Where a node leads, asked without running it: for edits that are made in a node's name."""

from __future__ import annotations

from typing import Any

from victor_nb.errors import UsageError
from victor_nb.workflows.answers import dues_of, read_route
from victor_nb.workflows.plan import Plan
from victor_nb.workflows.position import Due, Position, applied


async def due_after(plan: Plan, node: str, position: Position, update: dict[str, Any]) -> list[Due]:
    """Return what is due once `node` has written `update`, its routes included.

    Raises:
        InvalidUpdate: a route leads nowhere.
        UsageError: a route wants more than the state.
    """
    due = dues_of(plan, plan.rules.after[node], f"node {node!r}")
    left = plan.schema.view(applied(plan.rules, position.values, [update], node))
    for route in plan.routes.get(node, ()):
        if route.wants:
            raise UsageError(
                f"the route after {node!r} wants {', '.join(route.wants)}, and nothing runs here",
                hint="edit in the name of a node that is followed by plain edges, or without as_node",
            )
        decided = route.decide(left)
        due += read_route(plan, node, route, await decided if route.is_async else decided)
    return due
